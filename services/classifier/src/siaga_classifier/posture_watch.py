"""Looks at each centre's counts, tells its posture when that changes, and lets its sanctions rest in a flood.

Publish, then save: what is told and what the ledger hears is a function of counts and of the state before, under ids made
from it. A process that dies between the two leaves another to tell the same again.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog
from siaga_contracts import catalogue
from siaga_contracts.catalogue import Topic
from siaga_kit import telemetry
from siaga_kit.errors import is_transient
from siaga_kit.publishing import to_all_partitions
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_tenants import PosturePolicy

from siaga_classifier.adapters.advice_store import AdviceStore
from siaga_classifier.adapters.posture_codec import decode, encode, posture_message, rest_message, telling_id
from siaga_classifier.adapters.posture_store import PostureStore, Snapshot
from siaga_classifier.core.posture.levels import Level
from siaga_classifier.core.posture.outlook import Outlook, Saved, Sight, decide
from siaga_classifier.core.posture.pressure import MINUTE_MS, WINDOW, Pressure, Thresholds
from siaga_classifier.core.posture.progress import begin, progress
from siaga_classifier.core.posture.standing import Posture, is_hot
from siaga_classifier.posture import PostureCounter

log = structlog.get_logger()

# A flood is seen within this; oftener costs an idle centre's machine, and no person would act sooner.
LOOK_EVERY_S: Final = 1.0
# After a start no minute is called over before the backlog's first records had their time to come.
SETTLE_S: Final = 60.0
# All partitions have brought something by then, if there is a backlog.
SETTLE_AFTER_FIRST_S: Final = 6.0
# Minutes folded in at once: a day, so that in a month of long ago others have their turn.
AT_ONCE: Final = 1_440


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a process waits before it calls minutes over, from its start and from the first record that it counted."""

    at_start_s: float = SETTLE_S
    after_first_s: float = SETTLE_AFTER_FIRST_S


