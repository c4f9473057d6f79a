"""What the notifier remembers: how far each attempt got, whose receipt is whose, which tasks a phone has."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec

from siaga_notifier.adapters.hashes import Fields, Hashes
from siaga_notifier.core.model import Task
from siaga_notifier.core.plans.values import Notification
from siaga_notifier.core.receipts import canonical, spellings
from siaga_notifier.core.states import State

# A crew whose phone answers by itself must not start a conversation between machines.
QUESTION_EVERY_MS: Final = 60_000
# Tasks of one phone that a reply is matched against; the day's, generously.
TASKS_OF_A_PHONE: Final = 50

_TASK: Final = "task"
_NOTIFICATION: Final = "ntf"
_ORDER: Final = "order"
_TRACE: Final = "trace"
_UNTOLD: Final = "untold"
_STATE: Final = "state:"
# In a unit's hash: its open orders, and what was heard of them.
_OPEN: Final = "open:"
_HEARD: Final = "heard:"

# What may be heard of a task.
ACKNOWLEDGED: Final = "acknowledged"
UNDELIVERED: Final = "undelivered"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """Whose a provider's message id is."""

    order_id: str
    attempt_id: str
    channel: str
    # Stands for the number it went to: a receipt from another number is another message's.
    phone: str
    unit_id: str = ""
    # Way and number of the try, as the notification knows it.
    route: str = ""
    number: int = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of an order that a notification is about."""

    notification: Notification
    # The DispatchOrder as it came; empty once nothing more is to be sent.
    raw: bytes
    traceparent: str | None
    # Its last states may not be published yet.
    untold: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that another part, or another process, has heard of a unit's task."""

    # ACKNOWLEDGED or UNDELIVERED.
    kind: str
    incident_id: str
    at_ms: int
    order_id: str = ""
    route: str = ""
    number: int = 0
    reason: str = ""
    # How the answer came.
    channel: str = ""
    # Whoever heard it has told of it.
    told: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """A unit's open orders, oldest first, and what was heard of them, by the name under which it is forgotten."""

    open: tuple[str, ...]
    heard: Mapping[str, Heard]


