"""A gRPC server as every service has it: health, reflection, deadlines and errors handled in one place."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
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
    """Gives every unary call a span and a typed end; an unexpected error never shows its inside to the caller."""

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method = str(handler_call_details.method).lstrip("/")
        inner = handler.unary_unary
        metadata = dict(handler_call_details.invocation_metadata or ())

        async def guarded(request: Any, context: Any) -> Any:
            with telemetry.span(method, "server", str(metadata.get("traceparent") or "") or None):
                remaining = context.time_remaining()
                if remaining is not None and remaining <= 0:
                    await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the deadline passed before the work began")
                try:
                    async with asyncio.timeout(DEADLINE_S):
                        return await inner(request, context)
                except TimeoutError:
                    await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, f"not done within {DEADLINE_S:.0f} s")
                except Refused as refused:
                    await context.abort(refused.code, refused.message)
                except grpc.aio.AbortError:
                    raise
                except Exception as error:
                    if is_transient(error):
                        await context.abort(grpc.StatusCode.UNAVAILABLE, "the store is away; try again")
                    log.exception("call failed", method=method)
                    await context.abort(grpc.StatusCode.INTERNAL, f"unexpected {type(error).__name__}; see the log")

        return grpc.unary_unary_rpc_method_handler(
            guarded, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
        )


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
