"""What comes back: receipts, crews' messages, acknowledgements over MQTT."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog
from siaga_contracts.callers import e164
from siaga_kit import telemetry
from siaga_kit.records import Outgoing

from siaga_notifier.adapters import codec
from siaga_notifier.adapters.codec import CrewWord, Step
from siaga_notifier.adapters.store import Sent, Store
from siaga_notifier.closing import Closing, answered_attempt
from siaga_notifier.core.clock import answered_at_ms
from siaga_notifier.core.model import SMS, OrderKind, PhoneMessage, Task, UnitAnswer, UnitStatus
from siaga_notifier.core.outcomes import Outcome
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.replies import Courtesy, OwnWords, Question, Report, understand
from siaga_notifier.core.states import State, merge
from siaga_notifier.surely import Turns

log = structlog.get_logger()

# A receipt may overtake the answer to its own submission; so often, twice as long each time, it is looked for again.
RECEIPT_LOOKS: Final = 7
RECEIPT_FIRST_PAUSE_S: Final = 0.02
NOT_ARRIVED: Final = frozenset({State.FAILED_PERMANENT, State.EXPIRED})
# After these the crew is no longer on the task.
ENDING: Final = frozenset({UnitStatus.CLEAR, UnitStatus.DECLINED})

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]
Say = Callable[[str, str], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is known from the tenants' files, whether or not it has had a task."""

    # Numbers in E.164.
    phones: frozenset[str]
    tenant_of_unit: Mapping[str, str]
    # Whose phone it is: a crew in distress may have no task.
    unit_of_phone: Mapping[str, str] = field(default_factory=dict)
    # What the crews of each tenant call statuses.
    own_words: Mapping[str, OwnWords] = field(default_factory=dict)


