"""Reading a real broker: from the end on, back again, and how far groups are behind."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Self

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from google.protobuf.message import Message
from siaga.v1 import assessment_pb2, call_pb2, incident_pb2, notification_pb2, order_pb2, sanction_pb2, unit_pb2
from siaga_contracts import catalogue
from siaga_replay.answers import Receipt
from siaga_replay.changed import Changed
from siaga_replay.codec import TAKERS
from siaga_replay.drain import Drain
from siaga_replay.lag import GroupLag, lags
from siaga_replay.ledger import Assessment, Ledger, Sanction, Sms
from siaga_replay.topics import TopicReader

Publish = Callable[[catalogue.Topic, str, Message | None], Awaitable[None]]
PREFIX = f"replay-test-{uuid.uuid4().hex[:8]}"
NAMES = {name: f"{PREFIX}.{name}" for name in TAKERS}
PARTITIONS = 3


@pytest_asyncio.fixture
async def broker(kafka_bootstrap: str) -> AsyncIterator[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in NAMES.values()])
        yield kafka_bootstrap
        await admin.delete_topics(list(NAMES.values()))
    finally:
        await admin.close()


@pytest_asyncio.fixture
async def publish(broker: str) -> AsyncIterator[Publish]:
    producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all")
    await producer.start()

    async def send(topic: catalogue.Topic, key: str, message: Message | None) -> None:
        value = None if message is None else message.SerializeToString()
        await producer.send_and_wait(NAMES[topic.name], value, key.encode(), timestamp_ms=5_000)

    yield send
    await producer.stop()


def event(name: str, call: str, kind: call_pb2.CallEventKind.ValueType = call_pb2.CALL_EVENT_KIND_ENDED) -> Message:
    return call_pb2.CallEvent(event_id=name, call_id=call, kind=kind, event_at_ms=700, received_at_ms=4_000)


def assessment(call: str, outcome: assessment_pb2.Outcome.ValueType) -> Message:
    return assessment_pb2.CallAssessment(call_id=call, revision=2, outcome=outcome, advice=assessment_pb2.ADVICE_RECORD)


class Reading:
    """A reader with its ledger, running."""

    def __init__(self, bootstrap: str) -> None:
        self.ledger, self.changed = Ledger(), Changed()
        self.reader = TopicReader(bootstrap, self.ledger, self.changed, NAMES)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.reader.open()
        self._task = asyncio.create_task(self.reader.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.reader.close()

    async def until(self, records: int) -> None:
        async with asyncio.timeout(20):
            while self.ledger.records < records:
                await self.changed.wait(0.1)


@pytest.mark.stack
async def test_reads_what_comes_after_it_opened_and_finds_the_rest_when_asked(broker: str, publish: Publish) -> None:
    await publish(catalogue.CALL_EVENTS, "c1", event("e1", "c1"))
    await publish(catalogue.CALL_ASSESSMENTS, "c1", assessment("c1", assessment_pb2.OUTCOME_ABANDON))
    async with Reading(broker) as reading:
        ledger = reading.ledger
        ledger.posted(Receipt(3, accepted=3, event_ids=("e1", "e2", "e9"), call_ids=("c1", "c2")))
        await publish(catalogue.CALL_EVENTS, "c2", event("e2", "c2"))
        await publish(catalogue.CALL_ASSESSMENTS, "c2", assessment("c2", assessment_pb2.OUTCOME_ANSWERED_PRANK))
        await reading.until(2)
        assert await reading.reader.behind() == 0
        assert (ledger.unseen_events, ledger.unassessed_calls) == ({"e1", "e9"}, {"c1"})
        assert ledger.assessments == {"c2": Assessment(2, "answered_prank", "record")}
        assert ledger.clock_ms == 700
        await reading.reader.look_back()
        assert (ledger.unseen_events, ledger.unassessed_calls) == ({"e9"}, set())
        assert ledger.known_calls == {"c1"}
        assert ledger.assessments["c1"].outcome == "abandon"


@pytest.mark.stack
async def test_every_topic_finds_its_place_in_the_ledger(broker: str, publish: Publish) -> None:
    contact = unit_pb2.Contact(channel="sms", address="+62811")
    unit = incident_pb2.Assignment(
        unit_id="u1", unit_name="Damkar 1", order_id="o1", status=unit_pb2.UNIT_STATUS_EN_ROUTE
    )
    async with Reading(broker) as reading:
        await publish(catalogue.CALL_EVENTS, "c1", event("e1", "c1", call_pb2.CALL_EVENT_KIND_FORM))
        await publish(catalogue.SANCTIONS, "k1", sanction_pb2.CallerSanction(state=5))
        await publish(
            catalogue.INCIDENTS, "i1",
            incident_pb2.Incident(incident_id="i1", version=3, status=6, priority=2, call_ids=["c1"], assignments=[unit]),
        )  # fmt: skip
        order = order_pb2.DispatchOrder(
            order_id="o1", incident_id="i1", unit_id="u1", fence=4, kind=1, task_code="114", contacts=[contact]
        )
        await publish(catalogue.DISPATCH_ORDERS, "u1", order)
        await publish(
            catalogue.UNIT_REPORTS, "u1", unit_pb2.UnitReport(unit_id="u1", status=unit_pb2.UNIT_STATUS_ON_SCENE)
        )
        note = notification_pb2.NotificationEvent(
            notification_id="n1", order_id="o1", channel="sms", state=3, provider_id="A"
        )
        await publish(catalogue.NOTIFICATION_EVENTS, "o1", note)
        await reading.until(6)
        ledger = reading.ledger
        assert ledger.calls["c1"].asked_ms == [4_000]
        assert ledger.clock_ms == 0
        assert ledger.sanctions == {"k1": Sanction("permanent", 0)}
        incident = ledger.incidents["i1"]
        assert (incident.status, incident.priority, incident.units[0].step) == ("en_route", "P1", "en_route")
        assert (ledger.orders["o1"].numbers, ledger.orders["o1"].kind, ledger.orders["o1"].fence) == (
            ("62811",),
            "dispatch",
            4,
        )
        assert ledger.notifications[0].state == "delivered"
        assert "en_route" in ledger.steps["o1"]
        await publish(catalogue.SANCTIONS, "k1", None)
        await publish(
            catalogue.UNIT_REPORTS, "u1", unit_pb2.UnitReport(unit_id="u1", status=unit_pb2.UNIT_STATUS_CLEAR)
        )
        await reading.until(8)
        assert ledger.sanctions == {}
        assert "clear" in ledger.steps["o1"]


@pytest.mark.stack
async def test_drained_only_when_the_group_has_committed_and_every_order_has_its_sms(
    broker: str, publish: Publish
) -> None:
    topic = NAMES[catalogue.CALL_EVENTS.name]
    group = f"{PREFIX}.group"
    lag = GroupLag(broker, PREFIX, (topic,))
    service = AIOKafkaConsumer(
        topic, bootstrap_servers=broker, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    async with Reading(broker) as reading:
        await lag.open()
        await service.start()
        try:
            ledger = reading.ledger
            ledger.posted(Receipt(1, accepted=1, event_ids=("e1",), call_ids=("c1",)))
            await publish(catalogue.CALL_EVENTS, "c1", event("e1", "c1"))
            await publish(catalogue.CALL_ASSESSMENTS, "c1", assessment("c1", assessment_pb2.OUTCOME_REAL))
            order = order_pb2.DispatchOrder(
                order_id="o1", kind=1, task_code="7", contacts=[unit_pb2.Contact(channel="sms", address="+62811")]
            )
            await publish(catalogue.DISPATCH_ORDERS, "u1", order)
            assert (await lag.by_group())[topic] == 1  # nobody has begun to read it
            drain = Drain(ledger, reading.reader, lag, None)
            first = await drain.wait(lambda _: None, patience_s=1.0)
            assert not first.drained
            assert first.waiting_for == (f"1 lag of {topic}", "1 orders without SMS")
            await service.getone()
            await service.commit()
            ledger.sms(Sms("1", "62811", "#7 P1", 0))
            assert await lag.by_group() == {group: 0}
            second = await drain.wait(lambda _: None, patience_s=20)
            assert second.drained
            assert second.waiting_for == ()
        finally:
            await service.stop()
            await lag.close()


@pytest.mark.stack
async def test_a_broker_without_our_topics_is_told_with_the_remedy(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siaga_replay.topics.TOPICS_WITHIN_S", 0.0)
    names = {name: f"{PREFIX}.none.{name}" for name in TAKERS}
    reader = TopicReader(kafka_bootstrap, Ledger(), Changed(), names)
    try:
        with pytest.raises(LookupError, match="siaga up"):
            await reader.open()
    finally:
        await reader.close()


@pytest.mark.parametrize(
    ("committed", "expected"),
    [
        ({}, {"a": 7}),
        ({"g": {0: 10}}, {"g": 5}),  # the partition it never committed counts from its beginning
        ({"g": {0: 10, 1: 5}}, {"g": 0}),
        ({"g": {0: 8, 1: 5}, "h": {0: 10, 1: 4}}, {"g": 2, "h": 1}),
    ],
)
def test_lag_by_group(committed: Mapping[str, Mapping[int, int]], expected: Mapping[str, int]) -> None:
    first, second = TopicPartition("a", 0), TopicPartition("a", 1)
    offsets = {
        group: {TopicPartition("a", number): at for number, at in own.items()} for group, own in committed.items()
    }
    assert lags(offsets, {first: 8, second: 0}, {first: 10, second: 5}, ("a",)) == expected
