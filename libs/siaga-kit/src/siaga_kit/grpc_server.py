"""A gRPC server as every service has it: health, reflection, deadlines and errors handled in one place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from siaga_kit import telemetry
from siaga_kit.errors import is_transient
from siaga_kit.service import Runtime

log = structlog.get_logger()

# Longest work for one call: a caller without a deadline would hold its slot for ever when something behind us hangs.
DEADLINE_S: Final = 5.0
STOP_GRACE_S: Final = 1.0
OPTIONS: Final = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # Clients ping every 30 s; a stricter minimum would answer them with "too many pings" and hang up.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 1024 * 1024),
)


class Refused(Exception):  # noqa: N818  (an answer, not a fault)
    """Ends a call with a status and a message that names what, where and the remedy."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Guard(grpc.aio.ServerInterceptor):
    """Gives every call a span and a typed end; an unexpected error never shows its inside to the caller.

    A unary call ends within its deadline; a stream of answers goes on as long as its caller listens.
    """

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None or handler.request_streaming:
            return handler
        method = str(handler_call_details.method).lstrip("/")
        metadata = dict(handler_call_details.invocation_metadata or ())
        traceparent = str(metadata.get("traceparent") or "") or None
        codec = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(_streaming(method, handler.unary_stream, traceparent), **codec)
        return grpc.unary_unary_rpc_method_handler(_unary(method, handler.unary_unary, traceparent), **codec)


def _unary(method: str, inner: Callable[[Any, Any], Awaitable[Any]], traceparent: str | None) -> Any:
    async def guarded(request: Any, context: Any) -> Any:
        with telemetry.span(method, "server", traceparent):
            remaining = context.time_remaining()
            if remaining is not None and remaining <= 0:
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the deadline passed before the work began")
            try:
                async with asyncio.timeout(DEADLINE_S):
                    return await inner(request, context)
            except TimeoutError:
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, f"not done within {DEADLINE_S:.0f} s")
            except Exception as error:  # noqa: BLE001  (whatever it is, the caller gets a typed end)
                await _end(method, context, error)

    return guarded


def _streaming(method: str, inner: Callable[[Any, Any], AsyncIterator[Any]], traceparent: str | None) -> Any:
    async def guarded(request: Any, context: Any) -> AsyncIterator[Any]:
        # The span is the beginning's: a stream may last for days, and no trace does.
        with telemetry.span(method, "server", traceparent):
            answers = inner(request, context)
        try:
            async for answer in answers:
                yield answer
        except Exception as error:  # noqa: BLE001  (as above)
            await _end(method, context, error)

    return guarded


async def _end(method: str, context: Any, error: Exception) -> None:
    """Abort the call as the error asks for."""
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if isinstance(error, Refused):
        await context.abort(error.code, error.message)
    if is_transient(error):
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the store is away; try again")
    log.error("call failed", method=method, error=type(error).__name__, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, f"unexpected {type(error).__name__}; see the log")


async def serve(runtime: Runtime, register: Callable[[grpc.aio.Server], None], service_names: Sequence[str]) -> int:
    """Serve on `settings.grpc`, with health (per service and overall) and reflection; returns the port.

    Health follows the runtime's own readiness and turns to NOT_SERVING first thing at shutdown.
    """
    server = grpc.aio.server(interceptors=[_Guard()], options=OPTIONS)
    register(server)
    health = health_aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    reflection.enable_server_reflection((*service_names, HEALTH, reflection.SERVICE_NAME), server)
    where = runtime.settings.grpc
    port = server.add_insecure_port(f"{where.host}:{where.port}")
    await server.start()

    async def follow() -> None:
        while True:
            ready = not runtime.health.reasons()
            status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
            for name in ("", *service_names):
                await health.set(name, status)
            if await runtime.sleep(1.0):
                return

    async def stop() -> None:
        await health.enter_graceful_shutdown()
        await server.stop(STOP_GRACE_S)

    runtime.spawn("grpc.health", follow())
    runtime.on_stop(stop)
    return port
