"""Labelled calls on a real Kafka and Redis: an example per call, and the list of missed ones."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiokafka import AIOKafkaConsumer
from own_corner import own_corner
from siaga.v1.assessment_pb2 import ADVICE_RECORD, CallAssessment, Reason
from siaga.v1.call_pb2 import DISPOSITION_EMERGENCY, DISPOSITION_PRANK, Disposition
from siaga.v1.example_pb2 import LabelledExample
from siaga_classifier.adapters.missed_store import ALARM_TTL, MissedStore
from siaga_classifier.core.words.masking import Known
from siaga_classifier.learning import Consent, Learning, MissedWatch
from siaga_contracts import catalogue
from siaga_contracts.catalogue import Topic
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage

pytestmark = pytest.mark.stack

PATIENCE_S = 60
DAY_MS = 86_400_000


@dataclass
class Line:
    """A centre of its own, whose clock stands."""

    runtime: Runtime
    tenant: str
    assessments: Topic
    examples: Topic
    now_ms: int = DAY_MS

    @property
    def store(self) -> MissedStore:
        return MissedStore(self.runtime.redis(), lambda: self.now_ms)

    async def tell(self, call: str, disposition: Disposition) -> None:
        message = CallAssessment(
            call_id=f"{self.tenant}-{call}", tenant=self.tenant, text="pak budi kebakaran", disposition=disposition,
            machine_advice=ADVICE_RECORD, event_at_ms=5_000,
            reasons=[Reason(rule="operator.type", detail="fire_building")],
        )  # fmt: skip
        publisher = await self.runtime.publisher()
        await publisher.publish([Outgoing(self.assessments, message.call_id, message, str(uuid.uuid4()), 5_000)])


@pytest.fixture
async def line(kafka_bootstrap: str, redis_url: str) -> AsyncIterator[Line]:
    topics = [(topic, 1) for topic in (catalogue.CALL_ASSESSMENTS, catalogue.LABELLED_EXAMPLES)]
    async with own_corner(kafka_bootstrap, redis_url, topics) as corner:
        made = Line(Runtime("classifier", corner.settings), corner.tenant, *corner.topics)
        yield made
        made.runtime.stop.set()
        await made.runtime.shut_down()


async def test_an_example_is_replaced_by_a_corrected_label_and_the_miss_is_taken_back(line: Line) -> None:
    consent = {line.tenant: Consent(learns=True, known=Known(frozenset({"kebakaran"}), lambda _: False))}
    stage = Stage(
        service="classifier", group=f"{line.tenant}.learning", topics=[line.assessments],
        processor=Learning(line.store, consent, line.examples), runtime=line.runtime,
    )  # fmt: skip
    reader = AIOKafkaConsumer(
        line.examples.name, bootstrap_servers=line.runtime.settings.kafka.bootstrap, auto_offset_reset="earliest"
    )
    await reader.start()
    task = asyncio.create_task(stage.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await line.tell("c1", DISPOSITION_EMERGENCY)
            first = LabelledExample.FromString((await reader.getone()).value)
            assert (first.text, first.type, first.missed_real) == ("pak [nama] kebakaran", "fire_building", True)
            while (await line.store.count([line.tenant]))[line.tenant] != 1:
                await asyncio.sleep(0.05)
            await line.tell("c1", DISPOSITION_PRANK)
            record = await reader.getone()
            assert record.key == first.call_id.encode()
            assert not LabelledExample.FromString(record.value).missed_real
            while (await line.store.count([line.tenant]))[line.tenant]:
                await asyncio.sleep(0.05)
    finally:
        line.runtime.stop.set()
        await asyncio.gather(task, return_exceptions=True)
        await reader.stop()


async def test_the_list_keeps_when_a_call_was_first_missed_and_forgets_it_after_its_time(line: Line) -> None:
    who = (line.tenant, "c1")
    assert await line.store.note([who], []) == [who]
    line.now_ms += DAY_MS
    assert await line.store.note([who], []) == []
    assert await line.store.count([line.tenant]) == {line.tenant: 1}
    line.now_ms = DAY_MS + int(ALARM_TTL.total_seconds() * 1000) + 1
    assert await line.store.count([line.tenant]) == {line.tenant: 0}


async def test_a_supervisor_sees_how_many_were_missed(line: Line) -> None:
    watch = MissedWatch(line.runtime, line.store, [line.tenant])
    assert watch.note() is None
    await line.store.note([(line.tenant, "c1"), (line.tenant, "c2")], [])
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(PATIENCE_S):
        while watch.note() is None:
            await asyncio.sleep(0.02)
    assert f"{line.tenant} 2" in line.runtime.health.notes()["missed_real"]
    line.runtime.stop.set()
    await task
