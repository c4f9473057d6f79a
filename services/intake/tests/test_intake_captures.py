"""Real captures of Asterisk run through; and the numbers of our enumerations are the contract's."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from siaga.v1 import call_pb2, common_pb2
from siaga_intake.adapters import codec
from siaga_intake.core import doors
from siaga_intake.core import events as core
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door, Taken
from siaga_intake.core.events import Accepted, Ignored, Refusal
from siaga_intake.core.switches import ami_text

DATA = Path(__file__).parent / "data"
# 2024-04-01: the newest event of the ARI capture is of March 2024.
AFTER_THE_CAPTURE_MS = 1_711_929_600_000


def _ami(path: Path) -> list[Any]:
    """The events of a manager session's transcript."""
    return list(ami_text.messages(path.read_text(encoding="utf-8", errors="replace")))


@pytest.mark.parametrize("path", sorted((DATA / "ami").glob("*.txt")), ids=lambda path: path.name)
def test_ami_transcripts(take: Callable[[str, Any], Taken], path: Path) -> None:
    for event in _ami(path):
        taken = take("asterisk", event)
        assert not isinstance(taken, Refusal), (event, taken)
        assert not isinstance(taken, Ignored) or taken.reason != "unknown_event", event
        if isinstance(taken, Accepted):
            assert all(codec.message(each).event_id for each in taken.events)


def test_a_real_session_rings_and_ends(take: Callable[[str, Any], Taken]) -> None:
    session = [event for path in sorted((DATA / "ami").glob("originate_*")) for event in _ami(path)]
    taken = Counter(
        each.kind.name
        for event in session
        if isinstance(found := take("asterisk", event), Accepted)
        for each in found.events
    )
    assert taken["RINGING"] >= 2
    assert taken["ENDED"] >= 1
    assert "ANSWERED" not in taken


def test_ari_capture(origin: Origin, door: Callable[[str], Door]) -> None:
    lines = (DATA / "ari" / "ari_events.jsonl").read_text(encoding="utf-8").splitlines()
    later = replace(origin, arrived_at_ms=AFTER_THE_CAPTURE_MS)
    results = [doors.take(door("asterisk"), json.loads(line), later) for line in lines]
    refused = [each for each in results if isinstance(each, Refusal)]
    # The one event of the capture that is broken on purpose.
    assert refused == [Refusal("channel.id", "missing")]
    kinds = Counter(event.kind.name for each in results if isinstance(each, Accepted) for event in each.events)
    assert kinds["RINGING"] == 2
    assert kinds["IVR_INPUT"] == 2
    assert kinds["ENDED"] == 3


@pytest.mark.parametrize(
    ("ours", "theirs", "prefix"),
    [
        (core.Kind, call_pb2.CallEventKind, "CALL_EVENT_KIND_"),
        (core.Channel, call_pb2.Channel, "CHANNEL_"),
        (core.Trust, common_pb2.IdentityTrust, "IDENTITY_TRUST_"),
        (core.HangupBy, call_pb2.HangupBy, "HANGUP_BY_"),
        (core.LeftReason, call_pb2.QueueLeftReason, "QUEUE_LEFT_REASON_"),
        (core.Disposition, call_pb2.Disposition, "DISPOSITION_"),
        (core.Priority, common_pb2.Priority, "PRIORITY_"),
    ],
)
def test_enumerations_have_the_contracts_numbers(ours: Any, theirs: Any, prefix: str) -> None:
    contract = {name.removeprefix(prefix): number for name, number in theirs.items()}
    assert {"UNSPECIFIED": 0, **{member.name: member.value for member in ours}} == contract


def test_a_whole_event_survives_the_wire(events: Callable[..., Any]) -> None:
    (event,) = events("form", {
        "source": "asterisk/pbx1", "call_ref": "1", "operator": "op-03", "text": "ular di rumah", "address": "Jl. Mawar 3",
        "lat": -6.1, "lon": 106.1, "type": "animal", "priority": "P3", "disposition": "emergency",
    })  # fmt: skip
    wire = call_pb2.CallEvent.FromString(codec.message(event).SerializeToString())
    assert (wire.call_id, wire.event_id, wire.kind) == (event.call_id, event.event_id, call_pb2.CALL_EVENT_KIND_FORM)
    assert (wire.form.text, wire.form.address, wire.form.type) == ("ular di rumah", "Jl. Mawar 3", "animal")
    assert (wire.form.position.lat, wire.form.priority) == (-6.1, common_pb2.PRIORITY_P3)
