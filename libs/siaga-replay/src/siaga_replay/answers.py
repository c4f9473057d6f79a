"""What the front door answered: which items of a request it took, under which ids."""

from dataclasses import dataclass
from typing import Final

import msgspec

from siaga_replay.requests import Request

# The whole request was refused for what it is, not for what an item says.
WHOLE_REQUEST: Final = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item the front door refused: where it stands in the file, and why."""

    line: int
    index: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One request and what became of its items."""

    items: int
    accepted: int = 0
    ignored: int = 0
    refused: tuple[Refusal, ...] = ()
    # Items the answer says nothing about, or a request that was never answered.
    unaccounted: int = 0
    event_ids: tuple[str, ...] = ()
    call_ids: tuple[str, ...] = ()


class _Accepted(msgspec.Struct):
    index: int = 0
    event_id: str = ""
    call_id: str = ""
    event_ids: list[str] = []


class _Ignored(msgspec.Struct):
    index: int = 0
    reason: str = ""


class _Rejected(msgspec.Struct):
    index: int = 0
    field: str = ""
    reason: str = ""


class _Answer(msgspec.Struct):
    accepted: list[_Accepted] = []
    ignored: list[_Ignored] = []
    rejected: list[_Rejected] = []
    title: str = ""
    detail: str = ""


_answer = msgspec.json.Decoder(_Answer)


def unanswered(request: Request) -> Receipt:
    """A request that nobody answered within all patience."""
    return Receipt(request.items, unaccounted=request.items)


def read_answer(request: Request, status: int, body: bytes) -> Receipt:
    """The receipt of an answered request: 2xx and 4xx carry the same three lists."""
    try:
        answer = _answer.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = _Answer()
    refused = tuple(Refusal(request.line, item.index, item.field, item.reason) for item in answer.rejected)
    told = {item.index for item in answer.accepted}
    told |= {item.index for item in answer.ignored}
    told |= {item.index for item in answer.rejected}
    if status >= 400 and not told:
        why = " ".join(part for part in (f"HTTP {status}", answer.title, answer.detail) if part)
        refused = tuple(Refusal(request.line, index, WHOLE_REQUEST, why) for index in range(request.items))
        told = set(range(request.items))
    return Receipt(
        items=request.items,
        accepted=len(answer.accepted),
        ignored=len(answer.ignored),
        refused=refused,
        unaccounted=request.items - len(told & set(range(request.items))),
        event_ids=tuple({name for item in answer.accepted for name in (item.event_id, *item.event_ids) if name}),
        call_ids=tuple({item.call_id for item in answer.accepted if item.call_id}),
    )
