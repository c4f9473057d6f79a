"""How accounts stand in the ledger's table: a fixed head that is read without the rest, and a MessagePack body."""

import struct
from collections.abc import Iterable
from typing import Final

import msgspec

from siaga_classifier.ledger.adapters.standing_codec import standing_in, standing_out
from siaga_classifier.ledger.adapters.word_codec import words_in, words_out
from siaga_classifier.ledger.book import Account, Caller, Due, Suspension
from siaga_classifier.ledger.core.memory import Memory

# Raised whenever the layout changes. 1 had no decisions, and its head no newest_ms; it is still read, and every account
# is written anew with its next change. A newer one than ours is refused, not misread.
LAYOUT: Final = 2
FIRST_LAYOUT: Final = 1
# layout, partition, due_ms (0 = never), ahead_ms, newest_ms
_HEAD: Final = struct.Struct(">BHqqq")
_FIRST_HEAD: Final = struct.Struct(">BHqq")
# Of an account in the first layout nothing is known without its body: it may have been heard of just now.
_UNKNOWN_MS: Final = 2**62
_SEPARATOR: Final = b"|"
# No caller's key begins so.
_SUSPENSION: Final = b"~suspended~"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()


class LayoutError(Exception):
    """The table was written by a newer version of the ledger."""


def encode_key(caller: Caller) -> bytes:
    """The table's key of a caller."""
    return caller.tenant.encode() + _SEPARATOR + caller.caller_key.encode()


def decode_key(key: bytes) -> Caller:
    """The caller of a table's key."""
    tenant, _, caller_key = key.partition(_SEPARATOR)
    return Caller(tenant.decode(), caller_key.decode())


def suspension_key(tenant: str, partition: int) -> bytes:
    """The key under which a partition keeps when a centre's sanctions rest."""
    return tenant.encode() + _SEPARATOR + _SUSPENSION + str(partition).encode()


def is_suspension(key: bytes) -> bool:
    """Whether a key is no caller's."""
    return key.partition(_SEPARATOR)[2].startswith(_SUSPENSION)


def encode_account(account: Account) -> bytes:
    """The table's value of an account."""
    memory = account.memory
    body = (
        memory.applied,
        words_out(memory.entries),
        # Most callers never have so many calls that any is folded away.
        None
        if memory.folded_to == (0, "")
        else (standing_out(memory.base), dict(memory.folded), list(memory.folded_to)),
        (memory.correction, memory.corrected_call_id) if memory.correction else None,
    )
    head = _HEAD.pack(LAYOUT, account.partition, account.due_ms or 0, account.ahead_ms, memory.newest_ms)
    return head + _encoder.encode(body)


def decode_account(value: bytes) -> Account:
    """The account of a table's value; its standings are yet to be counted (`memory.restored`)."""
    partition, due_ms, ahead_ms, _, size = _head(value)
    applied, entries, fold, *rest = _decoder.decode(memoryview(value)[size:])
    correction, corrected_call_id = (rest and rest[0]) or ("", "")
    memory = Memory(words_in(entries), applied=applied, correction=correction, corrected_call_id=corrected_call_id)
    if fold is not None:
        base, folded, (at_ms, call_id) = fold
        memory = Memory(
            entries=memory.entries,
            base=standing_in(base),
            folded=folded,
            folded_to=(at_ms, call_id),
            applied=applied,
            correction=correction,
            corrected_call_id=corrected_call_id,
        )
    return Account(memory, partition, due_ms or None, ahead_ms)


def encode_suspension(suspension: Suspension) -> bytes:
    """The table's value of a partition's suspensions."""
    return _HEAD.pack(LAYOUT, suspension.partition, 0, 0, 0) + _encoder.encode(suspension.spans)


def decode_suspension(key: bytes, value: bytes) -> Suspension:
    """The suspensions of a table's key and value."""
    partition, _, _, _, size = _head(value)
    spans = tuple([(start_ms, end_ms) for start_ms, end_ms in _decoder.decode(memoryview(value)[size:])])
    return Suspension(decode_key(key).tenant, partition, spans)


def read_due(key: bytes, value: bytes) -> Due:
    """When an account falls due, without decoding it: thousands are looked at after a restart."""
    _, due_ms, ahead_ms, _, _ = _head(value)
    return Due(decode_key(key), due_ms or None, ahead_ms)


def read_partition(value: bytes) -> int:
    """The partition an account belongs to."""
    return _head(value)[0]


def recent_callers(records: Iterable[tuple[bytes, bytes]], tenant: str, since_ms: int) -> list[Caller]:
    """Callers of a centre with a word of that time or later, or of whom that cannot be told without the body."""
    prefix = tenant.encode() + _SEPARATOR
    return [
        decode_key(key)
        for key, value in records
        if key.startswith(prefix) and not is_suspension(key) and _head(value)[3] >= since_ms
    ]


def _head(value: bytes) -> tuple[int, int, int, int, int]:
    layout = value[0]
    if layout == LAYOUT:
        _, partition, due_ms, ahead_ms, newest_ms = _HEAD.unpack_from(value)
        return partition, due_ms, ahead_ms, newest_ms, _HEAD.size
    if layout == FIRST_LAYOUT:
        _, partition, due_ms, ahead_ms = _FIRST_HEAD.unpack_from(value)
        return partition, due_ms, ahead_ms, _UNKNOWN_MS, _FIRST_HEAD.size
    raise LayoutError(
        f"layout {layout} of a newer ledger, this one reads up to {LAYOUT}; start the newer one again, or delete the "
        "table's changelog topic and the ledger's consumer group, and it counts again from its topics"
    )
