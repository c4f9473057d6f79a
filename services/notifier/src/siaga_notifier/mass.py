"""Sends approved texts to many callers, slowly enough that no crew's alarm waits, and none of them twice."""

from collections.abc import Callable, Sequence
from typing import Final

import structlog
from aiolimiter import AsyncLimiter
from siaga.v1.mass_pb2 import MassMessage
from siaga_kit import telemetry
from siaga_kit.errors import Transient
from siaga_kit.stage import Item, Result
from siaga_tenants.model import NotifyPolicy

from siaga_notifier.core.mass import GOOD_FOR_MS, refusal, subject
from siaga_notifier.core.outcomes import Temporary
from siaga_notifier.feedback import Claims, Say

log = structlog.get_logger()

GROUP: Final = "siaga.notifier.mass"
# What a stop has to wait for, and what is looked at again after a kill.
MAX_BATCH: Final = 20
# Where a centre's provider states no rate. More would be felt by the alarms of a modem or a small gateway.
USUAL_PER_S: Final = 5.0
# Of a stated rate; the rest is the crews'.
SHARE: Final = 0.5
MASS: Final = "mass"
# A full mailbox is refused for now, too, for ever; the others behind it must not wait for that.
MOST_TRIES: Final = 5


class MassSender:
    """What the stage does with mass messages: each goes at most once, for the claim is taken before it goes."""

    def __init__(
        self, claims: Claims, say: Say, policy: Callable[[str], NotifyPolicy], clock_ms: Callable[[], int]
    ) -> None:
        self._claims = claims
        self._say = say
        self._policy = policy
        self._clock_ms = clock_ms
        self._limits: dict[tuple[str, float], AsyncLimiter] = {}
        # Refusals of the message in hand.
        self._refused = ("", 0)

    async def process(self, batch: Sequence[Item[MassMessage]]) -> Result:
        """Send a batch. Raises Transient while no SMS can leave."""
        for item in batch:
            result = await self._one(item.message)
            telemetry.counter("siaga.notify.attempts").add(1, {"channel": MASS, "result": result})
        return Result()

    async def _one(self, message: MassMessage) -> str:
        policy = self._policy(message.tenant)
        refused = refusal(policy.mass, message.asked_by, message.approved_by)
        if refused is not None:
            log.error("mass text refused", tenant=message.tenant, mass_id=message.mass_id, reason=refused)
            return "refused"
        if self._clock_ms() - message.at_ms > GOOD_FOR_MS:
            return "expired"
        who, kind = subject(message.tenant, message.caller_key), f"{MASS}:{message.text_name}"
        await self._limit(message.tenant, policy).acquire()
        if not await self._claims.claim(who, kind):
            return "again"
        outcome = await self._say(message.tenant, message.number, message.text)
        if isinstance(outcome, Temporary) and (outcome.down or self._may_try(message.message_id)):
            await self._claims.give_back(who, kind)
            raise Transient("no SMS can leave, the mass text waits")
        return type(outcome).__name__.lower()

    def _may_try(self, message_id: str) -> bool:
        """Whether a message that was refused for now may be tried once more."""
        before, count = self._refused
        self._refused = (message_id, count + 1 if before == message_id else 1)
        return self._refused[1] < MOST_TRIES

    def _limit(self, tenant: str, policy: NotifyPolicy) -> AsyncLimiter:
        stated = next((spec.rate_per_s for spec in policy.providers if spec.channel == "sms" and spec.rate_per_s), None)
        rate = USUAL_PER_S if stated is None else stated * SHARE
        if (tenant, rate) not in self._limits:
            self._limits[tenant, rate] = AsyncLimiter(1, 1 / rate)
        return self._limits[tenant, rate]
