"""One unit's notifications while this process looks after them: sends what is due, hears what came of it, tells it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from siaga_kit.records import Outgoing

from siaga_notifier import telling
from siaga_notifier.adapters.dues import LEASE_MS, Dues
from siaga_notifier.adapters.store import ACKNOWLEDGED, UNDELIVERED, Heard, Kept, Sent, Store
from siaga_notifier.core.model import SMS, WHATSAPP, Contact, OrderKind
from siaga_notifier.core.outcomes import Accepted
from siaga_notifier.core.plans import moves
from siaga_notifier.core.plans.values import Notification, Sending, Sight
from siaga_notifier.core.routes import channel_of
from siaga_notifier.registry import Handed, Registry
from siaga_notifier.sender import InHand, Sender, attempt_id

# A broker that takes longer is away; the unit is let go all the same, and told of again later.
TELLING_MOST_MS: Final = 1_000
# A crew's word ends the alarms and the reminders of its task; of a change it has still to be told.
ANSWERED: Final = frozenset({OrderKind.DISPATCH, OrderKind.REMIND, OrderKind.TRIAL})

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Tools:
    """What every unit's work is done with."""

    store: Store
    dues: Dues
    registry: Registry
    sender: Sender
    publish: Publish
    clock_ms: Callable[[], int]
    # Routes of a notification that reach somebody who is on duty now.
    on_duty: Callable[[InHand], frozenset[str]]


