"""Asterisk's queue_log: what app_queue wrote down while nobody listened, one line for each thing that happened.

It tells apart what the manager's abandon event does not: callers who left, time-outs and withdrawals. Times are whole seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.captured import Broken, Piece, Pieces, excerpt
from siaga_intake.core.events import Hangup, HangupBy, Ignored, Kind, LeftReason, Queue
from siaga_intake.core.fields import Payload, Refused, needed, text
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.switches import dialplan
from siaga_intake.core.times import moment

# The name of a line among the payloads of Asterisk's door.
FIELD: Final = "queue_log"
_COLUMNS: Final = ("time", "call", "queue", "agent", "event")
# In the place of a call's id where a line is about members and not about a call.
_NO_CALL: Final = frozenset({"", "NONE", "REALTIME", "MANAGER"})
_DIGITS: Final = 9

IRRELEVANT: Final = frozenset({
    "ADDMEMBER", "AGENTCALLBACKLOGIN", "AGENTCALLBACKLOGOFF", "AGENTDUMP", "AGENTLOGIN", "AGENTLOGOFF", "CALLSTATUS",
    "CONFIGRELOAD", "DID", "HOLD", "INFO", "PAUSE", "PAUSEALL", "PAUSEREASON", "PENALTY", "QUEUESTART", "REMOVEMEMBER",
    "RINGCANCELED", "RINGINUSE", "RINGNOANSWER", "SYSCOMPAT", "UNHOLD", "UNPAUSE", "UNPAUSEALL",
})  # fmt: skip


def columns(line: str) -> Sequence[str]:
    """The fields of a line."""
    return [column.strip() for column in line.strip().split("|")]


def at_ms(line: str) -> int | None:
    """When the line was written, by itself; None = it is no line of a queue_log."""
    seconds = line.partition("|")[0].partition(".")[0].strip()
    return int(seconds) * 1000 if seconds.isascii() and seconds.isdigit() and len(seconds) in (9, 10) else None


def pieces(content: str) -> Pieces:
    """The lines of a captured file as payloads."""
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        if at_ms(line) is None:
            yield Broken(f"line {number}", "is no line of a queue_log (epoch|call|queue|agent|EVENT|…)", excerpt(line))
        else:
            yield Piece(f"line {number}", {FIELD: line})


@dataclass(frozen=True, slots=True)
class _Line:
    """One line about one call; `data` is what follows the event's name."""

    at_ms: int
    call_ref: str
    queue: str
    agent: str
    data: Sequence[str]

    def number(self, place: int) -> int:
        """A number of seconds in the data; 0 = not told, or nothing that could be: who left and why matters more."""
        told = self.data[place] if place < len(self.data) else ""
        seconds = int(told) if told.isascii() and told.isdigit() and len(told) < _DIGITS else 0
        return min(seconds, rules.MAX_DURATION_S)

    def happens(
        self,
        kind: Kind,
        at_ms: int | None = None,
        *,
        left: LeftReason = LeftReason.UNSPECIFIED,
        hold_s: int = 0,
        hangup: Hangup | None = None,
        identity: Identity | None = None,
    ) -> Happening:
        at = self.at_ms if at_ms is None else at_ms
        operator = "" if self.agent == "NONE" or kind not in _BY_OPERATOR else dialplan.interface(self.agent)
        queue = Queue(self.queue, left, hold_s * 1000)
        return Happening(kind, self.call_ref, at, identity, queue=queue, hangup=hangup, operator=operator)


_BY_OPERATOR: Final = frozenset({Kind.ANSWERED, Kind.TALK_ENDED})


def read(payload: Payload, desk: Desk) -> Read:
    """Read one line."""
    found = columns(needed(payload, FIELD, "text"))
    if len(found) < len(_COLUMNS):
        raise Refused(FIELD, "is no line of a queue_log (epoch|call|queue|agent|EVENT|…)")
    name = text({FIELD: found[4]}, FIELD, "code")
    reader = _READERS.get(name)
    if reader is None:
        return Ignored("irrelevant_event" if name in IRRELEVANT else "unknown_event", name)
    if found[1] in _NO_CALL:
        return Ignored("irrelevant_event", name)
    at = moment({FIELD: found[0]}, FIELD, desk.arrived_at_ms)
    if at is None:
        raise Refused(FIELD, "has no time")
    call_ref = text({FIELD: found[1]}, FIELD, "call_ref")
    line = _Line(at, call_ref, text({FIELD: found[2]}, FIELD), text({FIELD: found[3]}, FIELD), found[5:])
    return Reading(tuple(reader(line)), backfilled=True)


