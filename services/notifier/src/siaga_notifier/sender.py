"""Sends orders over their routes and says what became of each."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from siaga_kit import telemetry
from siaga_kit.records import Outgoing

from siaga_notifier.adapters import codec
from siaga_notifier.adapters.codec import Step
from siaga_notifier.adapters.store import Known, Sent, Store
from siaga_notifier.core import names
from siaga_notifier.core.message import Words, compose
from siaga_notifier.core.model import MQTT, SMS, Attempt, Contact, Order, OrderKind, task_of
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_notifier.core.routes import routes
from siaga_notifier.core.states import State
from siaga_notifier.core.tries import MOST_TRIES, Send, Stage, Try, next_step

# Nobody else is asked when an SMS does not go out, so an alarm that comes late beats one that never comes. After half a
# day it would only send a crew to a place where all is over; a stand-down ends the waiting earlier.
GIVE_UP_AFTER_MS: Final = 12 * 60 * 60 * 1000
NO_ROUTE: Final = "none"


class Way(Protocol):
    """What the sender needs of a channel."""

    async def send(self, attempt: Attempt) -> Outcome:
        """Hand an attempt over."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """An order and the trace it belongs to; `sms` False while an earlier order of the unit still waits for its SMS."""

    order: Order
    traceparent: str | None
    sms: bool = True


@dataclass(frozen=True, slots=True)
class Sending:
    """What came of a job: records to publish, and whether SMS has to be tried again (and when)."""

    outgoing: tuple[Outgoing, ...]
    retry_after_s: float | None = None
    # Try again only when the line is there again: the centre is away, or it is unknown what it took.
    line_down: bool = False


@dataclass(frozen=True, slots=True)
class _Result:
    outgoing: tuple[Outgoing, ...]
    again: Temporary | Unknown | None = None


class Sender:
    """The one place that hands messages to channels; doing an order again sends only what is not settled."""

    def __init__(
        self, store: Store, sms: Way, mqtt: Way | None, words: Mapping[str, Words], clock_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._sms = sms
        self._mqtt = mqtt
        self._words = words
        self._clock_ms = clock_ms

    def text(self, order: Order, *, repeat: bool = False) -> str:
        """The order's SMS; raises ValueError for an order that cannot be put into words."""
        return compose(order, self._words.get(order.tenant, Words({}, {})), repeat=repeat)

    async def send(self, jobs: Sequence[Job]) -> list[Sending]:
        """Send all at once; at most one job of a unit, for a unit's orders must arrive in their order."""
        known = await self._store.known([job.order.order_id for job in jobs])
        said = await self._said_before(jobs)
        now_ms = self._clock_ms()
        plans = [self._plan(job, one, said, now_ms) for job, one in zip(jobs, known, strict=True)]
        # Written before the first call: after a crash these are known to be unknown.
        await self._store.flush()
        results = await asyncio.gather(*(self._carry_out(job, plan) for job, plan in zip(jobs, plans, strict=True)))
        await self._store.flush()
        return results

    async def _said_before(self, jobs: Sequence[Job]) -> dict[str, Known]:
        """How far the orders got that reminders among the jobs say again, by their ids."""
        orders = list({job.order.about_order_id for job in jobs if job.order.again})
        return dict(zip(orders, await self._store.known(orders), strict=True)) if orders else {}

    def _plan(
        self, job: Job, known: Known, said: Mapping[str, Known], now_ms: int
    ) -> list[tuple[str, Contact, Send | Try]]:
        order = job.order
        contacts = routes(order.contacts, mqtt=self._mqtt is not None)
        if not known.task:
            # Only once: seen again after a crash, it may have been closed by the crew meanwhile.
            phones = [contact.address for contact in contacts if contact.channel == SMS]
            self._store.put_task(task_of(order, now_ms, job.traceparent), phones)
        plan: list[tuple[str, Contact, Send | Try]] = []
        named = _numbered(contacts)
        for route, contact in _again(named, said[order.about_order_id]) if order.again else named:
            if contact.channel == SMS and not job.sms:
                continue
            step = next_step(known.tries.get(route), now_ms, GIVE_UP_AFTER_MS)
            self._store.put_try(order.order_id, route, step.record)
            plan.append((route, contact, step if isinstance(step, Send) else step.record))
        return plan

    async def _carry_out(self, job: Job, plan: Sequence[tuple[str, Contact, Send | Try]]) -> Sending:
        if not plan and job.sms:
            return Sending((self._unreachable(job),))
        results = await asyncio.gather(*(self._route(job, route, contact, step) for route, contact, step in plan))
        again = [
            result.again
            for (_, contact, _), result in zip(plan, results, strict=True)
            if contact.channel == SMS and result.again
        ]
        await self._stood_down(job.order)
        return Sending(
            tuple(record for result in results for record in result.outgoing),
            retry_after_s=max((one.retry_after_s for one in again if isinstance(one, Temporary)), default=0.0)
            if again
            else None,
            line_down=any(isinstance(one, Unknown) or one.down for one in again),
        )

    def _unreachable(self, job: Job) -> Outgoing:
        attempt = names.attempt_id(job.order.order_id, NO_ROUTE, 1)
        self._count(NO_ROUTE, "no_route")
        # Event time, so that the record is the same however often it is made.
        step = Step(attempt, NO_ROUTE, State.FAILED_PERMANENT, job.order.event_at_ms, reason="no usable contact")
        return codec.notification_event(job.order, step, job.traceparent)

    async def _stood_down(self, order: Order) -> None:
        if order.kind is OrderKind.STAND_DOWN:
            for contact in routes(order.contacts, mqtt=False):
                await self._store.close(order.incident_id, order.unit_id, contact.address)

    async def _route(self, job: Job, route: str, contact: Contact, step: Send | Try) -> _Result:
        if isinstance(step, Try):
            return _Result(self._events(job, route, contact, step, job.traceparent))
        attempt = Attempt(
            _attempt_id(job.order, route, step.record.number),
            contact.channel,
            contact.address,
            step.record.number,
            self.text(job.order, repeat=step.repeat and contact.channel == SMS),
            job.order,
            key=names.attempt_key(job.order.order_id, route),
            repeat=step.repeat,
        )
        attributes = {
            "messaging.system": "smpp" if contact.channel == SMS else "mqtt",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": contact.channel,
            "siaga.order.id": job.order.order_id,
            "siaga.tenant": job.order.tenant,
        }
        with telemetry.span(f"send {contact.channel}", "client", job.traceparent, attributes) as traceparent:
            outcome = await self._hand_over(attempt)
        known, again = self._settle(step.record, outcome)
        self._store.put_try(job.order.order_id, route, known)
        if isinstance(outcome, Accepted) and contact.channel == SMS:
            phone = self._store.phone_key(contact.address)
            self._store.put_sent(outcome.provider_id, Sent(job.order.order_id, attempt.attempt_id, SMS, phone))
        self._count(contact.channel, type(outcome).__name__.lower())
        return _Result(self._events(job, route, contact, known, traceparent), again)

    async def _hand_over(self, attempt: Attempt) -> Outcome:
        if attempt.channel == MQTT:
            assert self._mqtt is not None
            return await self._mqtt.send(attempt)
        return await self._sms.send(attempt)

    def _settle(self, record: Try, outcome: Outcome) -> tuple[Try, Temporary | Unknown | None]:
        now_ms = self._clock_ms()
        match outcome:
            case Accepted(provider_id):
                return replace(record, stage=Stage.SUBMITTED, at_ms=now_ms, provider_id=provider_id), None
            case Permanent(reason):
                return replace(record, stage=Stage.FAILED, at_ms=now_ms, reason=reason), None
            case Temporary(reason):
                return replace(record, stage=Stage.WAITING, at_ms=now_ms, reason=reason), outcome
            case Unknown(reason):
                return replace(record, at_ms=now_ms, reason=reason), outcome

    def _events(
        self, job: Job, route: str, contact: Contact, known: Try, traceparent: str | None
    ) -> tuple[Outgoing, ...]:
        attempt = _attempt_id(job.order, route, known.number)
        repeated = "repeat" if known.number > 1 else ""
        queued = Step(attempt, contact.channel, State.QUEUED, known.first_at_ms, reason=repeated)
        ended = {
            Stage.SUBMITTED: State.SUBMITTED,
            Stage.FAILED: State.FAILED_PERMANENT,
            Stage.EXPIRED: State.EXPIRED,
            Stage.WAITING: State.FAILED_TEMPORARY,
        }.get(known.stage)
        steps = [queued]
        if ended is not None:
            segments = int(contact.channel == SMS)
            steps.append(Step(attempt, contact.channel, ended, known.at_ms, known.provider_id, known.reason, segments))
        return tuple(codec.notification_event(job.order, step, traceparent) for step in steps)

    @staticmethod
    def _count(channel: str, result: str) -> None:
        telemetry.counter("siaga.notify.attempts").add(1, {"channel": channel, "result": result})


def _numbered(contacts: Sequence[Contact]) -> list[tuple[str, Contact]]:
    """Each contact with the name of its route, `sms:0`: by channel, so that a broker set up later shifts nothing."""
    counts: dict[str, int] = {}
    named = []
    for contact in contacts:
        index = counts.get(contact.channel, 0)
        counts[contact.channel] = index + 1
        named.append((f"{contact.channel}:{index}", contact))
    return named


def _again(named: Sequence[tuple[str, Contact]], said: Known) -> Sequence[tuple[str, Contact]]:
    """The routes of a reminder: those that the first word did not take, or else the phones once more.

    A tablet that has the order shows it already; a unit without a phone is told where it was told before.
    """
    untried = [(route, contact) for route, contact in named if route not in said.tries]
    phones = [(route, contact) for route, contact in named if contact.channel == SMS]
    return untried or phones or named


def _attempt_id(order: Order, route: str, number: int) -> str:
    channel, _, index = route.partition(":")
    # Each contact of a channel has its own range of numbers.
    return names.attempt_id(order.order_id, channel, int(index) * MOST_TRIES + number)
