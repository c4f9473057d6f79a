"""Asterisk's call records (Master.csv): that there was a call, when it rang and ended; never that an operator spoke.

A menu that answers makes a record ANSWERED, and a caller who cancels one like a call nobody took: both say NO ANSWER. So a record
gives no ANSWERED; where another channel was connected it is SIP_ANSWERED, which a person has to look at.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.captured import Broken, Piece, Pieces, excerpt
from siaga_intake.core.centre import plain
from siaga_intake.core.events import Hangup, HangupBy, Ignored, Kind
from siaga_intake.core.fields import Payload, Refused, flag, needed, part, text, whole
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.switches import dialplan
from siaga_intake.core.times import moment

# The name of a record among the payloads of Asterisk's door, and the mark that the queue's log tells of the same call.
FIELD: Final = "cdr"
QUEUE_LOG_TELLS: Final = "queue_log_tells"
_PATH: Final = "cdr."
COLUMNS: Final = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid", "sequence",
)  # fmt: skip
# Without `loguniqueid` a row ends here, and nobody knows whose call it was.
_SHORTEST: Final = COLUMNS.index("uniqueid")
_UNIQUE: Final = re.compile(r"(?:.*-)?\d{9,10}\.\d+", re.ASCII)
# A record's times are local and say no offset. The channel's birth in its uniqueid is UTC: the difference is the offset,
# which is a multiple of this everywhere.
_OFFSET_STEP_MS: Final = 15 * 60_000
_LARGEST_OFFSET_MS: Final = 14 * 3_600_000
_OUR_DISPOSITIONS: Final = frozenset({"BUSY", "CONGESTION", "FAILED"})
# No extension that anybody dialled.
_NO_NUMBER: Final = frozenset({"s", "h", "i", "t"})


def row(line: str) -> dict[str, str] | None:
    """A line of Master.csv by the names of its columns; None = it is none, or has no uniqueid."""
    try:
        values = next(csv.reader([line.rstrip("\r\n")]), [])
    except csv.Error:
        return None
    if len(values) <= _SHORTEST or not _UNIQUE.fullmatch(values[_SHORTEST].strip()):
        return None
    return {name: value for name, value in zip(COLUMNS, values, strict=False) if value}


def ended_ms(record: Mapping[str, str]) -> int | None:
    """When the call of a row ended; None = the row does not say."""
    try:
        return _Times.of(record).moment("end")
    except Refused:
        return None


def pieces(content: str) -> Pieces:
    """The rows of a captured file as payloads."""
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        found = row(line)
        if found is None:
            reason = "is no row of Master.csv with a uniqueid (loguniqueid = yes in cdr.conf)"
            yield Broken(f"line {number}", reason, excerpt(line))
        else:
            yield Piece(f"line {number}", {FIELD: found})


@dataclass(frozen=True, slots=True)
class _Times:
    """The times of one record, local as they are written, with the offset that its uniqueid gives."""

    record: Payload
    offset_ms: int
    latest_ms: int | None = None

    @classmethod
    def of(cls, record: Payload, latest_ms: int | None = None) -> "_Times":
        local = cls(record, 0).moment("start")
        born_ms = dialplan.born_ms(text(record, "uniqueid", "call_ref", _PATH))
        if local is None or born_ms is None:
            raise Refused(f"{_PATH}start", "has no offset, and the uniqueid has no time to reckon it from")
        offset_ms = round((local - born_ms) / _OFFSET_STEP_MS) * _OFFSET_STEP_MS
        if abs(offset_ms) > _LARGEST_OFFSET_MS:
            raise Refused(f"{_PATH}start", "is not of the day that the uniqueid names")
        return cls(record, offset_ms, latest_ms)

    def moment(self, name: str) -> int | None:
        written = text(self.record, name, "time", _PATH)
        if not written:
            return None
        try:
            local = datetime.fromisoformat(written)
        except ValueError:
            raise Refused(_PATH + name, "is no time like 2024-03-11 09:15:30") from None
        at_ms = int(local.replace(tzinfo=UTC).timestamp()) * 1000 - self.offset_ms
        if self.latest_ms is not None:
            return moment({name: at_ms}, name, self.latest_ms, _PATH)
        return at_ms


def read(payload: Payload, desk: Desk) -> Read:
    """Read one record."""
    record = part(payload, FIELD)
    call_ref = needed(record, "uniqueid", "call_ref", _PATH)
    linked = text(record, "linkedid", "call_ref", _PATH)
    if linked not in ("", call_ref) or plain(dialplan.interface(_text(record, "channel"))) in desk.operators:
        return Ignored("other_leg")
    happenings = tuple(_happenings(record, call_ref, desk, queued=flag(payload, QUEUE_LOG_TELLS)))
    return Reading(happenings, backfilled=True)


def _happenings(record: Payload, call_ref: str, desk: Desk, *, queued: bool) -> Iterator[Happening]:
    times = _Times.of(record, desk.arrived_at_ms)
    rang, up, ended = times.moment("start"), times.moment("answer"), times.moment("end")
    if rang is None or ended is None:
        raise Refused(f"{_PATH}end", "missing")
    caller = Identity(_text(record, "src"))
    dialled = _text(record, "dst")
    called = "" if dialled in _NO_NUMBER else dialled
    application = _text(record, "lastapp").lower()
    yield Happening(Kind.RINGING, call_ref, rang, caller, called)
    if _text(record, "dcontext").lower().startswith(dialplan.IVR_CONTEXT) or application in dialplan.MENUS:
        yield Happening(Kind.IVR_ENTERED, call_ref, up or rang, caller, called)
    if not queued:
        if application == dialplan.QUEUE:
            queue = dialplan.queue_of(text(record, "lastdata", "text", _PATH))
            yield Happening(Kind.QUEUE_JOINED, call_ref, up or rang, caller, called, queue)
        if up is not None and _connected(record):
            yield Happening(Kind.SIP_ANSWERED, call_ref, up, caller, called)
    disposition = _text(record, "disposition").upper()
    by = HangupBy.SYSTEM if disposition in _OUR_DISPOSITIONS else HangupBy.UNSPECIFIED
    yield Happening(Kind.ENDED, call_ref, ended, caller, called, hangup=Hangup(by, reason=disposition))


def _connected(record: Payload) -> bool:
    """Whether another channel may have been spoken with: not on the record's ANSWERED alone, which a menu makes."""
    answered = _text(record, "disposition").upper() == "ANSWERED"
    return answered and bool(_text(record, "dstchannel")) and whole(record, "billsec", rules.MAX_DURATION_S, _PATH) > 0


def _text(record: Payload, name: str) -> str:
    return text(record, name, "call_ref" if name.endswith("channel") else "number", _PATH)
