"""Runs the notifier's parts."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from siaga.v1 import order_pb2, unit_pb2
from siaga_contracts.catalogue import DISPATCH_ORDERS, UNIT_REPORTS, Topic
from siaga_kit import collector
from siaga_kit.publishing import Publisher
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage
from siaga_tenants import load_tenants

from siaga_notifier.adapters.door.serving import serve
from siaga_notifier.assembly import Parts, now_ms, parts
from siaga_notifier.callers import serve_callers
from siaga_notifier.door_routes import routes
from siaga_notifier.guide import Guide, follow, guide, look
from siaga_notifier.processor import OrderProcessor
from siaga_notifier.reports import ReportProcessor

GROUP: Final = "siaga.notifier"
# After a crash, what was under way goes out again as a repeat: not more of it than a centre takes in a second or two.
MAX_BATCH: Final = 200
MEASURE_EVERY_S: Final = 5.0


async def assemble(
    runtime: Runtime,
    guide: Guide,
    publisher: Publisher,
    *,
    orders: Topic = DISPATCH_ORDERS,
    reports: Topic = UNIT_REPORTS,
    group: str = GROUP,
) -> Parts:
    """Start every part; `know` tells them when the tenants' files change."""
    made = parts(runtime, guide, publisher)
    stage: Stage[order_pb2.DispatchOrder] = Stage(
        service=runtime.service,
        group=group,
        topics=(orders,),
        processor=OrderProcessor(made.engine, made.sender),
        runtime=runtime,
        max_batch=MAX_BATCH,
    )
    answers: Stage[unit_pb2.UnitReport] = Stage(
        service=runtime.service,
        group=f"{group}.reports",
        topics=(reports,),
        processor=ReportProcessor(made.store, made.engine.heard, now_ms),
        runtime=runtime,
    )
    runtime.health.add("channels", made.registry.trouble)
    runtime.health.tell("providers", made.registry.notes)
    # On stop the batch under way is finished first: the lines must outlive the stage.
    finished = asyncio.Event()
    runtime.spawn("orders", _then(stage.run(), made, finished))
    runtime.spawn("reports", answers.run())
    runtime.spawn("providers", _until(finished, made.registry.run()))
    runtime.spawn("timers", _until(finished, made.engine.run()))
    runtime.spawn("measures", _until(finished, _measure(made)))
    return made


async def start(runtime: Runtime) -> None:
    """What `siaga_kit.service.run` calls."""
    directory = runtime.settings.tenants_dir
    known = look(directory)
    made = await assemble(runtime, guide(load_tenants(directory)), await runtime.publisher())
    runtime.spawn("devices", _until(runtime.stop, made.pushing.devices.run()))
    serve_callers(runtime, made)
    runtime.spawn("door", serve(runtime, routes(made)))
    runtime.spawn("tenants", follow(directory, known, made.know, runtime.stop))
    collector.calm()


async def _measure(made: Parts) -> None:
    while True:
        made.registry.measure()
        await asyncio.sleep(MEASURE_EVERY_S)


async def _then(work: Coroutine[Any, Any, None], made: Parts, finished: asyncio.Event) -> None:
    try:
        await work
        await made.engine.drain()
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
