"""Whose call is a drill: by its own word, by its credentials, or by the line it came in on, whoever tells of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from siaga_intake.adapters.sources import centre
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door
from siaga_intake.core.events import Accepted
from siaga_tenants import Source, load_tenants
from siaga_tenants.model import Tenants

HANGUP = {"Event": "Hangup", "Uniqueid": "1710123330.41", "Cause": "16", "Timestamp": "1710123346.0"}
FORM = {"source": "asterisk/latihan", "call_ref": "1710123330.41", "disposition": "emergency"}


def told(door: Door, payload: dict[str, Any], origin: Origin) -> set[bool]:
    taken = doors.take(door, payload, origin)
    assert isinstance(taken, Accepted)
    return {event.test for event in taken.events}


@pytest.fixture
def origin_with_line(origin: Origin) -> Origin:
    known = replace(
        origin.centre, instances={**origin.centre.instances, "asterisk": ("pbx1", "latihan")}, drills=frozenset({"asterisk/latihan"})
    )  # fmt: skip
    return replace(origin, centre=known)


def test_a_form_about_a_drill_line_is_a_drill(origin_with_line: Origin, door: Callable[[str], Door]) -> None:
    assert told(door("form"), FORM, origin_with_line) == {True}
    assert told(door("form"), {**FORM, "source": "asterisk/pbx1"}, origin_with_line) == {False}
    assert told(door("form"), {**FORM, "source": "asterisk/pbx1", "test": True}, origin_with_line) == {True}


def test_a_drill_line_that_a_header_names_is_one(origin_with_line: Origin, door: Callable[[str], Door]) -> None:
    assert told(door("asterisk"), HANGUP, replace(origin_with_line, named="latihan")) == {True}
    assert told(door("asterisk"), HANGUP, replace(origin_with_line, named="pbx1")) == {False}


def test_canonical_events_about_a_drill_line_are_drills(origin_with_line: Origin, door: Callable[[str], Door]) -> None:
    event = {
        "specversion": "1.0", "type": "id.siaga112.call.ended", "id": "1", "source": "intake/asterisk/latihan", "time": "1710123346",
        "data": {"switch": {"kind": "asterisk", "call_ref": "1710123330.41"}},
    }  # fmt: skip
    assert told(door("events"), event, origin_with_line) == {True}
    assert told(door("events"), {**event, "source": "intake/asterisk/pbx1"}, origin_with_line) == {False}


def test_drill_lines_come_from_the_tenants_sources(tenants: Tenants) -> None:
    found = centre(tenants["36.73"], (Source("asterisk", "pbx1"), Source("asterisk", "latihan", test=True)))
    assert found.drills == {"asterisk/latihan"}


@pytest.fixture(scope="module")
def tenants() -> Tenants:
    return load_tenants(Path(__file__).parents[3] / "tenants")
