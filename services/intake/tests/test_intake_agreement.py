"""The same scenario through each adapter: the same timeline, caller and ending; sent again and shuffled, the same events.

The scenarios are data: a folder each, with what every adapter is given as JSON Lines, and `expected.json`. What an adapter
cannot see stands there as `unseen`, what it sees otherwise as `differs`; everything else has to agree.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import plain
from siaga_intake.core.doors import Door
from siaga_intake.core.events import Accepted, CallEvent, Kind, LeftReason, Refusal

SCENARIOS: Final = Path(__file__).parent / "data" / "scenarios"
ARRIVED_MS: Final = 1_768_462_000_000
ADAPTERS: Final[Mapping[str, Door]] = {
    "asterisk_ami": doors.SWITCH_DOORS["asterisk"],
    "asterisk_ari": doors.SWITCH_DOORS["asterisk"],
    "freeswitch_cdr": doors.SWITCH_DOORS["freeswitch"],
    "freeswitch_esl": doors.SWITCH_DOORS["freeswitch"],
    "kamailio": doors.SWITCH_DOORS["kamailio"],
    "cloudevents": doors.CALL_EVENTS,
}
SOURCES: Final = {
    "asterisk_ami": "asterisk/pbx1", "asterisk_ari": "asterisk/pbx1", "freeswitch_cdr": "freeswitch/fs1",
    "freeswitch_esl": "freeswitch/fs1", "kamailio": "kamailio/edge1", "cloudevents": "events/events1",
}  # fmt: skip
# Of these the latest holds, as in the fold; of all others the earliest. When a key was pressed is told by `digits`.
LATEST: Final = frozenset({Kind.TALK_ENDED, Kind.ENDED})
NO_STATION: Final = frozenset({Kind.IVR_INPUT, Kind.SIP_ANSWERED})
CASES: Final = [
    (folder.name, adapter)
    for folder in sorted(path.parent for path in SCENARIOS.glob("*/expected.json"))
    for adapter in ADAPTERS
]


def expected(scenario: str, adapter: str) -> dict[str, Any]:
    """What is to be found through this adapter."""
    told: dict[str, Any] = json.loads((SCENARIOS / scenario / "expected.json").read_text(encoding="utf-8"))
    del told["outcome"]
    unseen, differs = told.pop("unseen").get(adapter, ()), told.pop("differs").get(adapter, {})
    told["timeline"] = {kind: at_ms for kind, at_ms in told["timeline"].items() if kind not in unseen}
    told["operator"] = plain(told["operator"])
    return {name: "" if name in unseen else value for name, value in {**told, **differs}.items()}


def payloads(scenario: str, adapter: str) -> list[dict[str, Any]]:
    lines = (SCENARIOS / scenario / f"{adapter}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def here(origin: Origin) -> Origin:
    instances = {**origin.centre.instances, "events": ("events1",)}
    centre = replace(origin.centre, operators=frozenset({"op03", "op04"}), instances=instances)
    return replace(origin, centre=centre, arrived_at_ms=ARRIVED_MS, received_at_ms=ARRIVED_MS)


def told(adapter: str, given: Sequence[dict[str, Any]], here: Origin) -> list[CallEvent]:
    events: list[CallEvent] = []
    for payload in given:
        taken = doors.take(ADAPTERS[adapter], payload, here)
        assert not isinstance(taken, Refusal), (taken, payload)
        if isinstance(taken, Accepted):
            assert taken.defects == ()
            events += taken.events
    return events


def seen(events: Sequence[CallEvent]) -> dict[str, Any]:
    """The call as these events tell it, whatever their order."""
    times: dict[Kind, list[int]] = {}
    for event in events:
        times.setdefault(event.kind, []).append(event.event_at_ms)
    pressed = sorted(
        (event.event_at_ms, event.digits) for event in {each.event_id: each for each in events}.values() if event.digits
    )
    answered = sorted(
        (event.event_at_ms, event.operator) for event in events if event.kind is Kind.ANSWERED and event.operator
    )
    return {
        "timeline": {
            kind.name: max(found) if kind in LATEST else min(found)
            for kind, found in times.items()
            if kind not in NO_STATION
        },
        "caller": _only((event.caller.number, event.caller.trust.name) for event in events if event.caller),
        "called": _only(event.called for event in events if event.called),
        "digits": "".join(digits for _, digits in pressed),
        "left": _only(event.queue.left.name for event in events if event.queue and event.queue.left),
        "queue": _only(event.queue.name for event in events if event.queue and event.queue.name),
        "operator": plain(answered[0][1]) if answered else "",
        "ended_by": _only(event.hangup.by.name for event in events if event.kind is Kind.ENDED and event.hangup),
    }  # fmt: skip


def _only(values: Any) -> Any:
    """The one value, if all agree."""
    found = set(values)
    assert len(found) <= 1, found
    value = next(iter(found), "")
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(("scenario", "adapter"), CASES)
def test_the_same_call_through_every_adapter(scenario: str, adapter: str, here: Origin) -> None:
    events = told(adapter, payloads(scenario, adapter), here)
    wanted, found = expected(scenario, adapter), seen(events)
    if wanted["left"] == LeftReason.CALLER_LEFT.name and not found["left"]:
        # Asterisk has one event for callers who left and for queues that gave up; only the latter say why as well.
        wanted["left"] = ""
    assert found == wanted
    assert {event.source for event in events} == {SOURCES[adapter]}
    assert len({event.call_id for event in events}) == 1


@pytest.mark.parametrize(("scenario", "adapter"), CASES)
def test_sent_thrice_and_shuffled_it_is_the_same_call(scenario: str, adapter: str, here: Origin) -> None:
    given = payloads(scenario, adapter)
    once = {event.event_id: event for event in told(adapter, given, here)}
    for seed in range(3):
        mixed = [*given, *given, *given]
        random.Random(seed).shuffle(mixed)
        events = told(adapter, mixed, replace(here, received_at_ms=ARRIVED_MS + seed))
        assert {event.event_id: replace(event, received_at_ms=ARRIVED_MS) for event in events} == once
        assert seen(events) == seen(list(once.values()))


@pytest.mark.parametrize("scenario", sorted({scenario for scenario, _ in CASES}))
def test_what_is_excused_is_needed(scenario: str) -> None:
    """An excuse for an adapter that sees all of it would hide the next fault."""
    told = json.loads((SCENARIOS / scenario / "expected.json").read_text(encoding="utf-8"))
    assert {*told["unseen"], *told["differs"]} <= ADAPTERS.keys()
    for adapter, differs in told["differs"].items():
        assert all(told[name] != value for name, value in differs.items()), adapter
