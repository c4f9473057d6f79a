"""Whose a payload is that names no call: a message of a conversation under way, or a position of the call that rings.

Known conversations and calls come in as values and go out changed; where they are kept is the adapters' business. Times
are the events' own: a conversation replayed in a second falls apart at the same places as the one that was lived.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from siaga_intake.core.happening import OfCaller, OfSession, Reading

# A network sends the position within half a minute of the call, some systems tell of the call only when it is over.
CALL_OF_POSITION_MS: Final = 15 * 60_000
# WhatsApp sends a message again for seven days when nobody took it: until then its conversation has to be known.
SESSION_KEPT_MS: Final = 8 * 24 * 3_600_000
# A robot that writes every few hours for ever must not make a value that grows for ever.
SESSIONS_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Session:
    """One written conversation: its call, and from when to when messages of it are known."""

    call_ref: str
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Ring:
    """A call under way of a number: what the switch told when it rang."""

    call_id: str
    at_ms: int


def place(
    sessions: Sequence[Session], message: OfSession, at_ms: int, gap_ms: int
) -> tuple[Session, tuple[Session, ...]]:
    """The conversation of a message, and the address's conversations with the message in it.

    It joins the nearest one within the gap, before or after, else it opens one of its own. So the same message again lands
    where it lay, and messages that overtake one another within the gap make one conversation in any order.
    """
    near = min(sessions, key=lambda session: (_distance(session, at_ms), session.first_ms), default=None)
    if near is None or _distance(near, at_ms) > gap_ms:
        opened = Session(message.opens, at_ms, at_ms)
        return opened, _kept((*sessions, opened))
    grown = replace(near, first_ms=min(near.first_ms, at_ms), last_ms=max(near.last_ms, at_ms))
    return grown, _kept([grown if session is near else session for session in sessions])


def merged(one: Iterable[Session], other: Iterable[Session]) -> tuple[Session, ...]:
    """What two memories know together; they differ when one of them was away for a while."""
    known: dict[str, Session] = {}
    for session in (*one, *other):
        twin = known.get(session.call_ref, session)
        first_ms, last_ms = min(twin.first_ms, session.first_ms), max(twin.last_ms, session.last_ms)
        known[session.call_ref] = Session(session.call_ref, first_ms, last_ms)
    return tuple(sorted(known.values(), key=lambda session: (session.first_ms, session.call_ref)))


def later(one: Ring | None, other: Ring | None) -> Ring | None:
    """Of two calls of a number the one that rang last: an older one told late does not take its place."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda ring: (ring.at_ms, ring.call_id))


def call_at(ring: Ring | None, at_ms: int) -> str | None:
    """The call that a position of that time belongs to, or None."""
    return ring.call_id if ring is not None and abs(at_ms - ring.at_ms) <= CALL_OF_POSITION_MS else None


def of_session(reading: Reading, session: Session) -> Reading:
    """The reading as one of that conversation's call."""
    return _named(reading, session.call_ref)


def of_call(reading: Reading, call_id: str) -> Reading:
    """The reading as one of that call, whose events are others than the same reading's on a call of its own."""
    happenings = tuple(replace(each, part=f"{each.part}@{call_id}") for each in reading.happenings)
    return replace(reading, happenings=happenings, call_id=call_id, belongs=None)


def on_its_own(reading: Reading, native: str) -> Reading:
    """The reading as a call of its own, when no other is known; `native` names a payload that has no id."""
    match reading.belongs:
        case OfSession(opens=opens):
            return _named(reading, opens)
        case OfCaller():
            return _named(reading, reading.native_id or native)
        case _:
            return reading


def _named(reading: Reading, call_ref: str) -> Reading:
    happenings = tuple(replace(each, call_ref=call_ref) for each in reading.happenings)
    return replace(reading, happenings=happenings, belongs=None)


def _distance(session: Session, at_ms: int) -> int:
    return max(session.first_ms - at_ms, at_ms - session.last_ms, 0)


def _kept(sessions: Sequence[Session]) -> tuple[Session, ...]:
    newest = max(session.last_ms for session in sessions)
    living = [session for session in sessions if session.last_ms >= newest - SESSION_KEPT_MS]
    return tuple(sorted(living, key=lambda session: (session.first_ms, session.call_ref))[-SESSIONS_KEPT:])
