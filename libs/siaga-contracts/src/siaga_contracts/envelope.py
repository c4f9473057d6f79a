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
    name = message.DESCRIPTOR.full_name
    made: Headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_type", b"id.siaga112." + name.encode()),
        ("ce_source", source.encode()),
        ("ce_time", rfc3339(event_at_ms).encode()),
        ("content-type", CONTENT_TYPE),
        ("siaga_schema", name.encode()),
    ]
    if traceparent:
        made.append((TRACEPARENT, traceparent.encode()))
    return made


def header(headers: Iterable[tuple[str, bytes]], name: str) -> str | None:
    """The value of the first header of that name, as text; None when there is none."""
    for key, value in headers:
        if key == name:
            return value.decode("utf-8", "replace")
    return None


def rfc3339(at_ms: int) -> str:
    """Epoch milliseconds as `2019-02-11T00:00:04.000Z`."""
    day, in_day_ms = divmod(at_ms, 86_400_000)
    second, milli = divmod(in_day_ms, 1000)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{_date(day)}T{hour:02d}:{minute:02d}:{second:02d}.{milli:03d}Z"


@lru_cache(maxsize=1024)
def _date(epoch_day: int) -> str:
    """Every record has a time in its headers and most of a batch share the day: the calendar is asked once a day."""
    return date.fromordinal(_EPOCH + epoch_day).isoformat()
