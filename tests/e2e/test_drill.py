"""Drills through the whole stack: everything happens to them that happens to a call, but nobody is sent and nothing is counted."""

import asyncio
import json
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from siaga.v1 import assessment_pb2, call_pb2
from siaga_contracts import callers, ids
from siaga_contracts.catalogue import CALL_ASSESSMENTS, CALL_EVENTS, Topic
from siaga_kit.embedded.stack import Stack
from siaga_replay.replay import replay
from siaga_replay.summary import Summary

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TENANTS: Final = Path(__file__).parents[2] / "tenants"
TENANT: Final = "36.73"
BEGIN: Final = datetime(2026, 1, 15, 7, 0, tzinfo=UTC)
# A burning house that a drill and a real call tell of in the same words, at the same place and time.
FIRE: Final = {
    "operator": "op-03", "disposition": "emergency", "type": "fire_building", "priority": "P1", "lat": -6.1149, "lon": 106.1539,
    "text": "Rumah terbakar, dua orang di dalam", "address": "Jl Veteran 12, Cipare",
}  # fmt: skip
PRANKS: Final = 8
REAL: Final = ("asterisk/pbx1", "real-fire")
DRILL_PRANKSTER, PRANKSTER = "+6281211110001", "+6281211110002"


@dataclass(slots=True)
class Line:
    """The replay file in the making: one request a second."""

    lines: list[str]

    def post(self, path: str, body: Any, **headers: str) -> None:
        at = (BEGIN + timedelta(seconds=len(self.lines))).isoformat()
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.lines.append(json.dumps({"at": at, "path": path, "headers": told, "body": body}))

    @property
    def now_s(self) -> float:
        return BEGIN.timestamp() + len(self.lines)

    def call(self, source: str, ref: str, number: str, form: dict[str, Any], **more: Any) -> None:
        """A call on Asterisk that an operator answers, with the form."""
        leg = {"Uniqueid": ref, "Linkedid": ref, "CallerIDNum": number, "Exten": "112"}
        for event in (
            {"Event": "Newchannel", "Context": "from-trunk"},
            {"Event": "QueueCallerJoin", "Queue": "112"},
            {"Event": "AgentConnect", "Queue": "112", "MemberName": "op-03", "HoldTime": "1"},
            {"Event": "Hangup", "Cause": "16"},
        ):
            told = {**leg, **event, "Timestamp": f"{self.now_s:.1f}"}
            self.post("/v1/switch/asterisk", told, X_Siaga_Source=source)
        self.post("/v1/calls/form", {"source": source, "call_ref": ref, **form, **more})


