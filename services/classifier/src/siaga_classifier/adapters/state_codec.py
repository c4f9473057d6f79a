"""A call as it is kept in Redis: its state, and what was last published of it."""

from dataclasses import dataclass, fields
from typing import Any, Final

import msgspec

from siaga_classifier.core.fixes import ranked_anew
from siaga_classifier.core.state import CallState, FormState
from siaga_classifier.core.vocabulary import Channel

# Raised when the fields change; a state of an unknown version is refused rather than misread.
VERSION: Final = 2
# The version before knew nothing of conversations that go quiet; its states lack the last two fields.
_BEFORE: Final = 1


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
# One entry per field of CallState, in its order, without those that version 2 has added; a test holds them together.
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
AddedWire = tuple[int, int]
CallWire = tuple[int, StateWire, AddedWire, int, bytes, bytes]
CallWireBefore = tuple[int, StateWire, int, bytes, bytes]

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(CallWire)
_decoder_before: Final = msgspec.msgpack.Decoder(CallWireBefore)
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
    version, wire, added, revision, assessment, outcome = _wire(value)
    if version not in (VERSION, _BEFORE):
        raise StateError(
            f"saved call of version {version}, this is {VERSION}: let the older service finish, or rebuild"
        )
    values: dict[str, Any] = dict(zip(_FIELDS, (*wire, *added), strict=True))
    values["channel"] = Channel(values["channel"])
    values["fix"] = ranked_anew(values["fix"])
    if values["form"] is not None:
        values["form"] = FormState(*values["form"])
    state = CallState(**values)
    return SavedCall(state, Published(revision, assessment, outcome))


def _wire(value: bytes) -> CallWire:
    try:
        found: CallWire = _decoder.decode(value)
    except msgspec.MsgspecError as error:
        try:
            version, wire, revision, assessment, outcome = _decoder_before.decode(value)
        except msgspec.MsgspecError:
            raise StateError(f"no saved call: {error}") from error
        return (version, wire, (0, 0), revision, assessment, outcome)
    return found
