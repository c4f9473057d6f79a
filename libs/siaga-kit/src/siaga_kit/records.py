"""A record as it comes from the broker, and one on its way there."""

from dataclasses import dataclass

from google.protobuf.message import Message
from siaga_contracts.catalogue import Topic


@dataclass(frozen=True, slots=True)
class Record:
    """One consumed record. `traceparent` names the span that processes it (W3C); hand it on to what it causes."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to publish; `message` None is a tombstone. `event_at_ms` is event time, epoch milliseconds.

    `value` is the message as it was serialised before, where those very bytes have to go out.
    """

    topic: Topic
    key: str
    message: Message | None
    event_id: str
    event_at_ms: int
    traceparent: str | None = None
    value: bytes | None = None