class PostureWatch:
    """The task beside the counting stage; of several processes one looks at a centre at a time."""

    def __init__(
        self,
        runtime: Runtime,
        store: PostureStore,
        advice: AdviceStore,
        counter: PostureCounter,
        policies: Mapping[str, PosturePolicy],
        postures: Topic = catalogue.POSTURES,
        decisions: Topic = catalogue.CALLER_DECISIONS,
        waits: Waits = Waits(),
    ) -> None:
        self._runtime = runtime
        self._store = store
        self._advice = advice
        self._counter = counter
        self._thresholds = {tenant: thresholds_of(policy) for tenant, policy in policies.items()}
        self._postures = postures
        self._decisions = decisions
        self._waits = waits
        self._settled_at_s = time.monotonic() + waits.at_start_s
        self._has_heard = False
        self._notes: dict[str, str] = {}

    @property
    def note(self) -> str | None:
        """Which of the centres that this process looks after are pressed, or have a hot caller; None = none."""
        return "; ".join(self._notes[tenant] for tenant in sorted(self._notes)) or None

    async def run(self) -> None:
        """Look until the runtime stops: at centres that something was counted of, and at all once a minute."""
        minute = -1
        while not await self._runtime.sleep(LOOK_EVERY_S):
            due, self._counter.touched = self._counter.touched, set()
            if int(time.time()) // 60 != minute:
                minute = int(time.time()) // 60
                due = set(self._thresholds)
            for tenant in sorted(due):
                await self._try(tenant)

    async def _try(self, tenant: str) -> None:
        try:
            while await self.look(tenant, time.time_ns() // 1_000_000):
                await asyncio.sleep(0)
        except Exception as error:
            if not is_transient(error):
                raise
            self._counter.touched.add(tenant)
            log.warning("posture not looked at", tenant=tenant, error=type(error).__name__)

    async def look(self, tenant: str, now_ms: int) -> bool:
        """Look at one centre; tells whether minutes are left that are over and not folded in."""
        snapshot = await self._store.look(tenant)
        if snapshot is None:
            self._notes.pop(tenant, None)
            return False
        how_far = progress(snapshot.marks, now_ms)
        before = decode(snapshot.state) or Saved(Pressure(0))
        if how_far is None:
            if snapshot.declared is not None:
                sight = Sight({}, before.pressure.minute, before.pressure.minute, now_ms, (), snapshot.declared)
                await self._conclude(tenant, snapshot, before, sight, now_ms)
            return False
        start = begin(before.pressure.minute, snapshot.first_minute, how_far.over)
        before = replace(before, pressure=replace(before.pressure, minute=start))
        is_settled = self._is_settled()
        if not is_settled and how_far.head - start > 2 * WINDOW:
            # A backlog begins to come: what it amounts to is known only when all of it is there.
            self._counter.touched.add(tenant)
            return False
        over = min(how_far.over, start + AT_ONCE) if is_settled else start
        is_behind = is_settled and over < how_far.over
        head, at_ms = (over, over * MINUTE_MS) if is_behind else (how_far.head, how_far.at_ms)
        counts = await self._store.minutes(tenant, start - WINDOW + 1, max(head, start))
        sight = Sight(counts, over, head, at_ms, snapshot.hot, snapshot.declared)
        return await self._conclude(tenant, snapshot, before, sight, now_ms) and is_behind

    async def _conclude(self, tenant: str, snapshot: Snapshot, before: Saved, sight: Sight, now_ms: int) -> bool:
        """Decide, tell, remember; False when another process was faster."""
        outlook = decide(before, sight, self._thresholds[tenant], now_ms)
        outgoing = self._outgoing(tenant, before.revision, outlook)
        if outgoing:
            await (await self._runtime.publisher()).publish(outgoing)
        state = encode(outlook.saved)
        if state != snapshot.state and not await self._store.save(tenant, snapshot.state, state):
            self._counter.touched.add(tenant)
            return False
        told = outlook.saved.told
        if told.suspended or before.told.suspended:
            await self._advice.suspend(tenant, suspended=told.suspended)
        gone = [caller for caller in snapshot.hot if not is_hot(caller, sight.at_ms)]
        if gone:
            await self._store.cool(tenant, gone)
        self._measure(tenant, outlook)
        self._notes.pop(tenant, None)
        if told.level is not Level.GREEN or told.hot:
            self._notes[tenant] = in_words(tenant, told)
        return True

    def _outgoing(self, tenant: str, revision: int, outlook: Outlook) -> list[Outgoing]:
        outgoing: list[Outgoing] = []
        for telling in outlook.tell:
            event_id = telling_id(tenant, revision, telling)
            outgoing.append(Outgoing(self._postures, tenant, posture_message(tenant, telling), event_id, telling.at_ms))
        for span in outlook.rest:
            message = rest_message(tenant, span)
            outgoing += to_all_partitions(self._decisions, message, message.decision_id, message.at_ms)
        return outgoing

    @staticmethod
    def _measure(tenant: str, outlook: Outlook) -> None:
        told = outlook.saved.told
        telemetry.gauge("siaga.posture.level").set(told.level.value, {"siaga.tenant": tenant})
        for telling in outlook.tell:
            standing = telling.posture
            log.info("posture", tenant=tenant, level=standing.level.name.lower(), reason=standing.reason)
        for hot in outlook.alerts:
            telemetry.counter("siaga.posture.alerts").add(1, {"siaga.tenant": tenant})
            log.warning("hot caller", tenant=tenant, calls=hot.calls, has_number=bool(hot.caller_key))

    def _is_settled(self) -> bool:
        if self._counter.has_heard and not self._has_heard:
            self._has_heard = True
            self._settled_at_s = min(self._settled_at_s, time.monotonic() + self._waits.after_first_s)
        return time.monotonic() >= self._settled_at_s


def in_words(tenant: str, told: Posture) -> str:
    """A posture in one line, for whoever looks at the process."""
    parts = [f"{tenant} is {told.level.name.lower()}"]
    if told.reason:
        parts.append(f"({told.reason})" if not told.declared_by else f"({told.reason} by {told.declared_by})")
    if told.suspended:
        parts.append("and its sanctions are suspended")
    if told.hot:
        parts.append(f"with {len(told.hot)} hot callers: `siaga posture show`")
    return " ".join(parts)


def thresholds_of(policy: PosturePolicy) -> Thresholds:
    """A centre's policy as the core measures by it."""
    yellow_s, orange_s = policy.wait_seconds
    return Thresholds(
        policy.times_usual,
        policy.callers_per_minute,
        policy.usual_at_least,
        policy.unserved_share,
        (int(yellow_s * 1000), int(orange_s * 1000)),
        policy.calm_minutes,
    )
