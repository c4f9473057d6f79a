"""Puts intake together: sources, spool, keeper and front door."""

import asyncio
import gc
import socket
from collections.abc import Sequence
from functools import partial
from typing import Final

import structlog
import uvicorn
from siaga_contracts.catalogue import CALL_EVENTS, Topic
from siaga_kit.records import Outgoing
from siaga_kit.service import QuietServer, Runtime
from siaga_tenants import load_tenants

from siaga_intake.adapters.http import FrontDoor
from siaga_intake.adapters.keeping import Keeper, Publish
from siaga_intake.adapters.quarantine import Quarantine
from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.sources import AccessSettings, Sources
from siaga_intake.adapters.spool import Spool
from siaga_intake.adapters.switches.cdr_folder import CdrFolder
from siaga_intake.adapters.switches.connector import Connector
from siaga_intake.adapters.switches.links import connectors, folders
from siaga_intake.adapters.watching import SourceWatch

log = structlog.get_logger()

# A broker that has not answered by now is away as far as a caller is concerned: the spool answers in milliseconds.
BROKER_TIMEOUT_S: Final = 2.0
# Requests under way when the word to stop comes; the process has four seconds for everything.
GRACE_S: Final = 2
BACKLOG: Final = 2048
# Switches post every few seconds; opening a connection for each would cost more than the event.
KEEP_ALIVE_S: Final = 60
# Events are many small objects without cycles: at Python's 700 the collector takes a quarter of a batch's time.
GC_THRESHOLD: Final = 50_000


async def start(runtime: Runtime, topic: Topic = CALL_EVENTS) -> None:
    """Start intake: spool, keeper and HTTP server, until the runtime stops."""
    secret = runtime.settings.caller_secret.get_secret_value().encode()
    if not secret:
        raise ValueError("SIAGA_CALLER_SECRET is empty: without it callers' keys could be undone")
    tenants = load_tenants(runtime.settings.tenants_dir)
    sources = Sources(tenants, AccessSettings())
    watch = SourceWatch(runtime.settings.tenants_dir, sources)
    runtime.health.tell("sources", lambda: watch.trouble)
    runtime.spawn("sources", watch.run(runtime.stop))
    spool = Spool(runtime.settings.data_dir / f"intake-{runtime.settings.instance}.spool.sqlite3")
    await spool.open()
    keeper = Keeper(_broker(runtime), spool, topic)
    runtime.health.add("keeping", keeper.trouble)
    runtime.health.tell("spool", spool.alarm)
    quarantine = Quarantine(runtime.settings.data_dir / f"quarantine-{runtime.settings.instance}.sqlite3")
    quarantine.open()
    runtime.health.tell("quarantine", lambda: quarantine.trouble)
    runtime.on_stop(partial(asyncio.to_thread, quarantine.close))
    reception = Reception(keeper, topic, (quarantine.observe,))
    notes = runtime.settings.data_dir / f"intake-{runtime.settings.instance}.links"
    links = list(connectors(tenants, sources, reception, secret, notes))
    for link in links:
        runtime.health.tell(link.feed.line.source.name, link.feed.trouble)
    left_behind = list(folders(tenants, sources, reception, secret))
    for folder in left_behind:
        runtime.health.tell(f"{folder.delivery.line.source.name} cdr_dir", folder.trouble)
    front_door = FrontDoor(sources, reception, secret, unreadable=quarantine.unreadable)
    listening = _listen(runtime.settings.http.host, runtime.settings.http.port)
    log.info("listening", url="http://{}:{}".format(*listening.getsockname()[:2]), tenants=len(sources.centres))
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    runtime.spawn("intake", _serve(runtime, front_door, keeper, spool, listening, [*links, *left_behind]))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # asyncio leaves Nagle's algorithm on for sockets made this way, and every answer would wait 40 ms for an ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _broker(runtime: Runtime) -> Publish:
    async def publish(outgoing: Sequence[Outgoing]) -> None:
        await (await runtime.publisher()).publish(outgoing, timeout_s=BROKER_TIMEOUT_S)

    return publish


async def _serve(
    runtime: Runtime,
    front_door: FrontDoor,
    keeper: Keeper,
    spool: Spool,
    listening: socket.socket,
    links: Sequence[Connector | CdrFolder],
) -> None:
    """Serve until told to stop; then answer what has been asked, keep it, and close the spool, in this order."""
    server = QuietServer(
        uvicorn.Config(
            front_door.application(),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )

    async with asyncio.TaskGroup() as parts:
        parts.create_task(keeper.run())
        parts.create_task(keeper.drain())
        connections = [parts.create_task(link.run()) for link in links]
        await server.serve_until(runtime.stop, [listening])
        for connection in connections:
            # What it has read and not kept is read again from the switch's records at the next start.
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        keeper.close()
    await spool.close()
