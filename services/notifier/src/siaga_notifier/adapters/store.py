"""What the notifier remembers: how far each attempt got, whose receipt is whose, which tasks a phone has."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec
from redis.asyncio import Redis

from siaga_notifier.adapters.hashes import Hashes
from siaga_notifier.core.model import Task
from siaga_notifier.core.receipts import canonical, spellings
from siaga_notifier.core.states import State
from siaga_notifier.core.tries import Try

# A crew whose phone answers by itself must not start a conversation between machines.
QUESTION_EVERY_MS: Final = 60_000
# Tasks of one phone that a reply is matched against; the day's, generously.
TASKS_OF_A_PHONE: Final = 50

_TASK: Final = "task"
_TRY: Final = "try:"
_STATE: Final = "state:"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """Whose a provider's message id is."""

    order_id: str
    attempt_id: str
    channel: str
    # Stands for the number it went to: a receipt from another number is another message's.
    phone: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that a provider refused for now, to be tried again."""

    # The DispatchOrder as it came.
    order: bytes
    traceparent: str | None
    due_ms: int
    tries: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of an order: whether its task is, and the latest try by route (`sms:0`)."""

    task: bool
    tries: Mapping[str, Try]


class Store:
    """Reads and writes never fail for want of Redis; then they know of this process only."""

    def __init__(self, redis: Redis, secret: bytes, instance: str) -> None:
        self._hashes = Hashes(redis)
        self._secret = secret
        self._waiting_key = f"siaga:ntf:waiting:{instance}"

    def phone_key(self, number: str) -> str:
        """Keyed hash that stands for a phone; numbers are kept in no key and no value."""
        return hmac.new(self._secret, b"crew|" + number.encode(), hashlib.sha256).hexdigest()[:32]

    async def known(self, order_ids: Sequence[str]) -> list[Known]:
        """What is remembered of each order."""
        found = await self._hashes.read([_order_key(order_id) for order_id in order_ids])
        return [
            Known(
                _TASK in fields,
                {
                    name.removeprefix(_TRY): _decode(value, Try)
                    for name, value in fields.items()
                    if name.startswith(_TRY)
                },
            )
            for fields in found
        ]

    def put_try(self, order_id: str, route: str, known: Try) -> None:
        """Remember how far a try got."""
        self._hashes.put(_order_key(order_id), {_TRY + route: msgspec.json.encode(known)})

    def put_sent(self, provider_id: str, sent: Sent) -> None:
        """Remember whose receipt will come under this id."""
        self._hashes.put(_sent_key(canonical(provider_id)), {"sent": msgspec.json.encode(sent)})

    async def sent_as(self, provider_id: str, number: str) -> Sent | None:
        """The attempt a receipt speaks of, however its id is spelled; `number` is the phone it names."""
        keys = [_sent_key(canonical(spelling)) for spelling in spellings(provider_id)]
        phone = self.phone_key(number)
        keys = list(dict.fromkeys(keys))
        remembered = [self._hashes.remembered(key) for key in keys]
        return _of_phone(remembered, phone) or _of_phone(await self._hashes.read(keys), phone)

    def put_task(self, task: Task, numbers: Sequence[str]) -> None:
        """Remember an order for receipts and for replies from these phones."""
        self._hashes.put(_order_key(task.order_id), {_TASK: msgspec.json.encode(task)})
        for number in numbers:
            stamp = str(task.taken_at_ms).encode()
            self._hashes.put(_phone_key(self.phone_key(number)), {task.order_id: stamp})

    async def task(self, order_id: str) -> Task | None:
        """The order as remembered."""
        fields = (await self._hashes.read([_order_key(order_id)]))[0]
        return _decode(fields[_TASK], Task) if _TASK in fields else None

    async def tasks_of(self, number: str) -> list[Task]:
        """The tasks this phone was told of, the latest first."""
        key = _phone_key(self.phone_key(number))
        stamps = (await self._hashes.read([key]))[0]
        latest = sorted(stamps, key=lambda order_id: int(stamps[order_id]), reverse=True)
        if len(latest) > TASKS_OF_A_PHONE:
            self._hashes.put(key, dict.fromkeys(latest[TASKS_OF_A_PHONE:]))
        found = await self._hashes.read([_order_key(order_id) for order_id in latest[:TASKS_OF_A_PHONE]])
        return [_decode(fields[_TASK], Task) for fields in found if _TASK in fields]

    async def close(self, incident_id: str, unit_id: str, number: str) -> None:
        """A task ended: none of its orders is open for this phone any more."""
        for task in await self.tasks_of(number):
            if task.open and task.incident_id == incident_id and task.unit_id == unit_id:
                self.put_task(replace(task, open=False), ())

    async def about(self, order_id: str, attempt_id: str) -> tuple[Task, State | None] | None:
        """The order as remembered, and how far receipts and answers have brought an attempt."""
        fields = (await self._hashes.read([_order_key(order_id)]))[0]
        if _TASK not in fields:
            return None
        state = fields.get(_STATE + attempt_id)
        return _decode(fields[_TASK], Task), State(state.decode()) if state is not None else None

    def put_state(self, order_id: str, attempt_id: str, state: State) -> None:
        """Remember a merged state."""
        self._hashes.put(_order_key(order_id), {_STATE + attempt_id: state.encode()})

    async def may_ask(self, number: str, now_ms: int) -> bool:
        """Whether this phone may be asked back now; if so, not again for a minute."""
        key = f"siaga:ntf:asked:{self.phone_key(number)}"
        last = (await self._hashes.read([key]))[0].get("at_ms")
        if last is not None and now_ms - int(last) < QUESTION_EVERY_MS:
            return False
        self._hashes.put(key, {"at_ms": str(now_ms).encode()})
        return True

    async def waiting(self) -> dict[str, list[Waiting]]:
        """Orders by unit that were waiting when this process last ran."""
        fields = (await self._hashes.read([self._waiting_key]))[0]
        return {unit_id: _decode(value, list[Waiting]) for unit_id, value in fields.items()}

    def put_waiting(self, unit_id: str, waiting: Sequence[Waiting]) -> None:
        """Remember the orders of a unit that wait."""
        self._hashes.put(self._waiting_key, {unit_id: msgspec.json.encode(list(waiting)) if waiting else None})

    async def flush(self) -> None:
        """Bring what was put to Redis."""
        await self._hashes.flush()


def _of_phone(found: Sequence[Mapping[str, bytes]], phone: str) -> Sent | None:
    sents = (_decode(fields["sent"], Sent) for fields in found if "sent" in fields)
    return next((sent for sent in sents if sent.phone == phone), None)


def _decode(value: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(value, type=kind)


def _order_key(order_id: str) -> str:
    return f"siaga:ntf:order:{order_id}"


def _sent_key(provider_id: str) -> str:
    return f"siaga:ntf:sent:{provider_id}"


def _phone_key(key: str) -> str:
    return f"siaga:ntf:phone:{key}"
