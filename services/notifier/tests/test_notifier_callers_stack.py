"""What goes to callers, on a real broker, a real Redis and a real SMS centre."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from notifier_samples import World
from notifier_smsc import SmscProcess, until
from siaga.v1 import incident_pb2
from siaga.v1.incident_pb2 import Assignment, Incident, IncidentWork
from siaga.v1.mass_pb2 import MassMessage
from siaga_contracts.catalogue import INCIDENTS, MASS_MESSAGES, Topic
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_notifier import mass
from siaga_notifier.assembly import now_ms, parts
from siaga_notifier.callers import serve_callers
from siaga_notifier.core.mass import message_id
from siaga_notifier.core.message import Words
from siaga_notifier.guide import Guide
from siaga_notifier.inbox import Directory
from siaga_tenants.model import USUAL_NOTIFY
from siaga_tenants.model.notify import Feedback, MassPolicy

pytestmark = pytest.mark.stack

POLICY = replace(USUAL_NOTIFY, feedback=Feedback(True, True, True), mass=MassPolicy(True, ("spv-01", "spv-02")))
PHONE = "+62812000{:05}"


class Callers:
    """Two topics of their own, and notifiers that serve them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.incidents = replace(INCIDENTS, name=f"incidents.{world.mark}")
        self.messages = replace(MASS_MESSAGES, name=f"mass.{world.mark}")

    @asynccontextmanager
    async def notifier(self, group: str) -> AsyncIterator[Runtime]:
        """One that has read nothing yet, in its group: as after a crash before anything was committed."""
        runtime = Runtime("notifier", self.world.settings())
        guide = Guide({"36.73": Words({}, {})}, Directory(frozenset(), {}), policies={"36.73": POLICY})
        made = parts(runtime, guide, await runtime.publisher())
        lines = asyncio.create_task(made.registry.run())
        serve_callers(
            runtime, made, incidents=self.incidents, messages=self.messages, group=f".{self.world.mark}{group}"
        )
        try:
            yield runtime
        finally:
            runtime.stop.set()
            await runtime.shut_down()
            lines.cancel()
            await asyncio.wait({lines})
            assert not runtime.failed

    async def give(self, topic: Topic, *records: tuple[str, Incident | MassMessage]) -> None:
        publisher = Publisher(self.world.settings().kafka, "test", self.world.mark)
        at_ms = now_ms()
        await publisher.publish([Outgoing(topic, key, message, str(uuid.uuid4()), at_ms) for key, message in records])
        await publisher.close()

    async def reached(self, *numbers: str) -> None:
        """These phones have had something."""

        async def there() -> bool:
            return {number.removeprefix("+") for number in numbers} <= {one["to"] for one in await self.texts()}

        await until(there)

    async def texts(self) -> list[dict[str, str]]:
        return await self.world.smsc.messages()


@pytest.fixture
async def callers(
    kafka_bootstrap: str, redis_url: str, smsc: SmscProcess, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callers]:
    monkeypatch.setattr(mass, "USUAL_PER_S", 500.0)
    world = World(kafka_bootstrap, redis_url, smsc)
    await world.make(monkeypatch)
    made = Callers(world)
    await create(kafka_bootstrap, made.incidents, made.messages)
    yield made
    await world.unmake()


async def create(bootstrap: str, *topics: Topic) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic.name, 1, 1) for topic in topics])
    await admin.close()


async def test_many_callers_get_the_text_once_though_all_is_read_again(callers: Callers) -> None:
    rows = [
        MassMessage(
            message_id=message_id("m", f"k{at}"), mass_id="m", tenant="36.73", caller_key=f"{callers.world.mark}{at}",
            number=PHONE.format(at), text_name="banjir", text="112: saluran sangat padat", asked_by="spv-01",
            approved_by="spv-02", at_ms=now_ms(),
        )
        for at in range(60)
    ]  # fmt: skip
    await callers.give(callers.messages, *((row.message_id, row) for row in rows[:40]))
    async with callers.notifier(".one"):
        await callers.reached(*(PHONE.format(at) for at in range(40)))
    await callers.give(callers.messages, *((row.message_id, row) for row in rows))
    async with callers.notifier(".two"):
        await callers.reached(*(row.number for row in rows))
    assert len(await callers.texts()) == len(rows)


async def test_a_caller_is_told_once_that_help_goes_and_of_a_confidential_case_nothing(callers: Callers) -> None:
    going = Incident(
        incident_id="i-1", tenant="36.73", ticket_no="T-1", status=incident_pb2.INCIDENT_STATUS_EN_ROUTE,
        call_ids=[f"c-{callers.world.mark}"], work=IncidentWork(callback_number=PHONE.format(1)), event_at_ms=now_ms(),
        assignments=[Assignment(unit_id="u-1", en_route_at_ms=1)],
    )  # fmt: skip
    secret = deepcopy(going)
    secret.incident_id, secret.confidential, secret.work.callback_number = "i-2", True, PHONE.format(2)
    for at in (3, 4):
        last = deepcopy(going)
        last.incident_id, last.work.callback_number, last.call_ids[0] = (
            f"i-{at}",
            PHONE.format(at),
            f"{at}-{callers.world.mark}",
        )
        rows = (going, secret, going, last)
        await callers.give(callers.incidents, *((row.incident_id, row) for row in rows))
        async with callers.notifier(f".{at}"):
            await callers.reached(PHONE.format(1), PHONE.format(at))
    texts = await callers.texts()
    assert sorted(one["to"] for one in texts) == [PHONE.format(at).removeprefix("+") for at in (1, 3, 4)]
    assert all("berangkat" in one["text"] and "T-1" in one["text"] for one in texts)
