"""Puts intake together: sources, spool, keeper and front door."""

import asyncio
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
import uvicorn
from siaga_contracts.catalogue import CALL_EVENTS, UNIT_REPORTS, Topic
from siaga_kit import collector
from siaga_kit.records import Outgoing
from siaga_kit.service import DOOR, QuietServer, Runtime
from siaga_tenants import load_tenants

from siaga_intake import openapi
from siaga_intake.adapters import codec, grpc_door, tls
from siaga_intake.adapters.admission import Admission
from siaga_intake.adapters.finder.shared import RedisFinder
from siaga_intake.adapters.finder.steady import PATIENCE_S, SteadyFinder
from siaga_intake.adapters.following import Following, Keep
from siaga_intake.adapters.handshake import handshake
from siaga_intake.adapters.http import FrontDoor
from siaga_intake.adapters.keeping import Keeper, Publish
from siaga_intake.adapters.limits import Gate, Limits
from siaga_intake.adapters.quarantine import Quarantine
from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.sources import AccessSettings, Sources
from siaga_intake.adapters.spool import Spool
from siaga_intake.adapters.switches import ari_inbound
from siaga_intake.adapters.switches.ari_inbound import Expected
from siaga_intake.adapters.switches.cdr_folder import CdrFolder
from siaga_intake.adapters.switches.connector import Connector
from siaga_intake.adapters.switches.links import connectors, expected, folders
from siaga_intake.adapters.switches.pump import MAX_MESSAGE_BYTES
from siaga_intake.adapters.tls import CertificateWatch, TlsProtocol
from siaga_intake.adapters.trackers import unit_doors
from siaga_intake.adapters.watching import SourceWatch
from siaga_intake.core.events import CallEvent

log = structlog.get_logger()

# A broker that has not answered by now is away as far as a caller is concerned: the spool answers in milliseconds.
BROKER_TIMEOUT_S: Final = 2.0
# Requests under way when the word to stop comes; the process has four seconds for everything.
GRACE_S: Final = 2
BACKLOG: Final = 2048
# Switches post every few seconds; opening a connection for each would cost more than the event.
KEEP_ALIVE_S: Final = 60


async def start(runtime: Runtime, topic: Topic = CALL_EVENTS, reports: Topic = UNIT_REPORTS) -> None:
    """Start intake: spool, keeper and HTTP server, until the runtime stops. `topic` is calls', `reports` units'."""
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
    # Its answers are not waited for as long as elsewhere.
    redis = runtime.redis_within(PATIENCE_S)
    runtime.on_stop(redis.aclose)
    finder = SteadyFinder(RedisFinder(redis))
    runtime.health.tell("conversations", finder.trouble)
    following = Following(finder, secret, lambda: sources.centres, _keep(keeper, topic), _now_ms)
    reception = Reception(keeper, topic, (quarantine.observe,), following)
    notes = runtime.settings.data_dir / f"intake-{runtime.settings.instance}.links"
    links = list(connectors(tenants, sources, reception, secret, notes))
    outbound = expected(tenants, sources, reception, secret, notes)
    for feed in (*(link.feed for link in links), *(each.feed for each in outbound.values())):
        runtime.health.tell(feed.title, feed.trouble)
    left_behind = list(folders(tenants, sources, reception, secret))
    for folder in left_behind:
        runtime.health.tell(f"{folder.delivery.line.title} cdr_dir", folder.trouble)
    ari_route = ari_inbound.route(sources, {names: each.feed for names, each in outbound.items()})
    limits, gate = Limits(), Gate()
    trackers = unit_doors.opened(
        runtime, tenants, sources, Admission(sources, time.time, limits, gate), quarantine, reports
    )
    extra = (handshake(sources), ari_route, openapi.route(), *trackers.routes)
    front_door = FrontDoor(
        sources, reception, secret, limits=limits, gate=gate, unreadable=quarantine.unreadable, extra=extra
    )
    secured = tls.context(runtime.settings.http)
    if secured is not None:
        renewing = CertificateWatch(secured, runtime.settings.http)
        runtime.health.tell("tls", lambda: renewing.trouble)
        runtime.spawn("tls", renewing.run(runtime.stop))
    await grpc_door.opened(runtime, sources, reception, secret, limits)
    listening = _listen(runtime.settings.http.host, runtime.settings.http.port)
    url = "{}://{}:{}".format("http" if secured is None else "https", *listening.getsockname()[:2])
    log.info("listening", url=url, tenants=len(sources.centres))
    collector.calm()
    behind = _Behind(keeper, spool, following, finder, [*links, *trackers.links, *outbound.values(), *left_behind])
    runtime.spawn("intake", _serve(runtime, front_door, listening, secured, behind))


@dataclass(frozen=True, slots=True)
class _Behind:
    """What works behind the front door."""

    keeper: Keeper
    spool: Spool
    following: Following
    finder: SteadyFinder
    links: Sequence[Connector | Expected | CdrFolder]


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


def _keep(keeper: Keeper, topic: Topic) -> Keep:
    async def keep(events: Sequence[CallEvent]) -> None:
        await keeper.keep([codec.outgoing(event, topic, None) for event in events])

    return keep


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def _serve(
    runtime: Runtime,
    front_door: FrontDoor,
    listening: socket.socket,
    secured: ssl.SSLContext | None,
    behind: _Behind,
) -> None:
    """Serve until told to stop; then answer what has been asked, keep it, and close the spool, in this order."""
    server = QuietServer(
        uvicorn.Config(
            front_door.application(),
            http="httptools" if secured is None else TlsProtocol,
            ssl_context_factory=None if secured is None else lambda *_: secured,
            ws="websockets-sansio",
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            **DOOR,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )

    async with asyncio.TaskGroup() as parts:
        parts.create_task(behind.keeper.run())
        parts.create_task(behind.keeper.drain())
        followed = parts.create_task(behind.following.run())
        connections = [parts.create_task(link.run()) for link in behind.links]
        await server.serve_until(runtime.stop, [listening])
        for connection in connections:
            # What it has read and not kept is read again from the switch's records at the next start.
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        behind.following.close()
        await followed
        await behind.finder.hand_over()
        behind.keeper.close()
    await behind.spool.close()
