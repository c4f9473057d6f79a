"""Turns a record that cannot be processed into a dead letter."""

import time
import traceback

from siaga.v1.dead_letter_pb2 import DeadLetter, Header
from siaga_contracts import ids
from siaga_contracts.catalogue import DEAD_LETTERS

from siaga_kit.records import Outgoing, Record


def dead_letter(service: str, record: Record, error: BaseException, attempts: int = 1) -> Outgoing:
    """The dead letter of a record: its bytes and headers whole, its origin, and what went wrong."""
    letter_id = ids.derived("dead_letter", service, record.topic, str(record.partition), str(record.offset))
    now_ms = int(time.time() * 1000)
    letter = DeadLetter(
        dead_letter_id=letter_id,
        service=service,
        source_topic=record.topic,
        source_partition=record.partition,
        source_offset=record.offset,
        key=record.key or b"",
        value=record.value or b"",
        headers=[Header(name=name, value=value) for name, value in record.headers],
        reason=f"{type(error).__name__}: {error}"[:500],
        stack="".join(traceback.format_exception(error))[-8000:],
        attempts=attempts,
        failed_at_ms=now_ms,
    )
    key = (record.key or b"").decode("utf-8", "replace")
    return Outgoing(DEAD_LETTERS, key, letter, letter_id, now_ms, record.traceparent)