class Store:
    """Reads and writes never fail for want of Redis; then they know of this process only."""

    def __init__(self, hashes: Hashes, secret: bytes) -> None:
        self._hashes = hashes
        self._secret = secret

    @property
    def degraded(self) -> bool:
        """Whether what is put lives in this process's memory only."""
        return self._hashes.degraded

    def phone_key(self, number: str) -> str:
        """Keyed hash that stands for a phone; numbers are kept in no key and no value."""
        return hmac.new(self._secret, b"crew|" + number.encode(), hashlib.sha256).hexdigest()[:32]

    async def read(self, unit_ids: Sequence[str], order_ids: Sequence[str]) -> tuple[dict[str, Book], dict[str, Kept]]:
        """The books of units, and what is remembered of these orders and of those that are open in the books."""
        keys = [*map(_unit_key, unit_ids), *map(_order_key, order_ids)]
        found = await self._hashes.read(keys)
        books = {unit_id: _book(fields) for unit_id, fields in zip(unit_ids, found, strict=False)}
        kept = dict(zip(order_ids, found[len(unit_ids) :], strict=True))
        more = [order_id for book in books.values() for order_id in book.open if order_id not in kept]
        if more:
            kept.update(zip(more, await self._hashes.read([*map(_order_key, more)]), strict=True))
        orders = ((order_id, _kept(fields)) for order_id, fields in kept.items())
        return books, {order_id: one for order_id, one in orders if one is not None}

    def put(self, unit_id: str, kept: Kept) -> None:
        """Remember a notification; once it is closed and told it leaves the unit's book."""
        notification = kept.notification
        over = notification.closed and not kept.untold
        fields: dict[str, bytes | None] = {
            _NOTIFICATION: msgspec.json.encode(notification),
            # Who was sent where is kept no longer than it is needed.
            _ORDER: None if over else kept.raw,
            _TRACE: kept.traceparent.encode() if kept.traceparent else None,
            _UNTOLD: b"1" if kept.untold else None,
        }
        self._hashes.put(_order_key(notification.order_id), fields)
        stamp = None if over else str(notification.taken_at_ms).encode()
        self._hashes.put(_unit_key(unit_id), {_OPEN + notification.order_id: stamp})

    def put_heard(self, unit_id: str, heard: Heard) -> None:
        """Leave word for whoever looks after the unit."""
        name = f"{heard.kind}:{heard.incident_id}:{heard.order_id}:{heard.route}:{heard.number}"
        self._hashes.put(_unit_key(unit_id), {_HEARD + name: msgspec.json.encode(heard)})

    def forget_heard(self, unit_id: str, names: Iterable[str]) -> None:
        """It was dealt with."""
        self._hashes.put(_unit_key(unit_id), dict.fromkeys(names))

    def put_sent(self, provider: str, message_id: str, sent: Sent) -> None:
        """Remember whose receipt will come from a provider under this id of its own."""
        self._hashes.put(_sent_key(canonical(message_id)), {provider: msgspec.json.encode(sent)})

    async def sent_as(self, message_id: str, number: str, provider: str = "") -> Sent | None:
        """The attempt a receipt speaks of, however its id is spelled; `number` is the phone it names, empty = none."""
        keys = list(dict.fromkeys(_sent_key(canonical(spelling)) for spelling in spellings(message_id)))
        phone = self.phone_key(number) if number else ""
        remembered = [self._hashes.remembered(key) for key in keys]
        return _of_phone(remembered, phone, provider) or _of_phone(await self._hashes.read(keys), phone, provider)

    def put_task(self, task: Task, numbers: Sequence[str]) -> None:
        """Remember an order for receipts and for replies from these phones."""
        self._hashes.put(_order_key(task.order_id), {_TASK: msgspec.json.encode(task)})
        for number in numbers:
            stamp = str(task.taken_at_ms).encode()
            self._hashes.put(_phone_key(self.phone_key(number)), {task.order_id: stamp})

    async def task(self, order_id: str) -> Task | None:
        """The order as remembered."""
        return (await self.tasks([order_id])).get(order_id)

    async def tasks(self, order_ids: Sequence[str]) -> dict[str, Task]:
        """Those of these orders that are remembered."""
        found = await self._hashes.read([*map(_order_key, order_ids)])
        return {
            order_id: _decode(fields[_TASK], Task)
            for order_id, fields in zip(order_ids, found, strict=True)
            if _TASK in fields
        }

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

    async def flush(self) -> None:
        """Bring what was put to Redis."""
        await self._hashes.flush()


def _of_phone(found: Sequence[Fields], phone: str, provider: str) -> Sent | None:
    """Two providers may give the same id to two messages: then the phone tells them apart."""
    for fields in found:
        sents = (
            [_decode(fields[provider], Sent)] if provider in fields else [_decode(one, Sent) for one in fields.values()]
        )
        fitting = [sent for sent in sents if not phone or sent.phone == phone]
        if len(fitting) == 1:
            return fitting[0]
    return None


def _book(fields: Fields) -> Book:
    stamps = {name.removeprefix(_OPEN): int(value) for name, value in fields.items() if name.startswith(_OPEN)}
    heard = {name: _decode(value, Heard) for name, value in fields.items() if name.startswith(_HEARD)}
    return Book(tuple(sorted(stamps, key=stamps.__getitem__)), heard)


def _kept(fields: Fields) -> Kept | None:
    if _NOTIFICATION not in fields:
        return None
    trace = fields.get(_TRACE)
    notification = _decode(fields[_NOTIFICATION], Notification)
    return Kept(notification, fields.get(_ORDER, b""), trace.decode() if trace else None, _UNTOLD in fields)


def _decode(value: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(value, type=kind)


def _order_key(order_id: str) -> str:
    return f"siaga:ntf:order:{order_id}"


def _unit_key(unit_id: str) -> str:
    return f"siaga:ntf:unit:{unit_id}"


def _sent_key(message_id: str) -> str:
    return f"siaga:ntf:sent:{message_id}"


def _phone_key(key: str) -> str:
    return f"siaga:ntf:phone:{key}"
