"""Devices of several processes on a real broker: what one signs in or out, all know, and still do after a restart."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from notifier_push import Browser, now_ms
from notifier_smsc import until
from siaga_contracts.catalogue import UNIT_DEVICES, Topic
from siaga_kit.publishing import Publisher
from siaga_kit.settings import KafkaSettings
from siaga_notifier.adapters.push.registry import Devices
from siaga_notifier.core.devices import Device
from siaga_notifier.core.model import WEBPUSH

pytestmark = pytest.mark.stack
OTHER = "3673-PKM-01"


@pytest.fixture
async def topic(kafka_bootstrap: str) -> AsyncIterator[Topic]:
    own = replace(UNIT_DEVICES, name=f"{UNIT_DEVICES.name}.{uuid.uuid4().hex[:10]}", partitions=2)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(own.name, own.partitions, 1, topic_configs=own.config())])
    yield own
    await admin.delete_topics([own.name])
    await admin.close()


@asynccontextmanager
async def process(bootstrap: str, topic: Topic) -> AsyncIterator[Devices]:
    settings = KafkaSettings(bootstrap=bootstrap, replication=1)
    publisher = Publisher(settings, "test", uuid.uuid4().hex)
    devices = Devices(settings, publisher.publish, now_ms, topic)
    running = asyncio.create_task(devices.run())
    await asyncio.wait_for(devices.read.wait(), 30)
    yield devices
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await publisher.close()


def found(devices: Devices, device: Device) -> Device | None:
    return devices.find(device.tenant, device.unit_id, WEBPUSH, device.device)


async def test_what_one_process_signs_in_all_know_and_remember(kafka_bootstrap: str, topic: Topic) -> None:
    phone = Browser().device("https://push.example/one")
    tablet = Browser().device("https://push.example/two", name="tablet")
    async with process(kafka_bootstrap, topic) as here, process(kafka_bootstrap, topic) as there:
        signed_in = await here.sign_in(phone)
        await here.sign_in(tablet)
        await until(lambda: found(there, phone) == signed_in and found(there, tablet) is not None)
        # The phone goes to another crew, by way of the other process.
        handed_on = await there.sign_in(replace(phone, unit_id=OTHER, device="hp-9"))
        assert found(there, phone) is None
        await until(lambda: found(here, phone) is None and found(here, handed_on) == handed_on)
        # Out is out for all.
        last = found(here, tablet)
        assert last is not None
        await here.sign_out(last)
        assert found(here, tablet) is None
        await until(lambda: found(there, tablet) is None)
    async with process(kafka_bootstrap, topic) as later:
        assert found(later, handed_on) == handed_on
        assert found(later, phone) is None
        assert found(later, tablet) is None


async def test_two_processes_at_once_agree(kafka_bootstrap: str, topic: Topic) -> None:
    one = Browser().device("https://push.example/one")
    other = replace(one, unit_id=OTHER, device="hp-9")
    async with process(kafka_bootstrap, topic) as here, process(kafka_bootstrap, topic) as there:
        await asyncio.gather(here.sign_in(one), there.sign_in(other))

        def agreed() -> bool:
            views = [(found(each, one), found(each, other)) for each in (here, there)]
            return views[0] == views[1] and sum(view is not None for view in views[0]) == 1

        def know_the_same() -> bool:
            return {*here._book.rivals(one)} == {*there._book.rivals(one)}

        # Who has not heard of the other's yet agrees as well, when its own is the later; but it can end its own only.
        await until(lambda: agreed() and know_the_same())
        holding = found(here, one) or found(here, other)
        assert holding is not None
        await here.sign_out(holding)
        # Who had to give way does not come back when the other leaves.
        await until(lambda: not any(found(each, device) for each in (here, there) for device in (one, other)))
    async with process(kafka_bootstrap, topic) as later:
        assert found(later, one) is None
        assert found(later, other) is None