class UnitWork:
    """Holds a unit's open notifications, oldest first, from claim to release."""

    def __init__(self, unit_id: str, tools: Tools) -> None:
        self.unit_id = unit_id
        self.news = asyncio.Event()
        # Somebody is about to add to it: it may not end meanwhile.
        self.held = 0
        # Its book has been read; and it runs.
        self.filled = asyncio.Event()
        self.started = False
        self._tools = tools
        self._hands: dict[str, InHand] = {}
        self._flying: dict[asyncio.Task[Handed], tuple[InHand, Sending]] = {}
        # Found by `look`, not begun with yet.
        self._ready: list[tuple[InHand, Sending]] = []
        self._records: list[Outgoing] = []
        self._tellings: list[asyncio.Future[None]] = []
        self._leased_ms = tools.clock_ms()

    @property
    def hands(self) -> list[InHand]:
        """What is in hand, oldest first."""
        return list(self._hands.values())

    def hand(self, order_id: str) -> InHand | None:
        """An order's notification, when it is in hand."""
        return self._hands.get(order_id)

    def take(self, hand: InHand) -> None:
        """Look after one more; what is true of it already is told once more where it may not have been."""
        self._hands[hand.order.order_id] = hand
        if hand.untold:
            self._records += telling.records(None, hand, self._tools.clock_ms())

    def change(self, hand: InHand, after: Notification) -> None:
        """Remember how a notification has moved on, and what is to be told of it."""
        before = hand.notification
        if after == before:
            return
        hand.notification = after
        records = telling.records(before, hand, self._tools.clock_ms())
        hand.untold = hand.untold or bool(records)
        self._records += records
        self.put(hand)

    def put(self, hand: InHand) -> None:
        """Have it remembered as it is."""
        kept = Kept(hand.notification, hand.raw, hand.traceparent, hand.untold)
        self._tools.store.put(self.unit_id, kept)

    def hear(self, heard: Heard) -> None:
        """Something was heard of one of the tasks."""
        now_ms = self._tools.clock_ms()
        for hand in self._hands.values():
            known = hand.notification
            if heard.kind == UNDELIVERED and heard.order_id == known.order_id:
                self.change(hand, moves.on_undelivered(known, heard.route, heard.number, heard.reason, now_ms))
            elif heard.kind == ACKNOWLEDGED and self._answers(heard, known):
                if not heard.told:
                    hand.answered_by, hand.answer = heard.channel or "unknown", heard.reason
                self.change(hand, moves.on_acknowledged(known))

    def _answers(self, heard: Heard, known: Notification) -> bool:
        if known.kind not in ANSWERED or heard.at_ms < known.taken_at_ms:
            return False
        if heard.incident_id:
            return heard.incident_id == known.incident_id
        # Without a task named it is the unit's only open one; a trial is none.
        tasks = {
            one.incident_id for hand in self._hands.values() if (one := hand.notification).kind is not OrderKind.TRIAL
        }
        return tasks == {known.incident_id}

    def look(self) -> bool:
        """Find what is to be sent now, and whether anything is; flush the store before `begin`."""
        now_ms = self._tools.clock_ms()
        for hand, busy in self._with_busy():
            decision = moves.look(hand.notification, self._sight(hand, busy), now_ms)
            self.change(hand, decision.after)
            self._ready += [(hand, sending) for sending in decision.sendings]
        return bool(self._ready)

    def _with_busy(self) -> Iterator[tuple[InHand, frozenset[str]]]:
        """Each with its routes that wait for an earlier order, or are under way; a unit's orders arrive in their order."""
        waiting: set[Contact] = set()
        for hand in self._hands.values():
            named, flying = hand.named, self._flying_of(hand)
            yield hand, frozenset(route for route, contact in named.items() if contact in waiting or route in flying)
            # Asked again, for meanwhile it may have been looked at. No alarm waits behind a trial.
            if hand.order.kind is not OrderKind.TRIAL:
                waiting |= {named[route] for route in hand.notification.waiting | self._flying_of(hand)}

    def _flying_of(self, hand: InHand) -> frozenset[str]:
        under_way = (*self._flying.values(), *self._ready)
        return frozenset(sending.route for other, sending in under_way if other is hand)

    def _sight(self, hand: InHand, busy: frozenset[str]) -> Sight:
        tenant = hand.order.tenant
        served, down = self._tools.registry.served(tenant), self._tools.registry.down(tenant)
        return Sight(
            usable=frozenset(route for route in self._tools.on_duty(hand) if channel_of(route) in served),
            busy=busy,
            down=frozenset(route for route in hand.named if channel_of(route) in down),
        )

    def begin(self) -> None:
        """Hand over what is ready, all at once."""
        ready, self._ready = self._ready, []
        for hand, sending in ready:
            task = asyncio.create_task(self._tools.sender.send(hand, sending))
            self._flying[task] = (hand, sending)

    async def run(self, heard: Callable[["UnitWork"], Awaitable[None]]) -> None:
        """Go on until nothing is under way and nothing due; `heard` brings what was heard meanwhile."""
        while True:
            await self._until_quiet(heard)
            await self._until_told()
            if self.news.is_set():
                continue
            self._mark_told()
            await self._tools.store.flush()
            await self._tools.dues.release(self.unit_id, self._due_ms())
            if not self.news.is_set() and not self.held:
                return
            await self._tools.dues.seize([self.unit_id])

    async def _until_quiet(self, heard: Callable[["UnitWork"], Awaitable[None]]) -> None:
        while True:
            if self.news.is_set():
                self.news.clear()
                await heard(self)
            if self.look():
                await self._tools.store.flush()
                self.begin()
            self._tell()
            if not self._flying and not self.news.is_set() and not self.held:
                return
            await self._wait()
            await self._take_outcomes()

    async def _wait(self) -> None:
        """Until a message was answered, something was heard, or the next step is due."""
        now_ms = self._tools.clock_ms()
        if now_ms - self._leased_ms > LEASE_MS / 2:
            self._leased_ms = now_ms
            await self._tools.dues.seize([self.unit_id])
        due_ms = self._due_ms()
        pause_s = LEASE_MS / 4000 if due_ms is None else min(LEASE_MS / 4000, max(0.01, (due_ms - now_ms) / 1000))
        await self._first_of(self._flying, pause_s)

    async def _first_of(self, tasks: Iterable[asyncio.Future[Any]], pause_s: float) -> None:
        """Until one of these is done, or something was heard; at most so long."""
        news = asyncio.create_task(self.news.wait())
        await asyncio.wait({*tasks, news}, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        news.cancel()

    async def _take_outcomes(self) -> None:
        done = [task for task in self._flying if task.done()]
        for task in done:
            hand, sending = self._flying.pop(task)
            self._settle(hand, sending, task.result())
        if done:
            await self._tools.store.flush()
            for hand in self.hands:
                await self._close_task(hand)

    def _settle(self, hand: InHand, sending: Sending, handed: Handed) -> None:
        now_ms = self._tools.clock_ms()
        luck = random.random()  # noqa: S311
        outcome = handed.outcome
        if isinstance(outcome, Accepted) and outcome.provider_id:
            contact = hand.named[sending.route]
            self._tools.store.put_sent(
                handed.provider,
                outcome.provider_id,
                Sent(
                    hand.order.order_id,
                    attempt_id(hand.order.order_id, sending.route, sending.number),
                    contact.channel,
                    self._tools.store.phone_key(contact.address),
                    self.unit_id,
                    sending.route,
                    sending.number,
                ),
            )
        after = moves.on_outcome(
            hand.notification,
            sending.route,
            outcome,
            now_ms,
            luck,
            provider=handed.provider,
            confirms=handed.confirms,
        )
        self.change(hand, after)

    async def _close_task(self, hand: InHand) -> None:
        """A crew that was told of a stand-down has no open task of that incident any more."""
        order = hand.order
        if order.kind is not OrderKind.STAND_DOWN or hand.task_closed:
            return
        hand.task_closed = True
        for contact in hand.named.values():
            if contact.channel in (SMS, WHATSAPP):
                await self._tools.store.close(order.incident_id, order.unit_id, contact.address)

    def _due_ms(self) -> int | None:
        """When to look again; what waits behind an earlier order is looked at with it."""
        times = [moves.due_ms(hand.notification, busy) for hand, busy in self._with_busy()]
        if any(hand.untold for hand in self._hands.values()):
            # The broker may not have heard of it: told again from the store.
            times.append(self._tools.clock_ms() + LEASE_MS)
        return min((due_ms for due_ms in times if due_ms is not None), default=None)

    def _tell(self) -> None:
        if self._records:
            records, self._records = self._records, []
            self._tellings.append(asyncio.ensure_future(self._tools.publish(records)))

    async def _until_told(self) -> None:
        """Until the broker has all of it, or it has had its time, or there is something else to do."""
        self._tell()
        deadline_ms = self._tools.clock_ms() + TELLING_MOST_MS
        while not self.news.is_set() and (late := [one for one in self._tellings if not one.done()]):
            left_ms = deadline_ms - self._tools.clock_ms()
            if left_ms <= 0:
                return
            await self._first_of(late, left_ms / 1000)

    def _mark_told(self) -> None:
        if all(one.done() and one.exception() is None for one in self._tellings):
            self._tellings.clear()
            for hand in self._hands.values():
                if hand.untold:
                    hand.untold = False
                    self.put(hand)
