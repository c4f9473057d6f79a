"""The same scenario on any switch is judged the same: through intake's reader, over the wire, into the classifier's verdict."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from siaga.v1 import call_pb2
from siaga_classifier.adapters.codec import event_of
from siaga_classifier.core.fold import fold
from siaga_classifier.core.outcome import CallerHistory, facts_of, judge
from siaga_intake.adapters import codec
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.core.events import Accepted

SCENARIOS: Final = Path(__file__).parents[2] / "services" / "intake" / "tests" / "data" / "scenarios"
ADAPTERS: Final = {
    "asterisk_ami": doors.SWITCH_DOORS["asterisk"],
    "asterisk_ari": doors.SWITCH_DOORS["asterisk"],
    "freeswitch_cdr": doors.SWITCH_DOORS["freeswitch"],
    "freeswitch_esl": doors.SWITCH_DOORS["freeswitch"],
    "kamailio": doors.SWITCH_DOORS["kamailio"],
    "cloudevents": doors.CALL_EVENTS,
}
ARRIVED_MS: Final = 1_768_462_000_000
CENTRE: Final = Centre("36.73", {"asterisk": ("pbx1",), "freeswitch": ("fs1",)}, frozenset({"op03", "op04"}))
ORIGIN: Final = Origin(CENTRE, ARRIVED_MS, ARRIVED_MS, b"secret")
# The number has called before, so that its call in the menu is not excused as a first one.
BEFORE: Final = CallerHistory(first_ring_ms=1_700_000_000_000, first_call_id="an earlier call")


def _cases() -> list[tuple[str, str, str]]:
    """Each scenario by each adapter that sees what its outcome hangs on."""
    cases = []
    for folder in sorted(path.parent for path in SCENARIOS.glob("*/expected.json")):
        told = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        for adapter in ADAPTERS:
            blind = set(told["unseen"].get(adapter, ())) - {"TALK_ENDED"}
            # Kamailio sees no menu and no queue; a record that is made at the end has heard nobody talk.
            if not blind or (adapter == "asterisk_ari" and blind == {"QUEUE_LEFT"}):
                cases.append((folder.name, adapter, told["outcome"]))
    return cases


@pytest.mark.parametrize(("scenario", "adapter", "outcome"), _cases())
def test_the_same_verdict_whatever_the_switch(scenario: str, adapter: str, outcome: str) -> None:
    lines = (SCENARIOS / scenario / f"{adapter}.jsonl").read_text(encoding="utf-8").splitlines()
    events = [_over_the_wire(event) for line in lines for event in _events(adapter, json.loads(line))]
    facts = facts_of(events[0].call_id, fold(None, events), BEFORE, confidential_cue=False)
    assert judge(facts).outcome.name.lower() == outcome


def _events(adapter: str, payload: dict[str, Any]) -> Any:
    taken = doors.take(ADAPTERS[adapter], payload, ORIGIN)
    return taken.events if isinstance(taken, Accepted) else ()


def _over_the_wire(event: Any) -> Any:
    return event_of(call_pb2.CallEvent.FromString(codec.message(event).SerializeToString()))
