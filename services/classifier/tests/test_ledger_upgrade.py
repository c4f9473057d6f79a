"""What the table of a running centre holds outlives the process, and the version of the ledger that wrote it."""

import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from ledger_process import (
    PARTITIONS,
    T0,
    TENANT,
    Stack,
    drained,
    laid_out,
    newest,
    records,
    sanctions,
    send,
    until,
    word,
)
from ledger_samples import FIRST
from siaga.v1 import common_pb2
from siaga.v1.decision_pb2 import CallerDecision, DecisionKind
from siaga_classifier.ledger.adapters.table_codec import encode_key
from siaga_classifier.ledger.adapters.topics import ensure_changelog
from siaga_classifier.ledger.book import Caller
from siaga_classifier.ledger.core.policy import HOUR_MS
from siaga_kit.errors import Transient
from siaga_kit.settings import KafkaSettings

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


@pytest.fixture
async def stack(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Stack]:
    async with laid_out(kafka_bootstrap, tmp_path) as made:
        yield made


async def with_changelog(stack: Stack) -> bool:
    """Make the changelog topic as the ledger does: a topic just made may not be known to the broker yet."""
    try:
        await ensure_changelog(KafkaSettings(bootstrap=stack.kafka, replication=1), stack.names)
    except Transient:
        return False
    return True


async def test_a_table_of_the_first_layout_is_taken_over(stack: Stack) -> None:
    await until(lambda: with_changelog(stack))
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all")
    await producer.start()
    call = word("a", "another", T0 + 20_000, "abandon").SerializeToString()
    sent = await producer.send_and_wait(stack.names.outcomes.name, call, b"a")
    # With a head of its own: this partition, nothing due, and a centre's clock that is in 2019.
    head = struct.Struct(">BHqq")
    account = head.pack(FIRST[0], sent.partition, 0, T0 + 30_000 - time.time_ns() // 1_000_000) + FIRST[head.size :]
    key = encode_key(Caller(TENANT, "a"))
    await producer.send_and_wait(stack.names.changelog, account, key, partition=sent.partition)
    await producer.stop()
    lift = CallerDecision(
        decision_id="d", tenant=TENANT, caller_key="a", kind=DecisionKind.DECISION_KIND_LIFT, actor="sup-1",
        at_ms=T0 + 30_000,
    )  # fmt: skip
    await send(stack, [("a", lift.SerializeToString())], stack.names.decisions.name)
    with stack.running():
        await until(lambda: drained(stack))
    told = newest(await sanctions(stack))["a"]
    assert (told.state, told.reason) == (common_pb2.SANCTION_STATE_CLEAN, "lifted by a person")
    assert told.calls_by_outcome == {"answered_prank": 6, "ivr_prank": 1, "abandon": 1}


async def test_a_suspension_outlives_the_process(stack: Stack) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all")
    await producer.start()
    for partition in range(PARTITIONS):
        rest = CallerDecision(
            decision_id=f"rest-{partition}", tenant=TENANT, kind=DecisionKind.DECISION_KIND_SUSPEND, at_ms=T0,
            until_ms=T0 + HOUR_MS,
        )  # fmt: skip
        value = rest.SerializeToString()
        await producer.send_and_wait(stack.names.decisions.name, value, b"", partition=partition)
    await producer.stop()
    with stack.running() as process:
        await until(lambda: drained(stack))
        process.kill()
    await send(stack, records([word("a", f"call-{n}", T0 + n * 1000) for n in range(7)]))
    await send(stack, records([word("b", f"later-{n}", T0 + HOUR_MS + n * 1000) for n in range(7)]))
    with stack.running():
        await until(lambda: drained(stack))
    told = newest(await sanctions(stack))
    assert (told["a"].abuse_score, told["a"].calls_by_outcome) == (0, {"answered_prank": 7})
    assert told["b"].state == common_pb2.SANCTION_STATE_TEMPORARY
