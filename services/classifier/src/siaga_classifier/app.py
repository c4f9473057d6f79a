"""The wiring of the classifier: what it consumes, what it serves."""

import gc
import time
from collections.abc import Sequence
from typing import Any, Final

import grpc
from siaga.v1 import caller_advice_service_pb2_grpc, postures_service_pb2_grpc, sanctions_service_pb2_grpc
from siaga_contracts import catalogue
from siaga_kit import grpc_server
from siaga_kit.audit import AuditLog
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage
from siaga_tenants import Tenants, load_tenants

from siaga_classifier.adapters import advice_http, postures, sanctions
from siaga_classifier.adapters.advice import SERVICE, CallerAdvice, advice_redis
from siaga_classifier.adapters.advice_store import AdviceStore, SanctionReader
from siaga_classifier.adapters.askers import AccessSettings, Askers
from siaga_classifier.adapters.call_store import CallStore
from siaga_classifier.adapters.callback_store import CallbackStore
from siaga_classifier.adapters.desk import Desk
from siaga_classifier.adapters.missed_store import MissedStore
from siaga_classifier.adapters.posture_store import PostureStore
from siaga_classifier.assembly import CallAssembly
from siaga_classifier.callbacks import Callbacks
from siaga_classifier.learning import Learning, MissedWatch, consents
from siaga_classifier.overdue import OverdueCalls
from siaga_classifier.posture import Message as PostureMessage
from siaga_classifier.posture import PostureCounter
from siaga_classifier.posture_watch import PostureWatch
from siaga_classifier.tenants import TenantViews

# A person waits for the answer, and the call as a whole ends after five seconds.
PUBLISH_WITHIN_S: Final = 2.0


async def start(runtime: Runtime) -> None:
    """Start the stages and the doors. Bad tenant data stops the start, before anything is consumed."""
    tenants = load_tenants(runtime.settings.tenants_dir)
    views = TenantViews(tenants)
    missed = MissedStore(runtime.redis(), _now_ms)
    stages = _stages(runtime, tenants, views, missed)
    await _open_doors(runtime, tenants, views)
    for name, stage in stages.items():
        runtime.spawn(name, stage.run())
    runtime.spawn("missed", MissedWatch(runtime, missed, views).run())
    runtime.spawn("overdue", OverdueCalls(runtime, tenants, _now_ms).run())
    _watch_postures(runtime, tenants)
    # Rules, weights and maps stay for ever: looking through them again holds every answer for some ten milliseconds.
    gc.freeze()


def _stages(runtime: Runtime, tenants: Tenants, views: TenantViews, missed: MissedStore) -> dict[str, Stage[Any]]:
    """What is consumed, by the name of the task that does it."""
    calls = Stage(
        service=runtime.service,
        group="siaga.classifier.calls",
        topics=[catalogue.CALL_EVENTS],
        processor=CallAssembly(CallStore(runtime.redis()), views.of),
        runtime=runtime,
    )
    standings = Stage(
        service=runtime.service,
        group="siaga.classifier.advice",
        topics=[catalogue.SANCTIONS],
        processor=SanctionReader(AdviceStore(runtime.redis(), _now_ms), tenants),
        runtime=runtime,
        tombstones=True,
    )
    callbacks = Stage(
        service=runtime.service,
        group="siaga.classifier.callbacks",
        topics=[catalogue.CALLER_OUTCOMES],
        processor=Callbacks(CallbackStore(runtime.redis())),
        runtime=runtime,
    )
    learning = Stage(
        service=runtime.service,
        group="siaga.classifier.learning",
        topics=[catalogue.CALL_ASSESSMENTS],
        processor=Learning(missed, consents(tenants, views.words_known)),
        runtime=runtime,
    )
    return {"calls": calls, "sanctions": standings, "callbacks": callbacks, "learning": learning}


async def _open_doors(runtime: Runtime, tenants: Tenants, views: TenantViews) -> None:
    """Advice for switches by gRPC and HTTP, and what people look into and decide."""
    settings = runtime.settings
    redis = advice_redis(settings.redis.url)
    runtime.on_stop(redis.aclose)
    store, secret = AdviceStore(redis, _now_ms), settings.caller_secret.get_secret_value().encode()
    advice = CallerAdvice(store, views, secret, _now_ms)
    askers = Askers({code: tenant.sources for code, tenant in tenants.items()}, AccessSettings())
    runtime.health.tell("sources", lambda: askers.trouble)
    runtime.spawn("sources", askers.follow(runtime, settings.tenants_dir))
    advice_http.open_door(runtime, advice_http.AdviceDoor(advice, askers, _now_ms))

    async def publish(outgoing: Sequence[Outgoing]) -> None:
        await (await runtime.publisher()).publish(outgoing, timeout_s=PUBLISH_WITHIN_S)

    operators = {code: frozenset(tenant.operators) for code, tenant in tenants.items()}
    desk = Desk(AuditLog(runtime.redis(), publish), publish, operators, _now_ms)
    memory = sanctions.DecisionMemory(runtime.redis())
    people = sanctions.Sanctions(desk, AdviceStore(runtime.redis(), _now_ms), memory, secret)
    incidents = postures.Postures(desk)

    def register(server: grpc.aio.Server) -> None:
        caller_advice_service_pb2_grpc.add_CallerAdviceServicer_to_server(advice, server)
        sanctions_service_pb2_grpc.add_SanctionsServicer_to_server(people, server)
        postures_service_pb2_grpc.add_PosturesServicer_to_server(incidents, server)

    await grpc_server.serve(runtime, register, [SERVICE, sanctions.SERVICE, postures.SERVICE])


def _watch_postures(runtime: Runtime, tenants: Tenants) -> None:
    policies = {code: tenant.posture for code, tenant in tenants.items()}
    store = PostureStore(runtime.redis(), runtime.settings.instance)
    counter = PostureCounter(store, policies)
    stage: Stage[PostureMessage] = Stage(
        service=runtime.service,
        group="siaga.classifier.posture",
        topics=[catalogue.CALL_ASSESSMENTS, catalogue.CALLER_DECISIONS],
        processor=counter,
        runtime=runtime,
    )
    runtime.spawn("postures", stage.run())
    watch = PostureWatch(runtime, store, AdviceStore(runtime.redis(), _now_ms), counter, policies)
    runtime.health.tell("posture", lambda: watch.note)
    runtime.spawn("posture watch", watch.run())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
