"""What goes to callers, not to crews: consumers of their own, so that no alarm ever waits for them."""

from siaga.v1 import incident_pb2, mass_pb2
from siaga_contracts.catalogue import INCIDENTS, MASS_MESSAGES, Topic
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage
from siaga_tenants.model.notify import Feedback

from siaga_notifier import feedback, mass
from siaga_notifier.adapters.claims import FEEDBACK_KEPT_S, MASS_KEPT_S, RedisClaims
from siaga_notifier.assembly import Parts, now_ms
from siaga_notifier.feedback import CallerFeedback
from siaga_notifier.mass import MassSender


def serve_callers(
    runtime: Runtime,
    made: Parts,
    *,
    incidents: Topic = INCIDENTS,
    messages: Topic = MASS_MESSAGES,
    group: str = "",
) -> None:
    """Run both; with a `group` of another name they read all again."""

    def wanted(tenant: str) -> Feedback:
        return made.following.policy(tenant).feedback

    redis = runtime.redis()
    told: Stage[incident_pb2.Incident] = Stage(
        service=runtime.service,
        group=feedback.GROUP + group,
        topics=(incidents,),
        processor=CallerFeedback(
            RedisClaims(redis, FEEDBACK_KEPT_S), made.registry.say, wanted, made.following.words_of, now_ms
        ),
        runtime=runtime,
        max_batch=feedback.MAX_BATCH,
    )
    many: Stage[mass_pb2.MassMessage] = Stage(
        service=runtime.service,
        group=mass.GROUP + group,
        topics=(messages,),
        processor=MassSender(RedisClaims(redis, MASS_KEPT_S), made.registry.say, made.following.policy, now_ms),
        runtime=runtime,
        max_batch=mass.MAX_BATCH,
    )
    runtime.spawn("feedback", told.run())
    runtime.spawn("mass", many.run())
