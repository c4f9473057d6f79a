"""Headers of every record: CloudEvents in Kafka's binary mode plus W3C trace context."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Final

from google.protobuf.message import Message

TRACEPARENT: Final = "traceparent"
_EPOCH: Final = date(1970, 1, 1).toordinal()
CONTENT_TYPE: Final = b"application/protobuf"

Headers = list[tuple[str, bytes]]


def headers(message: Message, event_id: str, source: str, event_at_ms: int, traceparent: str | None) -> Headers:
    """The headers of a record; `source` is the service (`intake`), `event_at_ms` epoch milliseconds of event time.

    A list, not a tuple: the batch builder of the Kafka client takes nothing else.
    """
    made: Headers = [
        ("ce_id", event_id.encode()),
        ("ce_time", rfc3339(event_at_ms).encode()),
        *_common(message.DESCRIPTOR.full_name, source),
    ]
    if traceparent:
        made.append((TRACEPARENT, traceparent.encode()))
    return made


@lru_cache(maxsize=256)
def _common(schema: str, source: str) -> Headers:
    """What all records of one message and service have in their headers."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_type", f"id.siaga112.{schema}".encode()),
        ("ce_source", source.encode()),
        ("content-type", CONTENT_TYPE),
        ("siaga_schema", schema.encode()),
    ]


def header(headers: Iterable[tuple[str, bytes]], name: str) -> str | None:
    """The value of the first header of that name, as text; None when there is none."""
    for key, value in headers:
        if key == name:
            return value.decode("utf-8", "replace")
    return None


def rfc3339(at_ms: int) -> str:
    """Epoch milliseconds as `2019-02-11T00:00:04.000Z`."""
    minute, milli = divmod(at_ms, 60_000)
    return f"{_minute(minute)}:{milli // 1000:02d}.{milli % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _minute(epoch_minute: int) -> str:
    """Every record has a time in its headers and most of a batch share the minute: the calendar is asked once for it."""
    day, minute = divmod(epoch_minute, 1440)
    return f"{date.fromordinal(_EPOCH + day).isoformat()}T{minute // 60:02d}:{minute % 60:02d}"
