"""The whole dispatcher service on the real Kafka and Redis, for a test."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import grpc
from dispatcher_bench import Bench, drop_topics, make_topics, read_all
from dispatcher_samples import CENTRE, NOON_MS
from siaga.v1 import assessment_pb2, incident_pb2, incidents_service_pb2, notification_pb2, order_pb2, unit_pb2
from siaga.v1.incidents_service_pb2_grpc import IncidentsStub
from siaga_contracts import catalogue
from siaga_contracts.catalogue import Topic
from siaga_dispatcher.app import App
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.settings import KafkaSettings, RedisSettings, ServerSettings, Settings
from siaga_tenants import Contact, Tenants, UnitSpec

WAIT_S: Final = 60.0


def spec(unit_id: str, kind: str, away: float, capability: str) -> UnitSpec:
    contact = Contact("sms", "+6281200000001")
    return UnitSpec(
        unit_id, kind, f"Pos {unit_id}", CENTRE.lat + away, CENTRE.lon, 50, "surveyed", (capability,), (contact,)
    )  # fmt: skip


@dataclass
class Running:
    app: App
    runtime: Runtime
    bench: Bench
    bootstrap: str
    assessments: Topic
    reports: Topic
    notifications: Topic
    channel: grpc.aio.Channel

    @property
    def tenant(self) -> str:
        return self.bench.code

    async def say(self, topic: Topic, message: Any, key: str, event_id: str) -> None:
        publisher = await self.runtime.publisher()
        await publisher.publish([Outgoing(topic, key, message, event_id, NOON_MS)])

    async def call(self, call_id: str, **fields: Any) -> None:
        made = assessment_pb2.CallAssessment(
            assessment_id=f"{call_id}-{fields.get('revision', 1)}",
            call_id=call_id,
            tenant=self.tenant,
            revision=1,
            event_at_ms=NOON_MS,
            outcome=assessment_pb2.OUTCOME_REAL,
            advice=assessment_pb2.ADVICE_DISPATCH,
            type="fire_building",
            text="rumah terbakar",
        )
        made.place.position.lat, made.place.position.lon = CENTRE.lat, CENTRE.lon
        made.place.address = "Jl. Veteran 1"
        for name, value in fields.items():
            if name == "address":
                made.place.address = value
            else:
                setattr(made, name, value)
        await self.say(self.assessments, made, call_id, made.assessment_id)

    async def report(self, unit_id: str, status: int, order_id: str = "") -> None:
        made = unit_pb2.UnitReport(
            report_id=uuid.uuid4().hex,
            tenant=self.tenant,
            unit_id=unit_id,
            order_id=order_id,
            event_at_ms=NOON_MS + 1000,
        )
        made.status = status  # type: ignore[assignment]
        await self.say(self.reports, made, unit_id, made.report_id)

    async def news(self, told: incident_pb2.Assignment, state: int, channel: str = "sms") -> None:
        """The notifier says what became of a crew's order."""
        made = notification_pb2.NotificationEvent(
            event_id=uuid.uuid4().hex,
            attempt_id=f"{told.order_id}-{channel}",
            order_id=told.order_id,
            order_kind=order_pb2.ORDER_KIND_DISPATCH,
            tenant=self.tenant,
            unit_id=told.unit_id,
            channel=channel,
            at_ms=NOON_MS,
        )
        made.state = state  # type: ignore[assignment]
        await self.say(self.notifications, made, told.order_id, made.event_id)

    async def incidents(self, *, open_only: bool = False) -> list[incident_pb2.Incident]:
        request = incidents_service_pb2.IncidentsListRequest(tenant=self.tenant, open_only=open_only)
        return list((await IncidentsStub(self.channel).List(request)).incidents)

    async def incident_when(self, status: int, number: int = 0) -> incident_pb2.Incident:
        """The incident, as soon as it has come so far."""
        async with asyncio.timeout(WAIT_S):
            while True:
                found = await self.incidents()
                if len(found) > number and found[number].status == status:
                    return found[number]
                await asyncio.sleep(0.02)

    async def drained(self) -> None:
        async with asyncio.timeout(WAIT_S):
            while await self.bench.outbox():
                await asyncio.sleep(0.02)

    async def records(self, topic: Topic) -> list[Any]:
        await self.drained()
        return [message for _, _, message in await read_all(self.bootstrap, topic)]


@asynccontextmanager
async def running(bench: Bench, kafka_bootstrap: str, redis_url: str) -> AsyncIterator[Running]:
    """The service with three units and topics of its own, until the block ends."""
    mark = uuid.uuid4().hex[:8]
    assessments = replace(catalogue.CALL_ASSESSMENTS, name=f"test-{mark}-assessments", partitions=2)
    reports = replace(catalogue.UNIT_REPORTS, name=f"test-{mark}-reports", partitions=2)
    notifications = replace(catalogue.NOTIFICATION_EVENTS, name=f"test-{mark}-notifications", partitions=2)
    sources = (assessments, reports, notifications)
    await make_topics(
        kafka_bootstrap, *sources, *bench.topics.by_name.values(), catalogue.DEAD_LETTERS, catalogue.AUDIT
    )
    bench.tenant = replace(
        bench.tenant,
        units=(
            spec("d1", "damkar", 0.01, "StructureFireEngine"),
            spec("d2", "damkar", 0.03, "StructureFireEngine"),
            spec("s1", "satgas", 0.02, "VictimAdvocate"),
        ),
    )
    settings = Settings(
        kafka=KafkaSettings(bootstrap=kafka_bootstrap, replication=1),
        redis=RedisSettings(url=redis_url),
        grpc=ServerSettings(port=0),
        instance=mark,
    )
    runtime = Runtime("dispatcher", settings)
    app = App(
        runtime,
        Tenants({bench.code: bench.tenant}),
        topics=bench.topics,
        assessments=assessments,
        reports=reports,
        notifications=notifications,
        group=f"test.{mark}",
    )
    await app.start()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{app.grpc_port}")
    async with asyncio.timeout(WAIT_S):
        while runtime.health.reasons():
            await asyncio.sleep(0.02)
    yield Running(app, runtime, bench, kafka_bootstrap, *sources, channel)
    await channel.close()
    runtime.stop.set()
    await runtime.shut_down()
    await drop_topics(kafka_bootstrap, *sources, *bench.topics.by_name.values())
    assert not runtime.failed
