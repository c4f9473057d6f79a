"""The stream door: events of one source at a high rate, each answered for once it is safe.

What has arrived while a group was being kept goes together in the next one, so the rate follows from the client's
window, not from the broker's round trip. When the window of unanswered requests is full the stream is not read on: HTTP/2
then holds the sender back.
"""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Self

import grpc
import structlog
from siaga.v1 import intake_service_pb2 as api
from siaga.v1 import intake_service_pb2_grpc
from siaga_kit import grpc_server, telemetry
from siaga_kit.grpc_server import Refused
from siaga_kit.service import Runtime

from siaga_intake.adapters import origins, streamed
from siaga_intake.adapters.limits import Limits
from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.sources import Admitted, Denied, Sources
from siaga_intake.adapters.spool import Full
from siaga_intake.core import doors
from siaga_intake.core.doors import Door
from siaga_intake.core.events import Refusal

log = structlog.get_logger()

NAME: Final = "siaga.v1.CallIntake"
# Requests of one stream that were read and not answered yet: some megabytes at most, and several groups.
WINDOW: Final = 2_000
# A larger group would hold the loop, and with it every other source, for more than some tens of milliseconds.
GROUP: Final = 500
RETRY_AFTER_S: Final = 5
_ANY_KIND: Final = frozenset().union(doors.STREAMED.open_for, *(door.open_for for door in doors.DOORS))
_CODES: Final = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as its door will read it, or what is wrong with it already."""

    sequence: int
    found: tuple[Door, object] | Refusal

    @property
    def door(self) -> Door | None:
        return None if isinstance(self.found, Refusal) else self.found[0]


class StreamDoor(intake_service_pb2_grpc.CallIntakeServicer):
    """The service `siaga.v1.CallIntake`. Ends its streams when `stop` is set; `now_s` is the wall clock."""

    def __init__(
        self,
        sources: Sources,
        reception: Reception,
        secret: bytes,
        limits: Limits,
        stop: asyncio.Event,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._sources = sources
        self._reception = reception
        self._secret = secret
        self._limits = limits
        self._stop = stop
        self._now_s = now_s

    async def Publish(  # noqa: N802  (the contract's name)
        self, requests: AsyncIterable[api.PublishRequest], context: Any
    ) -> AsyncIterator[api.PublishResponse]:
        """Answer every request of a stream, in its order."""
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        try:
            self._admit(metadata)
            async with _Window(requests, self._stop) as window:
                while group := await window.next_group():
                    # Asked again each time: a credential that was replaced or disabled ends the streams that it opened.
                    admitted = self._admit(metadata)
                    await self._hold_back(admitted, len(group))
                    yield api.PublishResponse(answers=await self._take(group, admitted, metadata))
        except Refused as refused:
            await context.abort(refused.code, refused.message)
        except Exception as error:
            log.exception("stream failed")
            await context.abort(grpc.StatusCode.INTERNAL, f"unexpected {type(error).__name__}; see the log")
        if self._stop.is_set():
            await context.abort(grpc.StatusCode.UNAVAILABLE, "intake is stopping: send what was not answered again")

    def _admit(self, metadata: Mapping[str, str]) -> Admitted:
        """Who speaks. A signature cannot open a stream: it is made over a body."""
        shown = {name: metadata.get(name) for name in ("authorization", "x-siaga-tenant", "x-siaga-source")}
        admitted = self._sources.admit(shown.get, b"", _ANY_KIND, self._now_s())
        if isinstance(admitted, Denied):
            reason = f"{admitted.field}: {admitted.reason}" if admitted.field else admitted.reason
            raise Refused(_CODES.get(admitted.status, grpc.StatusCode.PERMISSION_DENIED), reason)
        return admitted

    async def _hold_back(self, admitted: Admitted, events: int) -> None:
        """A source over its limit is not told to come again: its stream waits, and so does what it would send."""
        source = admitted.source
        if source is None:
            return
        tenant = admitted.centre.tenant
        while not self._stop.is_set() and (wait_s := self._limits.wait_s(tenant, source.name, source.rate_per_s)):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait_s)
        self._limits.spend(tenant, source.name, events, source.rate_per_s)

    async def _take(
        self, group: Sequence[api.PublishRequest], admitted: Admitted, metadata: Mapping[str, str]
    ) -> list[api.PublishAnswer]:
        answers: list[api.PublishAnswer] = []
        asked = [_Asked(request.sequence, streamed.asked(request)) for request in group]
        # Neighbours of one door go together; the stream's order stays.
        for door, neighbours in groupby(asked, lambda each: each.door):
            answers += await self._through(door, list(neighbours), admitted, metadata)
        return answers

    async def _through(
        self, door: Door | None, asked: Sequence[_Asked], admitted: Admitted, metadata: Mapping[str, str]
    ) -> list[api.PublishAnswer]:
        source = admitted.source
        if door is not None and source is not None and source.kind not in door.open_for:
            refusal = Refusal("raw.door", f"a source of kind {source.kind} may not use {door.path}")
            return [streamed.answer(each.sequence, refusal) for each in asked]
        if door is None:
            return [streamed.answer(each.sequence, each.found) for each in asked if isinstance(each.found, Refusal)]
        payloads = [each.found[1] for each in asked if not isinstance(each.found, Refusal)]
        now_ms = int(self._now_s() * 1000)
        named = metadata.get("x-siaga-source", "")
        origin = origins.origin(door, admitted, self._sources, self._secret, named, now_ms, now_ms)
        with telemetry.span(
            f"{NAME}/Publish", "server", metadata.get("traceparent"), {"siaga.tenant": origin.centre.tenant}
        ) as traceparent:
            try:
                taken = await self._reception.receive(door, payloads, origin, traceparent)
            except Full:
                return [streamed.unavailable(each.sequence, RETRY_AFTER_S) for each in asked]
        return [streamed.answer(each.sequence, came_to) for each, came_to in zip(asked, taken, strict=True)]


async def opened(runtime: Runtime, sources: Sources, reception: Reception, secret: bytes, limits: Limits) -> None:
    """Serve it where its port was chosen: most centres have no source that needs it."""
    if "grpc" not in runtime.settings.model_fields_set:
        return
    door = StreamDoor(sources, reception, secret, limits, runtime.stop)
    port = await grpc_server.serve(
        runtime, lambda server: intake_service_pb2_grpc.add_CallIntakeServicer_to_server(door, server), (NAME,)
    )
    log.info("streaming", grpc=f"{runtime.settings.grpc.host}:{port}")


class _Window:
    """Reads a stream ahead, and hands out what has arrived. At most WINDOW requests are with us and not answered."""

    def __init__(self, requests: AsyncIterable[api.PublishRequest], stop: asyncio.Event) -> None:
        self._requests = requests
        self._stop = stop
        self._room = asyncio.Semaphore(WINDOW)
        self._waiting: asyncio.Queue[api.PublishRequest | None] = asyncio.Queue()
        self._handed_out = 0
        self._ended = False

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self._read())
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (self._reader, self._watcher):
            task.cancel()
        await asyncio.gather(self._reader, self._watcher, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for request in self._requests:
                await self._room.acquire()
                self._waiting.put_nowait(request)
        finally:
            self._waiting.put_nowait(None)

    async def _watch(self) -> None:
        await self._stop.wait()
        self._reader.cancel()

    async def next_group(self) -> list[api.PublishRequest]:
        """The next requests, at least one and at most GROUP; none at the end of the stream or at the word to stop.

        Asking for it says that those handed out before are answered.
        """
        for _ in range(self._handed_out):
            self._room.release()
        group: list[api.PublishRequest] = []
        while not self._ended and len(group) < GROUP and not (group and self._waiting.empty()):
            request = await self._waiting.get()
            if request is None:
                self._ended = True
            else:
                group.append(request)
        self._handed_out = len(group)
        return group
