"""What intake would make of captured input: the same readers, and neither broker nor disk behind them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from siaga_intake import captures
from siaga_intake.captures import Capture
from siaga_intake.core import rules
from siaga_intake.core.belonging import Session, of_session, place
from siaga_intake.core.canonical import Origin
from siaga_intake.core.captured import Broken, Piece, excerpt
from siaga_intake.core.doors import Taken, read, settle
from siaga_intake.core.events import Accepted, CallEvent, Defect, Ignored, Refusal
from siaga_intake.core.happening import OfSession, Reading
from siaga_intake.core.times import IN_THE_FUTURE

# Captures are explained years after, and some tell times to come: read again by this clock, 2100, they are not refused for it.
_FAR_MS: Final = 4_102_444_800_000
# Where payloads of all switches have the name of what they tell.
_NAMES: Final = ("Event", "type", "Event-Subclass", "Event-Name", "method", "start_line")
# How a reason begins that a place lies abroad.
_ABROAD: Final = f"outside {rules.INDONESIA.name} ("
NAMELESS: Final = "(no name)"


@dataclass(frozen=True, slots=True)
class Told:
    """One event, and the payload that told it."""

    index: int
    where: str
    event: CallEvent


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of a payload that was taken without it."""

    index: int
    where: str
    defect: Defect


@dataclass(frozen=True, slots=True)
class Refused:
    """A payload, or a stretch of the file, that intake would not take."""

    index: int
    where: str
    field: str
    reason: str
    excerpt: str
    # What stood in the field, where it could be read: a place in another country, say.
    found: str = ""


@dataclass(slots=True)
class Explanation:
    """All that a file comes to."""

    payloads: int = 0
    told: list[Told] = field(default_factory=list)
    irrelevant: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    left_out: list[LeftOut] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    # Payloads that only today's clock would refuse, and that tell of places abroad.
    ahead: int = 0
    abroad: int = 0
    # The written conversations met so far, by the address of their citizen.
    conversations: dict[str, tuple[Session, ...]] = field(default_factory=dict)

    def calls(self) -> dict[str, list[Told]]:
        """The events by their call, in the order of their times; calls in the order in which they were met."""
        found: dict[str, list[Told]] = {}
        for told in self.told:
            found.setdefault(told.event.call_id, []).append(told)
        return {call: sorted(events, key=lambda told: told.event.event_at_ms) for call, events in found.items()}

    def repeated(self) -> int:
        """How many events were told before under the same id: sent again by the source, and one event all the same."""
        return len(self.told) - len({told.event.event_id for told in self.told})


def explain(capture: Capture, data: bytes, origin: Origin) -> Explanation:
    """Read a file as the door of its source would, were its payloads posted one by one. Never raises."""
    found = Explanation()
    for index, piece in enumerate(captures.pieces(capture, data)):
        found.payloads += 1
        if isinstance(piece, Broken):
            found.refused.append(Refused(index, piece.where, "", piece.reason, piece.excerpt))
        else:
            _add(found, index, piece, capture, origin)
    return found


def _add(found: Explanation, index: int, piece: Piece, capture: Capture, origin: Origin) -> None:
    try:
        taken = _leniently(found, piece, capture, origin)
    except Exception as error:  # noqa: BLE001  (whoever looks at a capture shall see the rest of it, and this)
        taken = Refusal("", f"intake fails on it ({type(error).__name__}): please report it with this excerpt")
    match taken:
        case Accepted(events, defects):
            found.told += (Told(index, piece.where, event) for event in events)
            found.left_out += (LeftOut(index, piece.where, defect) for defect in defects)
        case Ignored("unknown_event", name):
            found.unknown[name or _name(piece.payload)] += 1
        case Ignored(reason, name):
            name = name or _name(piece.payload)
            found.irrelevant[name if reason == "irrelevant_event" else f"{name}: {reason}"] += 1
        case Refusal(where, reason, shown):
            found.refused.append(Refused(index, piece.where, where, reason, _shown(piece.payload), shown))


def _leniently(found: Explanation, piece: Piece, capture: Capture, origin: Origin) -> Taken:
    """What a payload comes to also where it is of another time or country, as captures of laboratories are."""
    taken = _take(found, piece, capture, origin)
    by = origin
    if any(each.reason == IN_THE_FUTURE for each in _faults(taken)):
        found.ahead += 1
        by = replace(by, arrived_at_ms=_FAR_MS - rules.MAX_AHEAD_MS)
        taken = _take(found, piece, capture, by)
    abroad = tuple(each for each in _faults(taken) if each.reason.startswith(_ABROAD))
    if abroad:
        found.abroad += 1
        shown = _take(found, piece, capture, replace(by, area=rules.EARTH))
        taken = replace(shown, defects=(*abroad, *shown.defects)) if isinstance(shown, Accepted) else taken
    if by is origin or not isinstance(taken, Accepted):
        return taken
    return replace(taken, events=tuple(_arrived(event, origin.arrived_at_ms) for event in taken.events))


def _faults(taken: Taken) -> tuple[Defect, ...]:
    match taken:
        case Refusal(where, reason, shown):
            return (Defect(where, reason, shown),)
        case Accepted(_, defects):
            return defects
        case _:
            return ()


def _take(found: Explanation, piece: Piece, capture: Capture, origin: Origin) -> Taken:
    """What a payload comes to, messages of one conversation in the file as one call."""
    said = read(capture.door, piece.payload, origin)
    if isinstance(said, Reading) and isinstance(said.belongs, OfSession):
        known = found.conversations.get(said.belongs.address, ())
        at_ms, gap_ms = said.happenings[0].at_ms, origin.centre.session_gap_ms
        session, found.conversations[said.belongs.address] = place(known, said.belongs, at_ms, gap_ms)
        said = of_session(said, session)
    return settle(capture.door, piece.payload, said, origin)


def _arrived(event: CallEvent, arrived_at_ms: int) -> CallEvent:
    """A time that the payload lacks is the file's, also when it was read by the later clock."""
    lacking = event.event_at_ms == _FAR_MS - rules.MAX_AHEAD_MS
    return replace(event, event_at_ms=arrived_at_ms) if lacking else event


def _name(payload: object) -> str:
    if isinstance(payload, Mapping):
        for name in _NAMES:
            value = payload.get(name)
            if isinstance(value, str) and value:
                return excerpt(value)
    return NAMELESS


def _shown(payload: object) -> str:
    try:
        return excerpt(payload if isinstance(payload, str) else msgspec.json.encode(payload).decode())
    except (TypeError, ValueError, RecursionError):
        return ""
