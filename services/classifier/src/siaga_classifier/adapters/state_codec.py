"""A call as it is kept in Redis: its state, and what was last published of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, TypeVar

import msgspec

from siaga_classifier.core.fixes import ranked_anew
from siaga_classifier.core.state import CallState, FormState, Mark
from siaga_classifier.core.vocabulary import Channel

# Raised when the fields change; a state of an unknown version is refused rather than misread.
VERSION: Final = 4


class StateError(ValueError):
    """Bytes in Redis that are no call of ours."""


@dataclass(frozen=True, slots=True)
class Published:
    """What the world was last told of a call: digests of the contents and the revision that carried them."""

    revision: int = 0
    assessment: bytes = b""
    outcome: bytes = b""


@dataclass(frozen=True, slots=True)
class SavedCall:
    """One call in Redis."""

    state: CallState
    published: Published = Published()


Said = tuple[int, str, str]
SaidNumber = tuple[int, str, int]
# Before version 4 a fix had no method, confidence and floor.
FixBefore = tuple[float, float, float, int, str]
Fix = tuple[float, float, float, int, str, str, float, str]
AnyFix = TypeVar("AnyFix", FixBefore, Fix)
# Versions 1 and 2 knew nothing of calls back, tags and safe numbers; version 3 kept one call back in the form.
FormFirst = tuple[
    Said | None, Said | None, Said | None, tuple[int, str, FixBefore] | None, Said | None, SaidNumber | None,
    SaidNumber | None,
]  # fmt: skip
FormThird = tuple[
    Said | None, Said | None, Said | None, tuple[int, str, FixBefore] | None, Said | None, SaidNumber | None,
    SaidNumber | None, SaidNumber | None, Said | None, SaidNumber | None, SaidNumber | None,
]  # fmt: skip
FormWire = tuple[
    Said | None, Said | None, Said | None, tuple[int, str, Fix] | None, Said | None, SaidNumber | None,
    SaidNumber | None, SaidNumber | None, SaidNumber | None,
]  # fmt: skip
AnyForm = TypeVar("AnyForm", FormFirst, FormThird, FormWire)
# One entry per field of CallState, in its order, without those that later versions added; a test holds them together.
StateWire = tuple[
    str, str, int,
    int, int, int, int, int, int, int, int, int, int, int, int,
    tuple[int, int, str, str],
    tuple[tuple[int, str], ...],
    tuple[Said, ...],
    tuple[int, str] | None,
    AnyForm | None,
    tuple[int, int, float, AnyFix] | None,
]  # fmt: skip
# Of a written conversation: its latest message, and when it went quiet; version 1 lacks them.
Stale = tuple[int, int]
# The same, when the call was found overdue, and what came of calling back.
Added = tuple[int, int, int, tuple[tuple[int, str, int, str, str], ...]]
Tail = tuple[int, bytes, bytes]

_encoder: Final = msgspec.msgpack.Encoder()
_DECODERS: Final[Mapping[int, msgspec.msgpack.Decoder[Any]]] = {
    1: msgspec.msgpack.Decoder(tuple[int, StateWire[FormFirst, FixBefore], int, bytes, bytes]),
    2: msgspec.msgpack.Decoder(tuple[int, StateWire[FormFirst, FixBefore], Stale, int, bytes, bytes]),
    3: msgspec.msgpack.Decoder(tuple[int, StateWire[FormThird, FixBefore], Stale, int, bytes, bytes]),
    VERSION: msgspec.msgpack.Decoder(tuple[int, StateWire[FormWire, Fix], Added, int, bytes, bytes]),
}
_FORM_FIELDS: Final = tuple(field.name for field in fields(FormState))
_FIELDS: Final = tuple(field.name for field in fields(CallState))
_ADDED: Final = 4
_MARKS, _FORM, _FIX = _FIELDS.index("marks"), _FIELDS.index("form"), _FIELDS.index("fix")
_BEFORE_FORM: Final = 7
# Any of these times tells that it was a call.
_TIMES: Final = slice(_FIELDS.index("ringing_at_ms"), _FIELDS.index("marks"))
_MESSAGES: Final = _FIELDS.index("messages")
_get_state: Final[Callable[[CallState], tuple[Any, ...]]] = attrgetter(*_FIELDS)
_get_form: Final[Callable[[FormState], tuple[Any, ...]]] = attrgetter(*_FORM_FIELDS)


def encode(call: SavedCall) -> bytes:
    """A call as MessagePack: arrays, no names."""
    state, published = call.state, call.published
    values = _get_state(state)
    wire = list(values[:-_ADDED])
    if state.form is not None:
        wire[_FORM] = _get_form(state.form)
    return _encoder.encode(
        (VERSION, wire, values[-_ADDED:], published.revision, published.assessment, published.outcome)
    )


def decode(value: bytes) -> SavedCall:
    """The call in these bytes; StateError when they are none."""
    # The array's head, then the version, which is always a small number: one byte each.
    version = value[1] if len(value) > 1 else 0
    decoder = _DECODERS.get(version)
    if decoder is None:
        raise StateError(
            f"saved call of version {version}, this is {VERSION}: let the older service finish, or rebuild"
        )
    try:
        _, state, *added, revision, assessment, outcome = decoder.decode(value)
    except msgspec.MsgspecError as error:
        raise StateError(f"no saved call: {error}") from error
    values = [*state, *added[0]] if version == VERSION else _of_earlier(list(state), added)
    values[2] = Channel(values[2])
    values[_FIX] = ranked_anew(values[_FIX])
    if values[_FORM] is not None:
        values[_FORM] = FormState(*values[_FORM])
    return SavedCall(CallState(*values), Published(revision, assessment, outcome))


def _of_earlier(values: list[Any], added: Sequence[Any]) -> list[Any]:
    """The fields of a state that an earlier version kept, as of today."""
    reported: tuple[Any, ...] = ()
    form = values[_FORM]
    if form is not None:
        operator, *_ = form
        if len(form) > _BEFORE_FORM and form[7]:
            at_ms, event_id, result = form[7]
            reported = ((at_ms, event_id, result, form[8][2] if form[8] else "", operator[2] if operator else ""),)
        kept = [*form[:_BEFORE_FORM], *(form[9:] if len(form) > _BEFORE_FORM else (None, None))]
        if kept[3] is not None:
            at_ms, event_id, fix = kept[3]
            kept[3] = (at_ms, event_id, _grown(fix))
        values[_FORM] = kept
    if values[_FIX] is not None:
        *rank, fix = values[_FIX]
        values[_FIX] = (*rank, _grown(fix))
    if any(values[_TIMES]) or values[_MESSAGES]:
        values[_MARKS] |= Mark.CALLED.value
    return [*values, *(added[0] if added else (0, 0)), 0, reported]


def _grown(fix: FixBefore) -> Fix:
    return (*fix, "", 0.0, "")
