"""A call as it is kept in Redis: its state, and what was last published of it."""

from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

import msgspec

from siaga_classifier.core.fixes import ranked_anew
from siaga_classifier.core.state import CallState, FormState
from siaga_classifier.core.vocabulary import Channel

# Raised when the fields change; a state of an unknown version is refused rather than misread.
VERSION: Final = 3


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
FixValue = tuple[float, float, float, int, str]
SaidFix = tuple[int, str, FixValue]
# Versions 1 and 2 knew nothing of calls back, tags and safe numbers.
FormWireBefore = tuple[
    Said | None, Said | None, Said | None, SaidFix | None, Said | None, SaidNumber | None, SaidNumber | None
]
FormWire = tuple[
    Said | None, Said | None, Said | None, SaidFix | None, Said | None, SaidNumber | None, SaidNumber | None,
    SaidNumber | None, Said | None, SaidNumber | None, SaidNumber | None,
]  # fmt: skip
Form = TypeVar("Form", FormWireBefore, FormWire)
# One entry per field of CallState, in its order, without those that version 2 has added; a test holds them together.
StateWire = tuple[
    str, str, int,
    int, int, int, int, int, int, int, int, int, int, int, int,
    tuple[int, int, str, str],
    tuple[tuple[int, str], ...],
    tuple[Said, ...],
    tuple[int, str] | None,
    Form | None,
    tuple[int, int, float, FixValue] | None,
]  # fmt: skip
# Of a written conversation: its latest message, and when it went quiet; version 1 lacks them.
AddedWire = tuple[int, int]

_encoder: Final = msgspec.msgpack.Encoder()
_first: Final = msgspec.msgpack.Decoder(tuple[int, StateWire[FormWireBefore], int, bytes, bytes])
_second: Final = msgspec.msgpack.Decoder(tuple[int, StateWire[FormWireBefore], AddedWire, int, bytes, bytes])
_third: Final = msgspec.msgpack.Decoder(tuple[int, StateWire[FormWire], AddedWire, int, bytes, bytes])
_FORM_FIELDS: Final = tuple(field.name for field in fields(FormState))
_FIELDS: Final = tuple(field.name for field in fields(CallState))
_ADDED: Final = 2
_STATE_FIELDS: Final = _FIELDS[:-_ADDED]
_ADDED_FIELDS: Final = _FIELDS[-_ADDED:]


def encode(call: SavedCall) -> bytes:
    """A call as MessagePack: arrays, no names."""
    state, published = call.state, call.published
    wire: list[Any] = [getattr(state, name) for name in _STATE_FIELDS]
    if state.form is not None:
        wire[-2] = [getattr(state.form, name) for name in _FORM_FIELDS]
    added = [getattr(state, name) for name in _ADDED_FIELDS]
    return _encoder.encode((VERSION, wire, added, published.revision, published.assessment, published.outcome))


def decode(value: bytes) -> SavedCall:
    """The call in these bytes; StateError when they are none."""
    wire, added, published = _wire(value)
    values: dict[str, Any] = dict(zip(_FIELDS, (*wire, *added), strict=True))
    values["channel"] = Channel(values["channel"])
    values["fix"] = ranked_anew(values["fix"])
    if values["form"] is not None:
        values["form"] = FormState(*values["form"])
    return SavedCall(CallState(**values), published)


def _wire(value: bytes) -> tuple[tuple[Any, ...], AddedWire, Published]:
    # The array's head, then the version, which is always a small number: one byte each.
    version = value[1] if len(value) > 1 else 0
    try:
        if version == 1:
            _, oldest, revision, assessment, outcome = _first.decode(value)
            return oldest, (0, 0), Published(revision, assessment, outcome)
        if version == 2:
            _, older, added, revision, assessment, outcome = _second.decode(value)
            return older, added, Published(revision, assessment, outcome)
        if version == VERSION:
            _, wire, added, revision, assessment, outcome = _third.decode(value)
            return wire, added, Published(revision, assessment, outcome)
    except msgspec.MsgspecError as error:
        raise StateError(f"no saved call: {error}") from error
    raise StateError(f"saved call of version {version}, this is {VERSION}: let the older service finish, or rebuild")
