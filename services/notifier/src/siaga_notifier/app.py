"""Puts the notifier together."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Final

from siaga.v1 import order_pb2
from siaga_contracts.catalogue import DISPATCH_ORDERS, Topic
from siaga_kit.publishing import Publisher
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage
from siaga_tenants import load_tenants

from siaga_notifier.adapters import hashes
from siaga_notifier.adapters.door.serving import serve
from siaga_notifier.adapters.mqtt.access import Access
from siaga_notifier.adapters.mqtt.broker import MqttBroker
from siaga_notifier.adapters.smpp.centre import SmsCentre
from siaga_notifier.adapters.store import Store
from siaga_notifier.core.outcomes import Outcome
from siaga_notifier.guide import Guide, follow, guide, look
from siaga_notifier.inbox import Inbox
from siaga_notifier.processor import OrderProcessor
from siaga_notifier.pushing import Pushing
from siaga_notifier.retries import Retries
from siaga_notifier.sender import Sender
from siaga_notifier.surely import SurePublisher

GROUP: Final = "siaga.notifier"
# After a crash, what was under way goes out again as a repeat: not more of it than a centre takes in a second or two.
MAX_BATCH: Final = 200


async def assemble(
    runtime: Runtime,
    guide: Guide,
    publisher: Publisher,
    *,
    orders: Topic = DISPATCH_ORDERS,
    group: str = GROUP,
) -> Inbox:
    """Start every part; the inbox is told when the units change."""
    settings = runtime.settings
    redis = hashes.client(settings.redis.url)
    store = Store(redis, settings.caller_secret.get_secret_value().encode(), settings.instance)
    sure = SurePublisher(publisher, runtime.stop)

    # The inbox answers through the centre, and the centre hands to the inbox: one of the two has to be named later.
    async def say(number: str, text: str) -> Outcome:
        return await centre.say(number, text)

    inbox = Inbox(store, sure.publish, say, guide.directory, _now_ms)
    centre = SmsCentre(settings.smpp, inbox.receipt, inbox.message)
    broker: MqttBroker | None = None
    if settings.mqtt.host:
        access = Access.shared(settings.mqtt)
        broker = MqttBroker(access, settings.instance, inbox.unit_answer, inbox.receipt, _now_ms)
    sender = Sender(store, centre, broker, guide.words, _now_ms)
    retries = Retries(store, sender, sure.publish, _now_ms)
    await retries.load()
    processor = OrderProcessor(sender, retries, publisher)
    stage: Stage[order_pb2.DispatchOrder] = Stage(
        service=runtime.service,
        group=group,
        topics=(orders,),
        processor=processor,
        runtime=runtime,
        max_batch=MAX_BATCH,
    )
    runtime.health.add("sms", centre.trouble)
    # On stop the batch under way is finished first: the lines must outlive the stage.
    finished = asyncio.Event()
    runtime.spawn("orders", _then(stage.run(), finished))
    runtime.spawn("sms", _until(finished, centre.run()))
    if broker is not None:
        runtime.spawn("mqtt", _until(finished, broker.run()))
    runtime.spawn("retries", _until(finished, retries.run()))
    runtime.on_stop(redis.aclose)
    runtime.on_stop(store.flush)
    return inbox


async def start(runtime: Runtime) -> None:
    """What `siaga_kit.service.run` calls."""
    directory = runtime.settings.tenants_dir
    known = look(directory)
    found = guide(load_tenants(directory))
    publisher = await runtime.publisher()
    inbox = await assemble(runtime, found, publisher)
    pushing = Pushing(runtime, found.crews, publisher, inbox, _now_ms)
    runtime.spawn("devices", _until(runtime.stop, pushing.devices.run()))
    runtime.spawn("door", serve(runtime, pushing.routes()))

    def know(changed: Guide) -> None:
        inbox.know(changed.directory)
        pushing.know(changed.crews)

    runtime.spawn("tenants", follow(directory, known, know, runtime.stop))


async def _then(work: Coroutine[Any, Any, None], finished: asyncio.Event) -> None:
    try:
        await work
    finally:
        finished.set()


async def _until(finished: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run work that has no end of its own; its failure passes through."""
    working = asyncio.create_task(work)
    waiting = asyncio.create_task(finished.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if working.done():
        working.result()
        return
    working.cancel()
    await asyncio.wait({working})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
