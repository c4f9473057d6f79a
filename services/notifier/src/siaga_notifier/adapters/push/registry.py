"""The devices of all crews in this process's memory, as the topic of devices has them; writes wait for the broker."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog
from aiokafka import ConsumerRecord
from google.protobuf.message import DecodeError
from siaga.v1 import device_pb2
from siaga_contracts.catalogue import UNIT_DEVICES, Topic
from siaga_contracts.ids import derived
from siaga_kit.errors import is_transient
from siaga_kit.reading import news, records
from siaga_kit.records import Outgoing
from siaga_kit.settings import KafkaSettings

from siaga_notifier.core.devices import Device, DeviceBook
from siaga_notifier.core.model import Attempt
from siaga_notifier.core.outcomes import Permanent, Temporary
from siaga_notifier.core.push import NOT_SIGNED_IN, RETRY_AFTER_S

log = structlog.get_logger()

READ_AGAIN_S: Final = 1.0

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]


class Devices:
    """Answers at once from memory; `run` it to have the memory."""

    def __init__(
        self, settings: KafkaSettings, publish: Publish, clock_ms: Callable[[], int], topic: Topic = UNIT_DEVICES
    ) -> None:
        self._settings = settings
        self._publish = publish
        self._clock_ms = clock_ms
        self._topic = topic
        self._book = DeviceBook()
        # Offset of the latest record applied, by partition: what is read twice must not turn the book back.
        self._applied: dict[int, int] = {}
        self._writing = asyncio.Lock()
        self.read = asyncio.Event()

    def trouble(self) -> str | None:
        """Why it cannot be said who is signed in; None when it can."""
        return None if self.read.is_set() else "the devices have not been read from the broker yet"

    def find(self, tenant: str, unit_id: str, channel: str, device: str) -> Device | None:
        """The unit's device, when it is signed in."""
        return self._book.find(tenant, unit_id, channel, device)

    def reached(self, attempt: Attempt) -> Device | Temporary | Permanent:
        """The device that an attempt is for, or why nothing can be pushed to it."""
        if (trouble := self.trouble()) is not None:
            return Temporary(trouble, RETRY_AFTER_S, down=True)
        order = attempt.order
        found = self.find(order.tenant, order.unit_id, attempt.channel, attempt.address)
        return found or Permanent(f"{NOT_SIGNED_IN} as {attempt.address}")

    def by_key(self, key: str) -> Device | None:
        """The device of a record, when it is signed in."""
        return self._book.by_key(key)

    async def sign_in(self, device: Device) -> Device:
        """From now on this holds, and no other of the same device or token. Raises Transient, and then nothing is sure.

        The others end first: between the two writes a phone gets no alarm, never that of the crew that had it before.
        """
        async with self._writing:
            rivals = self._book.rivals(device)
            await self._end([one for one in rivals if one.key != device.key])
            latest_ms = max((one.signed_in_at_ms for one in rivals), default=0)
            signed_in = replace(device, signed_in_at_ms=max(self._clock_ms(), latest_ms + 1))
            await self._publish([self._record(signed_in.key, signed_in, signed_in.signed_in_at_ms)])
            self._book.put(signed_in)
            return signed_in

    async def sign_out(self, device: Device) -> None:
        """Nothing goes to the device or its token any more; raises Transient."""
        async with self._writing:
            await self._end(self._book.rivals(device))

    async def drop(self, device: Device) -> None:
        """The push service does not know the device any more. One that was signed in anew meanwhile stays."""
        if self._book.by_key(device.key) != device:
            return
        try:
            await self.sign_out(device)
        except Exception as error:
            if not is_transient(error):
                raise
            # It is met again at the next message.
            log.warning("a dead device could not be dropped", channel=device.channel, error=type(error).__name__)

    async def _end(self, devices: Sequence[Device]) -> None:
        if devices:
            now_ms = self._clock_ms()
            await self._publish([self._record(each.key, None, now_ms) for each in devices])
        for each in devices:
            self._book.remove(each.key)

    def _record(self, key: str, device: Device | None, at_ms: int) -> Outgoing:
        message = None if device is None else encoded(device)
        return Outgoing(self._topic, key, message, derived("unit-device-event", key, str(at_ms)), at_ms)

    async def run(self) -> None:
        """Read the topic and go along with it, until cancelled; without the broker, what was read last holds."""
        while True:
            try:
                await self._follow()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("devices cannot be read from the broker", error=type(error).__name__)
            await asyncio.sleep(READ_AGAIN_S)

    async def _follow(self) -> None:
        """The news are heard from before the topic is read, and wait for it: nothing falls between the two."""
        started, loaded = asyncio.Event(), asyncio.Event()

        async def listen() -> None:
            async for record in news(self._settings, [self._topic], started):
                await loaded.wait()
                apply(self._book, self._applied, record)

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(listen())
                await started.wait()
                await self._read_all()
                loaded.set()
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _read_all(self) -> None:
        """Into a new book: a tombstone may have come and gone while nobody read."""
        async with self._writing:
            book, applied = DeviceBook(), dict[int, int]()
            async for record in records(self._settings, [self._topic]):
                apply(book, applied, record)
            self._book, self._applied = book, applied
        self.read.set()
        log.info("devices read", devices=len(book))


def apply(book: DeviceBook, applied: dict[int, int], record: "ConsumerRecord[bytes, bytes]") -> None:
    """Take a record into the book, unless it or a later one of its partition was."""
    if record.offset <= applied.get(record.partition, -1) or record.key is None:
        return
    applied[record.partition] = record.offset
    if record.value is None:
        book.remove(record.key.decode())
        return
    try:
        book.put(decoded(device_pb2.UnitDevice.FromString(record.value)))
    except (DecodeError, ValueError):
        log.warning("a record of a device is none", offset=record.offset)


def encoded(device: Device) -> device_pb2.UnitDevice:
    """The device's record."""
    return device_pb2.UnitDevice(
        device_key=device.key,
        tenant=device.tenant,
        unit_id=device.unit_id,
        channel=device.channel,
        device=device.device,
        token=device.token,
        p256dh=device.p256dh,
        auth=device.auth,
        signed_in_at_ms=device.signed_in_at_ms,
    )


def decoded(message: device_pb2.UnitDevice) -> Device:
    """What `encoded` undoes; raises ValueError for a record without a token."""
    if not message.token:
        raise ValueError("a device without a token cannot be pushed to")
    return Device(
        message.tenant,
        message.unit_id,
        message.channel,
        message.device,
        message.token,
        message.p256dh,
        message.auth,
        message.signed_in_at_ms,
    )
