"""Keys go where every other client of Kafka puts them."""

import uuid

from aiokafka.partitioner import murmur2 as of_the_client
from hypothesis import given
from hypothesis import strategies as st
from siaga_kit.partitioning import murmur2, slot


@given(key=st.binary(max_size=70) | st.uuids().map(lambda made: str(made).encode()))
def test_the_hash_is_the_clients(key: bytes) -> None:
    assert murmur2(key) == of_the_client(key) & 0xFFFFFFFF


def test_calls_are_spread_over_all_partitions() -> None:
    keys = [str(uuid.uuid5(uuid.NAMESPACE_URL, str(number))).encode() for number in range(1_000)]
    assert {slot(key, 12) for key in keys} == set(range(12))
