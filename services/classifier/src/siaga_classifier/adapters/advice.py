"""gRPC `CallerAdvice`: asked by the switch while the call rings, so it answers in time whatever is broken behind it."""

import asyncio
import time
from collections.abc import Callable, Container
from typing import Any, Final, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from siaga.v1 import caller_advice_service_pb2, caller_advice_service_pb2_grpc
from siaga_contracts.callers import caller_key, e164
from siaga_kit import telemetry

from siaga_classifier.adapters.fuse import Fuse
from siaga_classifier.core.caller_advice import Kept, RoutingAdvice, advise_caller, normal

log = structlog.get_logger()

# The switch waits for this answer with the caller on the line; the whole must fail open within 50 ms,
# of which a busy machine wants some for itself.
READ_TIMEOUT_S: Final = 0.030
# Of a read that has outlived its caller: longer, for opening a connection anew costs more than an answer that comes late.
SOCKET_TIMEOUT_S: Final = 0.2
# When the loop was held up, the answer may lie there already: so many turns take it in.
LAST_TURNS: Final = 4
# Reads that outlived their caller, at most: with Redis hanging, more would only pile up.
MAX_PENDING_READS: Final = 256
SERVICE: Final = "siaga.v1.CallerAdvice"


class Sanctions(Protocol):
    """Where sanctions are read."""

    async def get(self, tenant: str, caller_key: str) -> Kept: ...


def advice_redis(url: str) -> Redis:
    """A client for advice alone: it gives up when the answer would come too late, and never tries twice."""
    return Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


def told(advice: RoutingAdvice) -> RoutingAdvice:
    """Count an advice that a switch is given."""
    telemetry.counter("siaga.advice.answers").add(1, {"advice": advice.routing.name, "basis": advice.basis})
    return advice


class CallerAdvice(caller_advice_service_pb2_grpc.CallerAdviceServicer):
    """The service. Every way to fail is a way to `NORMAL`, and `basis` says which it was."""

    def __init__(self, sanctions: Sanctions, tenants: Container[str], secret: bytes, now_ms: Callable[[], int]) -> None:
        self._sanctions = sanctions
        self._tenants = tenants
        self._secret = secret
        self._now_ms = now_ms
        self._pending: set[asyncio.Task[Kept]] = set()
        self._fuse = Fuse(time.monotonic)

    async def GetRoutingAdvice(  # noqa: N802  (the contract's name)
        self,
        request: caller_advice_service_pb2.GetRoutingAdviceRequest,
        context: Any,  # noqa: ARG002  (gRPC passes it by position)
    ) -> caller_advice_service_pb2.GetRoutingAdviceResponse:
        """The advice for a number in a tenant."""
        advice = told(await self.advise(request.tenant, request.number))
        return caller_advice_service_pb2.GetRoutingAdviceResponse(
            advice=int(advice.routing),  # type: ignore[arg-type]  # same numbers, see the test of the vocabularies
            state=advice.state,  # type: ignore[arg-type]
            basis=advice.basis,
            until_ms=advice.until_ms,
        )

    async def advise(self, tenant: str, number: str) -> RoutingAdvice:
        """The advice, within the read timeout."""
        if tenant not in self._tenants:
            return normal("unknown_tenant")
        caller = e164(number)
        if caller is None:
            return normal("no_number")
        if not self._fuse.lets_through():
            return normal("store_unavailable")
        try:
            kept = await self._read(tenant, caller_key(self._secret, tenant, caller))
        except Exception as error:  # noqa: BLE001  (INV-2: whatever is wrong with the store, the call goes through)
            if self._fuse.failed():
                # Once for an outage: a line for each question would cost more than its answer.
                log.warning("advice store unavailable: every call is let through", error=type(error).__name__)
            return normal("store_unavailable")
        if self._fuse.worked():
            log.info("advice store answers again")
        return advise_caller(kept, self._now_ms())

    async def _read(self, tenant: str, key: str) -> Kept:
        """Read with a bound. A late read is left to its own time-out: cutting it off would cost its connection."""
        if len(self._pending) >= MAX_PENDING_READS:
            raise TimeoutError("the store does not answer")
        reading = asyncio.create_task(self._sanctions.get(tenant, key))
        self._pending.add(reading)
        reading.add_done_callback(self._forget)
        await asyncio.wait({reading}, timeout=READ_TIMEOUT_S)
        for _ in range(LAST_TURNS):
            if reading.done():
                break
            await asyncio.sleep(0)
        if not reading.done():
            raise TimeoutError("the store is slow")
        return reading.result()

    def _forget(self, reading: asyncio.Task[Kept]) -> None:
        self._pending.discard(reading)
        if not reading.cancelled():
            # Taken here so that a failure nobody waits for any more is not reported as forgotten.
            reading.exception()