class Inbox:
    """Turns what comes back into records; returns only when the broker has them."""

    def __init__(
        self,
        store: Store,
        publish: Publish,
        say: Say,
        directory: Directory,
        clock_ms: Callable[[], int],
        closing: Closing | None = None,
    ) -> None:
        self._store = store
        self._closing = closing or Closing(store)
        self._publish = publish
        self._say = say
        self._directory = directory
        self._clock_ms = clock_ms
        self._turns = Turns()
        self._statuses = codec.unit_statuses()

    def know(self, directory: Directory) -> None:
        """Know these units and numbers from now on."""
        self._directory = directory

    async def task(self, order_id: str) -> Task | None:
        """The order as remembered; None when it is not."""
        return await self._store.task(order_id)

    async def receipt(self, receipt: Receipt, number: str = "", *, provider: str = "") -> None:
        """A provider says what became of a message; `number` is the phone that it names, where it names one."""
        if receipt.state is None:
            return
        sent = await self._sent(provider, receipt.provider_id, number)
        if sent is None:
            log.warning("receipt for a message nobody remembers", provider=provider)
            self._count(provider or SMS, "unknown_receipt")
            return
        async with self._turns.of(sent.attempt_id):
            await self._reached(sent, receipt)
        self._count(sent.channel, receipt.state)

    async def _sent(self, provider: str, message_id: str, number: str) -> Sent | None:
        pause_s = RECEIPT_FIRST_PAUSE_S
        for _ in range(RECEIPT_LOOKS):
            sent = await self._store.sent_as(message_id, number, provider)
            if sent is not None:
                return sent
            await asyncio.sleep(pause_s)
            pause_s *= 2
        return None

    async def _reached(self, sent: Sent, receipt: Receipt) -> None:
        about = await self._store.about(sent.order_id, sent.attempt_id)
        if about is None or receipt.state is None:
            return
        task, known = about
        known = known or State.SUBMITTED
        merged = merge(known, receipt.state)
        # A crew may answer before the receipt is here; that the phone had the message stays worth telling.
        proof = known is State.ACKNOWLEDGED and receipt.state is State.DELIVERED
        if merged is known and not proof:
            return
        now_ms = self._clock_ms()
        step = Step(sent.attempt_id, sent.channel, receipt.state, now_ms, receipt.provider_id, receipt.reason)
        await self._publish([codec.notification_event(task, step, task.traceparent)])
        self._store.put_state(task.order_id, step.attempt_id, merged)
        await self._store.flush()
        if merged in NOT_ARRIVED:
            await self._closing.undelivered(sent, receipt.reason, now_ms)

    async def message(self, message: PhoneMessage, say: Say | None = None) -> None:
        """A phone sent an SMS, or a message by WhatsApp; a question goes back by `say`, else by SMS."""
        number = e164(message.source)
        if number is None:
            self._unknown(message.source, message.channel)
            return
        async with self._turns.of(number):
            tasks = [task for task in await self._store.tasks_of(number) if message.tenant in ("", task.tenant)]
            if not tasks and number not in self._directory.phones:
                self._unknown(number, message.channel)
                return
            if not message.text and message.lat is not None:
                await self._located(message, number, tasks)
                return
            meant = understand(message.text, tasks, self._own_words(number, tasks))
            if isinstance(meant, Question):
                await self._ask(number, meant, message.channel, say or self._say)
            elif isinstance(meant, Courtesy):
                self._count(message.channel, "courtesy")
            else:
                await self._report(meant, number, message)

    def _own_words(self, number: str, tasks: Sequence[Task]) -> OwnWords | None:
        unit_id = self._directory.unit_of_phone.get(number, "")
        tenant = tasks[0].tenant if tasks else self._directory.tenant_of_unit.get(unit_id, "")
        return self._directory.own_words.get(tenant)

    def _unknown(self, source: str, channel: str) -> None:
        log.warning("message from an unknown number, not answered", number=masked(source), channel=channel)
        self._count(channel, "unknown_sender")

    async def _ask(self, number: str, question: Question, channel: str, say: Say) -> None:
        self._count(channel, "asked_back")
        if await self._store.may_ask(number, self._clock_ms()):
            await self._store.flush()
            await say(number, question.text)

    async def _report(self, report: Report, number: str, message: PhoneMessage) -> None:
        task = report.task
        if task is None:
            await self._of_itself(report, number, message)
            return
        at_ms = answered_at_ms(task.event_at_ms, task.taken_at_ms, self._clock_ms())
        word = _word(message, task.tenant, task.unit_id, task.order_id, report, at_ms)
        await self._say_so(word, task, message.channel)
        if report.status in ENDING or task.kind is OrderKind.TRIAL:
            await self._store.close(task.incident_id, task.unit_id, number)
            await self._store.flush()

    async def _of_itself(self, report: Report, number: str, message: PhoneMessage) -> None:
        """A crew without a task is in distress, or says how it is: who it is, its phone tells."""
        unit_id = self._directory.unit_of_phone.get(number, "")
        tenant = self._directory.tenant_of_unit.get(unit_id)
        distress = report.status is UnitStatus.MAYDAY
        # Another centre's provider may bring a cry for help, and nothing else.
        if tenant is None or (message.tenant not in ("", tenant) and not distress):
            if distress:
                log.error("distress from a phone of no unit", number=masked(number))
            self._unknown(number, message.channel)
            return
        word = _word(message, tenant, unit_id, "", report, self._clock_ms())
        await self._say_so(word, None, message.channel)

    async def _located(self, message: PhoneMessage, number: str, tasks: Sequence[Task]) -> None:
        """A crew says where it is and nothing else: that is no answer to its task."""
        unit_id = tasks[0].unit_id if tasks else self._directory.unit_of_phone.get(number, "")
        tenant = tasks[0].tenant if tasks else self._directory.tenant_of_unit.get(unit_id)
        if tenant is None or message.tenant not in ("", tenant):
            self._unknown(number, message.channel)
            return
        word = _word(message, tenant, unit_id, "", None, self._clock_ms())
        await self._publish([codec.unit_report(word, None)])
        self._count(message.channel, "located")

    async def unit_answer(self, answer: UnitAnswer) -> None:
        """A unit's device or link answered; that it is the unit's, the way it came vouches for."""
        task = await self._store.task(answer.order_id) if answer.order_id else None
        if answer.status not in self._statuses or (task is not None and task.unit_id != answer.unit_id):
            log.warning("answer refused", unit_id=answer.unit_id, via=answer.via)
            self._count(answer.via, "refused_answer")
            return
        tenant = task.tenant if task is not None else self._directory.tenant_of_unit.get(answer.unit_id)
        if tenant is None:
            log.warning("answer from an unknown unit", unit_id=answer.unit_id, via=answer.via)
            self._count(answer.via, "unknown_sender")
            return
        if answer.tenant not in ("", tenant):
            log.warning("answer for another centre's unit refused", unit_id=answer.unit_id, via=answer.via)
            self._count(answer.via, "refused_answer")
            return
        now_ms = self._clock_ms()
        at_ms = answer.at_ms or (answered_at_ms(task.event_at_ms, task.taken_at_ms, now_ms) if task else now_ms)
        word = CrewWord(
            tenant, answer.unit_id, answer.order_id, answer.status, answer.via, at_ms, lat=answer.lat, lon=answer.lon
        )
        await self._say_so(word, task, answer.via)

    async def _say_so(self, word: CrewWord, task: Task | None, channel: str) -> None:
        """The crew's word, and with it the proof that the order was read: only that closes the notification's loop."""
        if task is not None and task.kind is OrderKind.TRIAL and word.status == UnitStatus.MAYDAY:
            # Distress in answer to a trial is distress all the same, and of no task.
            task, word = None, replace(word, order_id="")
        traceparent = task.traceparent if task is not None else None
        # An answer to a trial says nothing of the unit.
        said = task is None or task.kind is not OrderKind.TRIAL
        records = [codec.unit_report(word, traceparent)] if said else []
        if task is not None:
            attempt_id = await self._latest_attempt(task, channel)
            step = Step(attempt_id, channel, State.ACKNOWLEDGED, self._clock_ms(), reason=word.status)
            records.append(codec.notification_event(task, step, traceparent))
            self._store.put_state(task.order_id, attempt_id, State.ACKNOWLEDGED)
        await self._publish(records)
        await self._store.flush()
        if task is not None:
            await self._closing.acknowledged(task.unit_id, task.incident_id, channel, self._clock_ms())
        self._count(channel, word.status)

    async def _latest_attempt(self, task: Task, channel: str) -> str:
        _, kept = await self._store.read([], [task.order_id])
        known = kept.get(task.order_id)
        return answered_attempt(task.order_id, known.notification if known else None, channel)

    @staticmethod
    def _count(channel: str, result: str) -> None:
        telemetry.counter("siaga.notify.attempts").add(1, {"channel": channel, "result": result})


def _word(
    message: PhoneMessage, tenant: str, unit_id: str, order_id: str, report: Report | None, at_ms: int
) -> CrewWord:
    own_code = report.own_code if report is not None else ""
    return CrewWord(
        tenant,
        unit_id,
        order_id,
        codec.NO_STATUS if report is None or own_code else report.status,
        message.channel,
        at_ms,
        message.text,
        message.lat,
        message.lon,
        own_code,
    )


def masked(number: str) -> str:
    """A number for the log: enough to tell two apart, not enough to call."""
    return f"{number[:4]}…{number[-2:]}" if len(number) > 8 else "…"
