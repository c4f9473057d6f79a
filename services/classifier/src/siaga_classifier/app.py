"""The wiring of the classifier: what it consumes, what it serves."""

import time

from siaga.v1 import caller_advice_service_pb2_grpc
from siaga_contracts import catalogue
from siaga_kit import grpc_server
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage
from siaga_tenants import load_tenants

from siaga_classifier.adapters.advice import SERVICE, CallerAdvice, advice_redis
from siaga_classifier.adapters.advice_store import AdviceStore, SanctionReader
from siaga_classifier.adapters.call_store import CallStore
from siaga_classifier.assembly import CallAssembly
from siaga_classifier.tenants import TenantViews


async def start(runtime: Runtime) -> None:
    """Start both stages and the advice service. Bad tenant data stops the start, before anything is consumed."""
    settings = runtime.settings
    views = TenantViews(load_tenants(settings.tenants_dir))
    calls = Stage(
        service=runtime.service,
        group="siaga.classifier.calls",
        topics=[catalogue.CALL_EVENTS],
        processor=CallAssembly(CallStore(runtime.redis()), views.of),
        runtime=runtime,
    )
    sanctions = Stage(
        service=runtime.service,
        group="siaga.classifier.advice",
        topics=[catalogue.SANCTIONS],
        processor=SanctionReader(AdviceStore(runtime.redis(), _now_ms)),
        runtime=runtime,
    )
    redis = advice_redis(settings.redis.url)
    runtime.on_stop(redis.aclose)
    store, secret = AdviceStore(redis, _now_ms), settings.caller_secret.get_secret_value().encode()
    service = CallerAdvice(store, views, secret, _now_ms)
    await grpc_server.serve(
        runtime,
        lambda server: caller_advice_service_pb2_grpc.add_CallerAdviceServicer_to_server(service, server),
        [SERVICE],
    )
    runtime.spawn("calls", calls.run())
    runtime.spawn("sanctions", sanctions.run())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
