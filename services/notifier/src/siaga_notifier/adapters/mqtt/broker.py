"""The MQTT channel: orders to unit tablets and sirens, their answers back."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

import aiomqtt
import structlog
from aiomqtt import ProtocolVersion

from siaga_notifier.adapters.mqtt.access import Access, AccessError
from siaga_notifier.adapters.mqtt.line import (
    AT_LEAST_ONCE,
    PUBLISH_S,
    REFUSED_FROM,
    Line,
    NoAnswerError,
    NotSentError,
    expiring,
    opened,
    spoken,
)
from siaga_notifier.adapters.patience import patiently
from siaga_notifier.core.app_payload import EXPIRY_S, payload
from siaga_notifier.core.model import MQTT, Attempt, UnitAnswer
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.states import State
from siaga_notifier.core.tablet import ACKS, STATUS, Presence, Shown, Word, is_away, read_word, unit_of
from siaga_notifier.surely import Turns

log = structlog.get_logger()

# A broker that only started anew is back at once; one that stays away is not pestered.
RECONNECT_FIRST_S: Final = 0.2
RECONNECT_MOST_S: Final = 5.0
# Reason codes of MQTT 5 §3.4.2.1 that say something about the message; the others say something about the broker.
NOBODY_LISTENS: Final = 0x10
REFUSED: Final = {0x87: "the broker's access list forbids the topic", 0x90: "the broker does not take the topic"}
NOT_THERE: Final = "no device of the unit listens to this topic"
ASLEEP: Final = "the unit's device is offline; the broker keeps the order for it"
# Orders of a unit that nobody heard; a device that comes needs the task that it has now, not those of the whole night.
UNHEARD_MOST: Final = 10


OnAnswer = Callable[[UnitAnswer], Awaitable[None]]
# A receipt, and the topic that its attempt went to.
OnReceipt = Callable[[Receipt, str], Coroutine[Any, Any, None]]


class MqttBroker:
    """Publishes orders; what devices say is acknowledged to the broker when it was dealt with."""

    channel: Final = MQTT
    keyed: Final = True
    # By devices that tell what they show.
    confirms: Final = True

    def __init__(
        self,
        access: Access,
        instance: str,
        on_answer: OnAnswer,
        on_receipt: OnReceipt,
        clock_ms: Callable[[], int],
        provider_id: str = MQTT,
    ) -> None:
        self.provider_id = provider_id
        self._access = access
        self._name = access.name(instance, provider_id)
        self._status = f"siaga/notifier/{instance}/status"
        self._on_answer = on_answer
        self._on_receipt = on_receipt
        self._clock_ms = clock_ms
        self._line: Line | None = None
        self._trouble: str | None = "not connected to the MQTT broker"
        # Many small brokers speak 3.1.1 only; without message expiry, devices go by `expires_in_s` in the payload.
        self._protocol: ProtocolVersion | None = None
        self._devices: dict[tuple[str, str], bool] = {}
        # What nobody was there to hear, by unit: a device that comes within the order's time gets it all the same.
        self._unheard: dict[str, deque[Attempt]] = {}
        self._turns = Turns()
        self._asides: set[asyncio.Task[None]] = set()

    def trouble(self) -> str | None:
        """Why nothing can be published now; None when something can."""
        return self._trouble

    async def run(self) -> None:
        """Keep connected, until cancelled."""
        pause_s = RECONNECT_FIRST_S
        while True:
            try:
                await self._serve()
            except (aiomqtt.MqttError, AccessError) as error:
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    # Taking leave of a broker that does not answer must not bring this loop back to life.
                    raise asyncio.CancelledError from error
                if self._line is not None:
                    pause_s = RECONNECT_FIRST_S
                self._lost(error)
            finally:
                self._line = None
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, RECONNECT_MOST_S)

    def _lost(self, error: Exception) -> None:
        reason = str(error) if isinstance(error, AccessError) else type(error).__name__
        trouble = f"not connected to the MQTT broker: {reason}"
        if self._trouble != trouble:
            log.warning("MQTT broker away", provider=self.provider_id, error=reason)
        self._trouble = trouble

    async def _serve(self) -> None:
        if self._protocol is None:
            self._protocol = await spoken(self._access)
        will = aiomqtt.Will(self._status, b"offline", AT_LEAST_ONCE, retain=True)
        async with opened(self._access, self._name, self._protocol, will) as line:
            # Retained statuses come again with the subscription; one that was cleared meanwhile would stay otherwise.
            self._devices.clear()
            for topic in (ACKS, STATUS):
                if not await line.listens(topic):
                    # Orders go out all the same: a crew that is told and not heard is better than one that is not told.
                    log.error("the MQTT broker lets nobody hear devices", provider=self.provider_id, topic=topic)
            await line.publish(self._status, b"online", AT_LEAST_ONCE, retain=True)
            self._line, self._trouble = line, None
            log.info("connected to the MQTT broker", provider=self.provider_id, protocol=self._protocol.name)
            try:
                await self._listen(line)
            except asyncio.CancelledError:
                # The broker publishes the will of those only that do not take leave.
                with contextlib.suppress(aiomqtt.MqttError):
                    await line.publish(self._status, b"offline", AT_LEAST_ONCE, retain=True, timeout=PUBLISH_S)
                raise

    async def _listen(self, line: Line) -> None:
        """Deal with messages: a unit's one after the other, units beside each other, acknowledged in their order.

        The broker has no more than its window (mosquitto: 20) unacknowledged, so no more are under way here.
        """
        under_way: deque[tuple[aiomqtt.Message, asyncio.Task[None]]] = deque()
        messages = aiter(line.messages)
        coming = asyncio.ensure_future(anext(messages))
        try:
            while True:
                waiting = {coming, under_way[0][1]} if under_way else {coming}
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if coming.done():
                    message = coming.result()
                    under_way.append((message, asyncio.create_task(self._heard(message))))
                    coming = asyncio.ensure_future(anext(messages))
                while under_way and under_way[0][1].done():
                    message, dealt_with = under_way.popleft()
                    dealt_with.result()
                    line.done(message)
        finally:
            coming.cancel()
            for _, task in under_way:
                task.cancel()
            await asyncio.gather(coming, *(task for _, task in under_way), return_exceptions=True)

    async def _heard(self, message: aiomqtt.Message) -> None:
        word = read_word(str(message.topic), message.payload)
        if word is None:
            log.warning("word over MQTT not understood", topic=str(message.topic))
            return
        async with self._turns.of(word.unit_id):
            await patiently(lambda: self._deal_with(word), self.provider_id)

    async def _deal_with(self, word: Word) -> None:
        match word:
            case UnitAnswer():
                await self._on_answer(word)
            case Shown(unit_id, attempt_id, state):
                await self._on_receipt(Receipt(attempt_id, state, ""), f"siaga/unit/{unit_id}/tasks")
            case Presence(unit_id, device, online):
                if online is None:
                    self._devices.pop((unit_id, device), None)
                else:
                    self._devices[unit_id, device] = online
                if online:
                    self._aside(self._make_up_for(unit_id))

    async def send(self, attempt: Attempt) -> Outcome:
        """Publish an order to its unit's topic."""
        if any(wild in attempt.address for wild in "+#"):
            return Permanent("topic with a wildcard")
        line = self._line
        if line is None:
            return Temporary(self._trouble or "not connected", RECONNECT_FIRST_S, down=True)
        expires_s = self._left_s(attempt)
        if expires_s <= 0:
            return Permanent("too late to be worth anything")
        five = self._protocol is ProtocolVersion.V5
        try:
            reason = await line.ask(attempt.address, payload(attempt), expiring(expires_s) if five else None)
        except NotSentError as error:
            return Temporary(str(error), RECONNECT_FIRST_S, down=True)
        except NoAnswerError as error:
            return Unknown(str(error))
        return self._taken(attempt, reason, expires_s)

    def _left_s(self, attempt: Attempt) -> int:
        """For how long the order is worth showing."""
        left_ms = attempt.expires_at_ms - self._clock_ms() if attempt.expires_at_ms else EXPIRY_S * 1000
        return min(EXPIRY_S, left_ms // 1000)

    def _taken(self, attempt: Attempt, reason: int, expires_s: int) -> Outcome:
        unit_id = unit_of(attempt.address)
        if reason == NOBODY_LISTENS:
            if unit_id is not None:
                until = replace(attempt, expires_at_ms=self._clock_ms() + expires_s * 1000)
                self._unheard.setdefault(unit_id, deque(maxlen=UNHEARD_MOST)).append(until)
            return Permanent(NOT_THERE)
        if reason >= REFUSED_FROM:
            if reason in REFUSED:
                return Permanent(REFUSED[reason])
            return Temporary(f"the broker refused it with reason {reason:#x}", RECONNECT_FIRST_S)
        if unit_id is not None and is_away(unit_id, self._devices):
            # The plan need not wait for a crew that cannot have seen it; what the device says when it is back outranks.
            asleep = Receipt(attempt.attempt_id, State.FAILED_PERMANENT, ASLEEP)
            self._aside(self._on_receipt(asleep, attempt.address))
        return Accepted(attempt.attempt_id)

    async def _make_up_for(self, unit_id: str) -> None:
        """A device has come: give it what nobody heard, oldest first."""
        for attempt in self._unheard.pop(unit_id, ()):
            await self.send(attempt)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that an answer to the plan, or the next message, must not wait for."""
        task = asyncio.create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._done_aside)

    def _done_aside(self, task: asyncio.Task[None]) -> None:
        self._asides.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("work beside the MQTT line failed", error=type(error).__name__)
