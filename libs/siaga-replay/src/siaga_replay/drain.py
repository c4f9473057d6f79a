"""Waits until everything that was posted has come to rest."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka.errors import KafkaError

from siaga_replay.crews import Crews
from siaga_replay.lag import GroupLag
from siaga_replay.ledger import Ledger
from siaga_replay.progress import Progress, Watch
from siaga_replay.sms_ledger import match_sms
from siaga_replay.topics import TopicReader

log = structlog.get_logger()

LOOK_EVERY_S: Final = 0.3
# A dispatcher's outbox shows nowhere from outside: rest means that nothing new has come for this long.
SETTLE_S: Final = 1.5
# A service that was killed is back within seconds, its ledger within half a minute; a consumer that the broker lost with
# itself may need two session timeouts (45 s each). When nothing moves for longer, what
# is missing is missing.
PATIENCE_S: Final = 150.0
# States after which nothing more is to be expected of a message. A way without receipts says no more than that it was
# sent, and at the end of a plan that nobody answered no receipt need come: a replay would wait for it to no purpose.
FINAL: Final = frozenset(
    {"delivered", "read", "acknowledged", "failed_permanent", "expired", "sent_unconfirmed", "unacknowledged"}
)


@dataclass(frozen=True, slots=True)
class Drained:
    """How the waiting ended, and when the last thing moved (monotonic seconds)."""

    drained: bool
    rested_at_s: float
    waiting_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    waiting_for: tuple[str, ...]
    # What moves while anything is under way.
    counts: tuple[int, ...]


class Drain:
    """Looks again and again at what is still missing."""

    def __init__(self, ledger: Ledger, reader: TopicReader, lag: GroupLag, crews: Crews | None) -> None:
        self._ledger = ledger
        self._reader = reader
        self._lag = lag
        self._crews = crews
        self._looked_back = False

    async def wait(self, watch: Watch, patience_s: float = PATIENCE_S) -> Drained:
        """Until nothing is missing and nothing moves; or until nothing has moved for `patience_s`."""
        moved_at = time.monotonic()
        counts: tuple[int, ...] = ()
        while True:
            look = await self._retried(self._look)
            now = time.monotonic()
            if look.counts != counts:
                counts, moved_at = look.counts, now
            elif not look.waiting_for and now - moved_at >= SETTLE_S:
                return Drained(drained=True, rested_at_s=moved_at)
            elif look.waiting_for and now - moved_at >= patience_s:
                return Drained(drained=False, rested_at_s=now, waiting_for=look.waiting_for)
            watch(self._progress(look))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> _Look:
        ledger, behind, lags = self._ledger, await self._reader.behind(), await self._lag.by_group()
        if behind == 0 and not any(lags.values()) and (ledger.unseen_events or ledger.unassessed_calls):
            await self._look_back()
        missing = {
            "records to read": behind,
            **{f"lag of {name}": lag for name, lag in sorted(lags.items())},
            "events not on the topic": len(ledger.unseen_events),
            "calls not assessed": len(ledger.unassessed_calls),
            "calls without incident": len(ledger.calls_without_incident),
            "orders without SMS": len(match_sms(ledger).without_sms),
            "SMS under way": _under_way(ledger),
            "crews under way": self._crews.busy if self._crews else 0,
        }
        waiting_for = tuple(f"{count} {what}" for what, count in missing.items() if count)
        return _Look(waiting_for, (ledger.records, len(ledger.messages), *missing.values()))

    async def _look_back(self) -> None:
        """Everything is at rest and something is missing: perhaps an earlier replay has already brought it."""
        if not self._looked_back:
            self._looked_back = True
            await self._reader.look_back()

    async def _retried(self, look: Callable[[], Awaitable[_Look]]) -> _Look:
        """A broker that restarts answers nothing for a while; that is no end of patience, and no progress either."""
        try:
            return await look()
        except KafkaError as error:
            log.warning("broker does not answer", error=type(error).__name__)
            return _Look(("the broker's answer",), ())

    def _progress(self, look: _Look) -> Progress:
        calls = len(self._ledger.acked_calls)
        return Progress("drain", calls - len(self._ledger.unassessed_calls), calls, ", ".join(look.waiting_for))


def _under_way(ledger: Ledger) -> int:
    """Notifications handed to the SMS centre whose receipt has not come."""
    reached: dict[str, set[str]] = {}
    for each in ledger.notifications:
        reached.setdefault(each.notification_id, set()).add(each.state)
    return sum(1 for states in reached.values() if states.isdisjoint(FINAL))
