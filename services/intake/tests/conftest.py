"""What intake's tests share: a centre, its origin, and the short way from a payload to what was understood."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import Door, Taken
from siaga_intake.core.events import Accepted, CallEvent

# 2024-03-11T02:20:00Z, some minutes after the calls of the fixtures.
ARRIVED_MS = 1_710_123_600_000
CENTRE = Centre(
    "36.73",
    {"asterisk": ("pbx1",), "freeswitch": ("fs1",), "kamailio": ("edge1",), "app": ("app1",), "form": ("console",)},
    frozenset({"op03"}),
)

Take = Callable[[str, Any], Taken]
Told = Callable[[str, Any], list[tuple[str, int]]]


@pytest.fixture
def origin() -> Origin:
    return Origin(CENTRE, ARRIVED_MS, ARRIVED_MS, b"secret of the tests")


@pytest.fixture
def door() -> Callable[[str], Door]:
    return {each.kind: each for each in doors.DOORS}.__getitem__


@pytest.fixture
def take(door: Callable[[str], Door], origin: Origin) -> Take:
    """What a payload comes to, at a door."""
    return lambda name, payload: doors.take(door(name), payload, origin)


@pytest.fixture
def events(take: Take) -> Callable[[str, Any], tuple[CallEvent, ...]]:
    """The events of a payload that must be accepted."""

    def accepted(name: str, payload: Any) -> tuple[CallEvent, ...]:
        taken = take(name, payload)
        assert isinstance(taken, Accepted), taken
        return taken.events

    return accepted


@pytest.fixture
def told(events: Callable[[str, Any], tuple[CallEvent, ...]]) -> Told:
    """Kind and time of each event of a payload that must be accepted."""
    return lambda name, payload: [(event.kind.name, event.event_at_ms) for event in events(name, payload)]
