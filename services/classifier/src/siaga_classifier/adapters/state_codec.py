"""A call as it is kept in Redis: its state, and what was last published of it."""

from dataclasses import dataclass, fields
from typing import Any, Final

import msgspec

from siaga_classifier.core.fixes import ranked_anew
from siaga_classifier.core.state import CallState, FormState
from siaga_classifier.core.vocabulary import Channel

# Raised when a field changes its meaning; a state of another version is refused rather than misread.
VERSION: Final = 1


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
FormWire = tuple[
    Said | None, Said | None, Said | None, tuple[int, str, FixValue] | None, Said | None, SaidNumber | None,
    SaidNumber | None,
]  # fmt: skip
# One entry per field of CallState, in its order; a test holds the two together.
StateWire = tuple[
    str, str, int,
    int, int, int, int, int, int, int, int, int, int, int, int,
    tuple[int, int, str, str],
    tuple[tuple[int, str], ...],
    tuple[Said, ...],
    tuple[int, str] | None,
    FormWire | None,
    tuple[int, int, float, FixValue] | None,
]  # fmt: skip
CallWire = tuple[int, StateWire, int, bytes, bytes]

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(CallWire)
_FORM_FIELDS: Final = tuple(field.name for field in fields(FormState))
_STATE_FIELDS: Final = tuple(field.name for field in fields(CallState))


def encode(call: SavedCall) -> bytes:
    """A call as MessagePack: arrays, no names."""
    state, published = call.state, call.published
    wire: list[Any] = [getattr(state, name) for name in _STATE_FIELDS]
    if state.form is not None:
        wire[-2] = [getattr(state.form, name) for name in _FORM_FIELDS]
    return _encoder.encode((VERSION, wire, published.revision, published.assessment, published.outcome))


def decode(value: bytes) -> SavedCall:
    """The call in these bytes; StateError when they are none."""
    try:
        version, wire, revision, assessment, outcome = _decoder.decode(value)
    except msgspec.MsgspecError as error:
        raise StateError(f"no saved call: {error}") from error
    if version != VERSION:
        raise StateError(
            f"saved call of version {version}, this is {VERSION}: let the older service finish, or rebuild"
        )
    values: dict[str, Any] = dict(zip(_STATE_FIELDS, wire, strict=True))
    values["channel"] = Channel(values["channel"])
    values["fix"] = ranked_anew(values["fix"])
    if values["form"] is not None:
        values["form"] = FormState(*values["form"])
    state = CallState(**values)
    return SavedCall(state, Published(revision, assessment, outcome))
