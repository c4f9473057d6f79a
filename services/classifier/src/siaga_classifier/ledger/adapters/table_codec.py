"""How accounts stand in the ledger's table: a fixed head that is read without the rest, and a MessagePack body."""

import struct
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec

from siaga_classifier.ledger.book import Account, Caller, Due
from siaga_classifier.ledger.core.memory import Memory
from siaga_classifier.ledger.core.model import Counted, Entry, Standing, State

# Raised whenever the layout changes: a table of another layout must be refused, not misread.
LAYOUT: Final = 1
# layout, partition, due_ms (0 = never), ahead_ms
_HEAD: Final = struct.Struct(">BHqq")
_SEPARATOR: Final = b"|"
_CONFIRMED, _CONFIDENTIAL, _BACKFILLED = 1, 2, 4

# Words that stand as small numbers; new ones only at the end, or old tables would be misread.
_WORDS: Final = (
    "abandon", "ivr_prank", "answered_prank", "ghost", "non_emergency", "misdirected", "test", "real", "unserved",
    "unresolved", "in_progress", "verified", "asserted", "unverified", "anonymous", "no_sim", "unspecified",
)  # fmt: skip
_CODES: Final = {word: code for code, word in enumerate(_WORDS)}

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()


class LayoutError(Exception):
    """The table was written by another version of the ledger."""


def encode_key(caller: Caller) -> bytes:
    """The table's key of a caller."""
    return caller.tenant.encode() + _SEPARATOR + caller.caller_key.encode()


def decode_key(key: bytes) -> Caller:
    """The caller of a table's key."""
    tenant, _, caller_key = key.partition(_SEPARATOR)
    return Caller(tenant.decode(), caller_key.decode())


def encode_account(account: Account) -> bytes:
    """The table's value of an account."""
    memory = account.memory
    body = (
        memory.applied,
        _entries_out(memory.entries),
        # Most callers never have so many calls that any is folded away.
        None
        if memory.folded_to == (0, "")
        else (_standing_out(memory.base), dict(memory.folded), list(memory.folded_to)),
    )
    return _HEAD.pack(LAYOUT, account.partition, account.due_ms or 0, account.ahead_ms) + _encoder.encode(body)


def decode_account(value: bytes) -> Account:
    """The account of a table's value; its standings are yet to be counted (`memory.restored`)."""
    partition, due_ms, ahead_ms = _head(value)
    applied, entries, fold = _decoder.decode(memoryview(value)[_HEAD.size :])
    memory = Memory(entries=_entries_in(entries), applied=applied)
    if fold is not None:
        base, folded, (at_ms, call_id) = fold
        memory = Memory(
            entries=memory.entries,
            base=_standing_in(base),
            folded=folded,
            folded_to=(at_ms, call_id),
            applied=applied,
        )
    return Account(memory, partition, due_ms or None, ahead_ms)


def read_due(key: bytes, value: bytes) -> Due:
    """When an account falls due, without decoding it: thousands are looked at after a restart."""
    _, due_ms, ahead_ms = _head(value)
    return Due(decode_key(key), due_ms or None, ahead_ms)


def read_partition(value: bytes) -> int:
    """The partition an account belongs to."""
    return _head(value)[0]


def _head(value: bytes) -> tuple[int, int, int]:
    layout, partition, due_ms, ahead_ms = _HEAD.unpack_from(value)
    if layout != LAYOUT:
        raise LayoutError(f"layout {layout}, this ledger reads {LAYOUT}")
    return partition, due_ms, ahead_ms


# A caller's record is written with all its calls, so the same ids are packed again with each of them.
@lru_cache(maxsize=65_536)
def _pack_id(call_id: str) -> bytes | str:
    """16 bytes for a UUID in its usual form; any other id as it is."""
    try:
        packed = UUID(call_id)
    except ValueError:
        return call_id
    return packed.bytes if str(packed) == call_id else call_id


def _unpack_id(packed: bytes | str) -> str:
    return packed if isinstance(packed, str) else str(UUID(bytes=packed))


def _entries_out(entries: tuple[Entry, ...]) -> list[tuple[Any, ...]]:
    """The calls in order, each with the time since the one before: a heavy caller's record is written with each."""
    rows = []
    before_ms = 0
    for entry in entries:
        flags = (
            (_CONFIRMED if entry.confirmed else 0)
            | (_CONFIDENTIAL if entry.confidential else 0)
            | (_BACKFILLED if entry.backfilled else 0)
        )
        rows.append(
            (
                _pack_id(entry.call_id),
                entry.event_at_ms - before_ms,
                _CODES.get(entry.outcome, entry.outcome),
                entry.revision,
                flags,
                _CODES.get(entry.trust, entry.trust),
            )
        )
        before_ms = entry.event_at_ms
    return rows


def _entries_in(rows: list[list[Any]]) -> tuple[Entry, ...]:
    entries = []
    at_ms = 0
    for packed_id, since_ms, outcome, revision, flags, trust in rows:
        at_ms += since_ms
        entries.append(
            Entry(
                call_id=_unpack_id(packed_id),
                event_at_ms=at_ms,
                outcome=_WORDS[outcome] if isinstance(outcome, int) else outcome,
                revision=revision,
                confirmed=bool(flags & _CONFIRMED),
                confidential=bool(flags & _CONFIDENTIAL),
                backfilled=bool(flags & _BACKFILLED),
                trust=_WORDS[trust] if isinstance(trust, int) else trust,
            )
        )
    return tuple(entries)


def _standing_out(standing: Standing) -> tuple[Any, ...]:
    return (
        standing.state.value, standing.since_ms, standing.until_ms, standing.cause_call_id,
        standing.reason, [(abuse.at_ms, abuse.weight, abuse.confirmed) for abuse in standing.counted],
        standing.ivr_pranks_ms, standing.imposed_ms, standing.ticks, standing.trust,
    )  # fmt: skip


def _standing_in(fields: list[Any]) -> Standing:
    (state, since_ms, until_ms, cause_call_id, reason, counted, ivr_pranks_ms, imposed_ms, ticks, trust) = fields
    return Standing(
        State(state), since_ms, until_ms, cause_call_id, reason,
        tuple([Counted(*abuse) for abuse in counted]), tuple(ivr_pranks_ms), imposed_ms, ticks, trust,
    )  # fmt: skip
