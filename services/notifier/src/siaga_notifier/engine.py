"""Takes orders, follows their plans and keeps their times: every notification goes on until somebody has answered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import structlog
from siaga.v1 import order_pb2
from siaga_kit.records import Outgoing
from siaga_tenants.model import NotifyPolicy

from siaga_notifier import telling
from siaga_notifier.adapters import codec
from siaga_notifier.adapters.store import Book, Kept
from siaga_notifier.core.model import OPERATOR, SMS, WHATSAPP, Contact, Order, OrderKind, task_of
from siaga_notifier.core.plans import asked, moves
from siaga_notifier.core.plans.values import Notification, Phase, PlannedStep
from siaga_notifier.core.routes import OPERATOR_ROUTE, channel_of, routes
from siaga_notifier.core.states import State
from siaga_notifier.sender import InHand, Link
from siaga_notifier.unit_work import Tools, UnitWork

log = structlog.get_logger()

# With Redis away nothing outlives this process: then the offsets wait that long for the messages to be handed over.
PATIENCE_S: Final = 0.5
# More units under way than this and the topic waits: memory, and one process's share of work.
MOST_AT_WORK: Final = 1_000
# What is under way when the process stops is finished; the rest is taken up by whoever comes next.
DRAIN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Job:
    """An order as it came from the topic."""

    order: Order
    raw: bytes
    traceparent: str | None
    # Topic, partition and offset.
    origin: str = ""
    # Wall clock when it was put on the topic; 0 = now.
    published_at_ms: int = 0


class Engine:
    """One of these in a process; the times are shared with the others."""

    def __init__(self, tools: Tools, policies: Callable[[str], NotifyPolicy], link: Link) -> None:
        self._tools = tools
        self._policies = policies
        self._link = link
        self._works: dict[str, UnitWork] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._down: frozenset[str] = frozenset()

    @property
    def busy(self) -> bool:
        """Whether any unit is looked after at this moment."""
        return bool(self._works)

    async def take(self, jobs: Sequence[Job]) -> None:
        """Begin with orders; returns when they will be gone on with whatever happens to this process."""
        wanted = dict.fromkeys(
            order_id for job in jobs for order_id in (job.order.order_id, job.order.about_order_id) if order_id
        )
        units = dict.fromkeys(job.order.unit_id for job in jobs)
        loose: list[Outgoing] = []
        async with self._having(list(units), list(wanted), seized=True) as (works, kept):
            for job in jobs:
                work = works[job.order.unit_id]
                self._begin(work, job, kept, loose)
                # After each: what a later order means for it, it means for a message that is on its way.
                work.look()
            await self._tools.store.flush()
            for work in works.values():
                if not work.started:
                    work.begin()
        if loose:
            await self._tools.publish(loose)
        if self._tasks and (self._tools.store.degraded or len(self._works) > MOST_AT_WORK):
            await asyncio.wait(set(self._tasks), timeout=PATIENCE_S)

    @asynccontextmanager
    async def _having(
        self, unit_ids: Collection[str], order_ids: Sequence[str], *, seized: bool = False
    ) -> AsyncIterator[tuple[dict[str, UnitWork], dict[str, Kept]]]:
        """The work of each unit, with all that is open of it, and what is remembered of these orders.

        A unit has one work in a process, from before its book is read until it is let go: two would send things twice.
        """
        fresh = [unit_id for unit_id in unit_ids if unit_id not in self._works]
        for unit_id in fresh:
            self._works[unit_id] = UnitWork(unit_id, self._tools)
        works = {unit_id: self._works[unit_id] for unit_id in unit_ids}
        for work in works.values():
            work.held += 1
        started = False
        try:
            if seized:
                (books, kept), _ = await asyncio.gather(
                    self._tools.store.read(fresh, order_ids), self._tools.dues.seize(fresh)
                )
            else:
                books, kept = await self._tools.store.read(fresh, order_ids)
            for unit_id in fresh:
                self._fill(works[unit_id], books[unit_id], kept)
                works[unit_id].filled.set()
            for work in works.values():
                await work.filled.wait()
            yield works, kept
            started = True
        finally:
            for unit_id, work in works.items():
                work.held -= 1
                if unit_id not in fresh:
                    work.news.set()
                elif started:
                    self._start(work)
                else:
                    # Its lease runs out, and then it is looked at again.
                    del self._works[unit_id]
                    work.filled.set()

    def _fill(self, work: UnitWork, book: Book, kept: Mapping[str, Kept]) -> None:
        known = {hand.order.order_id for hand in work.hands}
        for order_id in book.open:
            found = kept.get(order_id)
            if found is not None and found.raw and order_id not in known:
                work.take(self._hand(found))
        for heard in book.heard.values():
            work.hear(heard)
        if book.heard:
            self._tools.store.forget_heard(work.unit_id, book.heard)

    def _hand(self, kept: Kept) -> InHand:
        order = codec.order(order_pb2.DispatchOrder.FromString(kept.raw))
        taken_at_ms = kept.notification.taken_at_ms
        return InHand(
            kept.notification,
            order,
            _named(order),
            kept.raw,
            kept.traceparent,
            self._link(order, taken_at_ms),
            kept.untold,
        )

    def _begin(self, work: UnitWork, job: Job, kept: Mapping[str, Kept], loose: list[Outgoing]) -> None:
        order, now_ms = job.order, self._tools.clock_ms()
        known = self._known(work, order.order_id, kept)
        if known is not None and not self._anew(known, job):
            self._once_more(work, job, known, loose)
            return
        named = _named(order)
        steps = self._steps(work, order, named, kept)
        notification = Notification(order.order_id, order.incident_id, order.kind, now_ms, steps, origin=job.origin)
        if job.published_at_ms and now_ms - job.published_at_ms > moves.GIVE_UP_AFTER_MS:
            loose.append(telling.unreachable(order, "too old to be of use", job.traceparent, State.EXPIRED))
            notification = replace(notification, phase=Phase.FAILED, steps=())
        elif not self._reachable(order, named):
            loose.append(telling.unreachable(order, "no usable contact", job.traceparent))
        if known is None:
            phones = [contact.address for contact in named.values() if contact.channel in (SMS, WHATSAPP)]
            self._tools.store.put_task(task_of(order, now_ms, job.traceparent), phones)
        hand = InHand(notification, order, named, job.raw, job.traceparent, self._link(order, now_ms))
        work.take(hand)
        work.put(hand)

    @staticmethod
    def _anew(known: Notification, job: Job) -> bool:
        """Whether an order that nothing could send was sent again on purpose, e.g. from the dead letters."""
        return telling.unsent(known) and bool(job.origin) and job.origin != known.origin

    @staticmethod
    def _known(work: UnitWork, order_id: str, kept: Mapping[str, Kept]) -> Notification | None:
        """An order as it stands: in hand, which is newer, or as it was remembered."""
        hand, found = work.hand(order_id), kept.get(order_id)
        if hand is not None:
            return hand.notification
        return found.notification if found is not None else None

    def _once_more(self, work: UnitWork, job: Job, known: Notification, loose: list[Outgoing]) -> None:
        """An order that comes again, as after a crash: what is true of it is told again, nothing else is done."""
        in_hand = work.hand(job.order.order_id)
        named = _named(job.order)
        hand = in_hand or InHand(known, job.order, named, job.raw, job.traceparent)
        loose += telling.records(None, hand, self._tools.clock_ms())
        if in_hand is None and not self._reachable(job.order, named):
            loose.append(telling.unreachable(job.order, "no usable contact", job.traceparent))

    def _steps(
        self, work: UnitWork, order: Order, named: dict[str, Contact], kept: Mapping[str, Kept]
    ) -> tuple[PlannedStep, ...]:
        """The order's own steps; what it means for the unit's earlier ones happens here, too."""
        crew = {route: contact for route, contact in named.items() if contact.channel != OPERATOR}
        same = [hand for hand in work.hands if hand.order.incident_id == order.incident_id]
        match order.kind:
            case OrderKind.DISPATCH | OrderKind.TRIAL:
                plan = self._policies(order.tenant).plan(order.unit_kind, order.priority)
                trial = order.kind is OrderKind.TRIAL
                return asked.trial(plan, named, order.only_channel) if trial else asked.alarm(plan, named)
            case OrderKind.REMIND:
                steps = asked.reminder(crew, self._known(work, order.about_order_id, kept))
                about = work.hand(order.about_order_id)
                if about is not None:
                    work.change(about, moves.on_hurried(about.notification))
                return steps
            case OrderKind.STAND_DOWN:
                for hand in same:
                    if hand.order.kind is not OrderKind.STAND_DOWN:
                        work.change(hand, moves.on_stood_down(hand.notification))
        return asked.news(crew, [hand.notification for hand in same])

    def _reachable(self, order: Order, named: Mapping[str, Contact]) -> bool:
        served = self._tools.registry.served(order.tenant)
        return any(channel_of(route) in served for route in named if route != OPERATOR_ROUTE)

    def _start(self, work: UnitWork) -> None:
        work.started = True
        task = asyncio.create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, work: UnitWork) -> None:
        try:
            await work.run(self._catch_up)
        except Exception:
            # Its lease runs out, and then it is looked at again.
            log.exception("work on a unit broke off", unit_id=work.unit_id)
        finally:
            del self._works[work.unit_id]

    async def _catch_up(self, work: UnitWork) -> None:
        books, kept = await self._tools.store.read([work.unit_id], [])
        self._fill(work, books[work.unit_id], kept)

    async def heard(self, unit_ids: Sequence[str]) -> None:
        """Something was left in the books of these units: look at them now."""
        for unit_id in unit_ids:
            if unit_id in self._works:
                self._works[unit_id].news.set()
        await self._tools.dues.hurry([unit_id for unit_id in unit_ids if unit_id not in self._works])

    async def run(self) -> None:
        """Take up what is due, until cancelled."""
        await self._tools.dues.recover()
        while True:
            await self._tools.dues.next()
            await self._back_again()
            await self.look()

    async def look(self) -> None:
        """Take up what is due now."""
        claimed = await self._tools.dues.claim()
        if claimed:
            async with self._having(claimed, ()):
                pass

    async def _back_again(self) -> None:
        """A provider that is back is used at once by all who wait for it."""
        down = frozenset(name for name, one in self._tools.registry.everyone() if one.trouble() is not None)
        back, self._down = self._down - down, down
        if back:
            await self._tools.dues.hurry(self._tools.dues.hurry_own())

    async def drain(self) -> None:
        """Finish what is under way."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=DRAIN_S)


def _named(order: Order) -> dict[str, Contact]:
    return {**routes(order.contacts), OPERATOR_ROUTE: Contact(OPERATOR, order.unit_id)}