def requests() -> tuple[list[str], set[str]]:
    """The file, and the calls of it that are drills."""
    line = Line([])
    # A drill line (the source is one); its form comes from the console, which knows nothing of that.
    line.call("asterisk/latihan", "drill-line", "+6281211110003", FIRE)
    # A drill by the dialplan's variable, on a line that takes real calls as well.
    start = int(line.now_s)
    record = {"variables": {
        "uuid": "drill-variable", "siaga_test": "true", "caller_id_number": "+6281211110004", "start_epoch": str(start),
        "bridge_epoch": str(start + 1), "end_epoch": str(start + 9), "cc_agent": "op-03",
    }}  # fmt: skip
    line.post("/v1/switch/freeswitch", record)
    line.post("/v1/calls/form", {"source": "freeswitch/fs1", "call_ref": "drill-variable", **FIRE})
    line.call(*REAL, "+6281211110005", FIRE)
    # A drill that says so itself and claims to be real, while the real fire is open.
    at = datetime.fromtimestamp(line.now_s, UTC)
    event = {
        "specversion": "1.0", "type": "id.siaga112.call.ended.v1", "source": "events1", "id": "drill-event", "time": at.isoformat(),
        "data": {
            "tenant": TENANT, "test": True, "outcome": "real", "text": FIRE["text"], "switch": {"kind": "events", "call_ref": "drill-event"},
            "caller": {"number": "+6281211110006"}, "position": {"lat": FIRE["lat"], "lon": FIRE["lon"]},
            "t": {"ring": at.isoformat(), "answer": at.isoformat(), "end": (at + timedelta(seconds=30)).isoformat()},
        },
    }  # fmt: skip
    line.post("/v1/call-events", event)
    # The operator's own word, on a line for real calls.
    line.call("asterisk/pbx1", "drill-form", "+6281211110007", FIRE, test=True)
    for number in range(PRANKS):
        line.call("asterisk/latihan", f"drill-prank-{number}", DRILL_PRANKSTER, {"disposition": "prank"})
        line.call("asterisk/pbx1", f"prank-{number}", PRANKSTER, {"disposition": "prank"})
    drills = {("asterisk/latihan", "drill-line"), ("freeswitch/fs1", "drill-variable"), ("asterisk/pbx1", "drill-form")}
    drills |= {("events/events1", "drill-event")} | {
        ("asterisk/latihan", f"drill-prank-{each}") for each in range(PRANKS)
    }
    return line.lines, {ids.call_id(TENANT, source, ref) for source, ref in drills}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose centre has a line for drills."""
    tenants = tmp_path_factory.mktemp("centre") / "tenants"
    shutil.copytree(TENANTS, tenants)
    sources = tenants / "36.73-kota-serang" / "sources.yaml"
    sources.write_text(sources.read_text() + "  - {kind: asterisk, instance: latihan, test: true}\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SIAGA_TENANTS_DIR", str(tenants))
        with Stack() as running:
            yield running


@pytest.fixture(scope="module")
def drills() -> set[str]:
    return requests()[1]


@pytest.fixture(scope="module")
def summary(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    path = tmp_path_factory.mktemp("drill") / "drill.jsonl"
    path.write_text("\n".join(requests()[0]) + "\n")
    return asyncio.run(replay(path, stack.addresses))


def test_drills_are_kept_and_judged_as_such(summary: Summary, drills: set[str]) -> None:
    assert summary.losses.total == 0, summary.losses
    assert summary.run.drained, summary.run.waiting_for
    assert not summary.refusals
    assert not summary.dead_letters
    assert {call for call, outcome in summary.call_outcomes.items() if outcome == "test"} == drills


def test_nobody_is_sent_and_no_incident_takes_a_drill(summary: Summary) -> None:
    (row,) = summary.incidents
    assert row.incident.call_ids == (ids.call_id(TENANT, *REAL),)
    assert row.incident.units
    assert set(row.sms_states.values()) == {"delivered"}
    assert summary.assessments["dispatch"] == 1


def test_sms_go_for_the_real_fire_only(stack: Stack, summary: Summary) -> None:
    (row,) = summary.incidents
    with urllib.request.urlopen(f"{stack.addresses.smsc_control_url}/messages?after=0&wait_ms=0", timeout=10) as answer:
        sent = json.load(answer)["messages"]
    assert len(sent) == sum(summary.dispatch_orders.values()) == len(row.incident.units)


def test_no_drill_is_counted_against_a_caller(stack: Stack, summary: Summary) -> None:
    secret = (stack.home.root / "secrets" / "caller-secret").read_text().strip().encode()
    state = {
        number: summary.caller_states.get(callers.caller_key(secret, TENANT, number), "clean")
        for number in (PRANKSTER, DRILL_PRANKSTER)
    }
    assert state == {PRANKSTER: "temporary", DRILL_PRANKSTER: "clean"}


async def test_the_topics_say_that_they_are_tests(stack: Stack, summary: Summary, drills: set[str]) -> None:
    events = [call_pb2.CallEvent.FromString(value) for value in await _all(stack, CALL_EVENTS)]
    assessed = [assessment_pb2.CallAssessment.FromString(value) for value in await _all(stack, CALL_ASSESSMENTS)]
    assert {each.call_id for each in events if each.test} == drills
    assert {each.call_id for each in assessed if each.test} == drills


async def _all(stack: Stack, topic: Topic) -> list[bytes]:
    """What the topic holds now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.addresses.kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        partitions = [TopicPartition(topic.name, number) for number in consumer.partitions_for_topic(topic.name) or ()]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        values: list[bytes] = []
        async with asyncio.timeout(30):
            while len(values) < sum(ends.values()):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    values += [record.value for record in batch]
        return values
    finally:
        await consumer.stop()