def _entered(line: _Line) -> Sequence[Happening]:
    """ENTERQUEUE(url|caller|position|…); the call's own ring was before it, at the channel's birth."""
    number = line.data[1] if len(line.data) > 1 else ""
    identity = Identity(text({FIELD: number}, FIELD, "number"))
    born_ms = dialplan.born_ms(line.call_ref)
    joined = line.happens(Kind.QUEUE_JOINED, identity=identity)
    if born_ms is None or born_ms > line.at_ms:
        return (joined,)
    return (Happening(Kind.RINGING, line.call_ref, born_ms, identity), joined)


def _connected(line: _Line) -> Sequence[Happening]:
    """CONNECT(hold|operator's channel|ring)."""
    return (line.happens(Kind.ANSWERED, hold_s=line.number(0)),)


def _talked(line: _Line, hold_s: int, talk_s: int, hangup: Hangup) -> Sequence[Happening]:
    # The answer is reckoned from the length of the talk: the line that tells it may lie before the gap.
    return (
        line.happens(Kind.ANSWERED, line.at_ms - talk_s * 1000, hold_s=hold_s),
        line.happens(Kind.TALK_ENDED, hold_s=hold_s, hangup=hangup),
    )


def _completed_by_caller(line: _Line) -> Sequence[Happening]:
    """COMPLETECALLER(hold|talk|position): he hung up, so his call is over as well."""
    hangup = Hangup(HangupBy.CALLER, reason="COMPLETECALLER")
    return (*_talked(line, line.number(0), line.number(1), hangup), line.happens(Kind.ENDED, hangup=hangup))


def _completed_by_agent(line: _Line) -> Sequence[Happening]:
    """COMPLETEAGENT(hold|talk|position); the dialplan may go on with the caller."""
    return _talked(line, line.number(0), line.number(1), Hangup(HangupBy.CENTRE, reason="COMPLETEAGENT"))


def _transferred(line: _Line) -> Sequence[Happening]:
    """BLINDTRANSFER, ATTENDEDTRANSFER, TRANSFER(where to, in two fields or more|hold|talk|position, not in old ones)."""
    hold_at = max(2, len(line.data) - 3)
    hangup = Hangup(HangupBy.UNSPECIFIED, reason="TRANSFER")
    return _talked(line, line.number(hold_at), line.number(hold_at + 1), hangup)


def _abandoned(line: _Line) -> Sequence[Happening]:
    """ABANDON(position|original position|wait): written only for a caller who hung up while he waited."""
    hold_s = line.number(2)
    hangup = Hangup(HangupBy.CALLER, reason="ABANDON")
    return (
        line.happens(Kind.QUEUE_LEFT, left=LeftReason.CALLER_LEFT, hold_s=hold_s),
        line.happens(Kind.ENDED, hangup=hangup),
    )


def _left(reason: LeftReason, hold_at: int) -> Callable[[_Line], Sequence[Happening]]:
    return lambda line: (line.happens(Kind.QUEUE_LEFT, left=reason, hold_s=line.number(hold_at)),)


_READERS: Final[Mapping[str, Callable[[_Line], Sequence[Happening]]]] = {
    "ENTERQUEUE": _entered,
    "CONNECT": _connected,
    "COMPLETECALLER": _completed_by_caller,
    "COMPLETEAGENT": _completed_by_agent,
    "TRANSFER": _transferred,
    "BLINDTRANSFER": _transferred,
    "ATTENDEDTRANSFER": _transferred,
    "ABANDON": _abandoned,
    # (position|original position|wait)
    "EXITWITHTIMEOUT": _left(LeftReason.TIMEOUT, 2),
    # (key|position|original position|wait)
    "EXITWITHKEY": _left(LeftReason.KEY, 3),
    "EXITEMPTY": _left(LeftReason.EMPTY, 2),
    "WITHDRAW": _left(LeftReason.WITHDRAWN, 2),
    # Written by some distributions for callers who never got in.
    "FULL": _left(LeftReason.FULL, 2),
    "EXITFULL": _left(LeftReason.FULL, 2),
    "JOINEMPTY": _left(LeftReason.EMPTY, 2),
}
