"""Kafka's own choice of partition for a key, so that every client of the topic finds a call where we put it."""

import struct
from functools import lru_cache
from itertools import count
from typing import Final

_SEED: Final = 0x9747B28C
_MULTIPLIER: Final = 0x5BD1E995
_32_BITS: Final = 0xFFFFFFFF
_SIGNLESS: Final = 0x7FFFFFFF


@lru_cache(maxsize=65_536)
def slot(key: bytes, partitions: int) -> int:
    """Which of so many partitions; remembered, for a call has several records."""
    return (murmur2(key) & _SIGNLESS) % partitions


def murmur2(data: bytes) -> int:
    """The hash, by words: byte by byte, as our Kafka client does it, takes three times as long."""
    length = len(data)
    hashed = _SEED ^ length
    for word in struct.unpack_from(f"<{length // 4}I", data):
        mixed = word * _MULTIPLIER & _32_BITS
        mixed = (mixed ^ mixed >> 24) * _MULTIPLIER
        hashed = (hashed * _MULTIPLIER ^ mixed) & _32_BITS
    if length % 4:
        rest = int.from_bytes(data[length & ~3 :], "little")
        hashed = (hashed ^ rest) * _MULTIPLIER & _32_BITS
    hashed = (hashed ^ hashed >> 13) * _MULTIPLIER & _32_BITS
    return hashed ^ hashed >> 15


@lru_cache(maxsize=256)
def key_in(partition: int, partitions: int) -> str:
    """A key that lies in that partition: for what every partition has to be told."""
    return next(key for number in count() if slot((key := f"partition-{number}").encode(), partitions) == partition)
