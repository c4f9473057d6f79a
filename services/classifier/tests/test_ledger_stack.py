"""The ledger as a process on a real broker: outcomes in, sanctions out, through kills, poison and expiry."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from ledger_process import (
    PARTITIONS,
    T0,
    Stack,
    assert_nothing_told_twice_differently,
    drained,
    ends_well,
    laid_out,
    month,
    newest,
    read_all,
    records,
    sanctions,
    send,
    told_as_recounted,
    until,
    word,
)
from siaga.v1 import common_pb2
from siaga.v1.dead_letter_pb2 import DeadLetter
from siaga_classifier.ledger.core.policy import HOUR_MS

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


@pytest.fixture
async def stack(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Stack]:
    async with laid_out(kafka_bootstrap, tmp_path) as made:
        yield made


async def test_outcomes_become_sanctions_that_end_on_time(stack: Stack) -> None:
    words = [word("a", f"call-{n}", T0 + n * 1000) for n in range(7)] + [word("b", "other", T0)]
    await send(stack, records(words))
    with stack.running() as process:
        await until(lambda: drained(stack))
        told = newest(await sanctions(stack))
        assert told["a"].state == common_pb2.SANCTION_STATE_TEMPORARY
        assert told["a"].routing_advice == common_pb2.ROUTING_ADVICE_SCREEN
        assert told["a"].until_ms == T0 + 5000 + 24 * HOUR_MS
        assert told["b"].calls_by_outcome == {"answered_prank": 1}

        # Another caller's call the next day carries the centre's clock past the end.
        await send(stack, records([word("b", "next day", T0 + 25 * HOUR_MS)]))

        async def ended() -> bool:
            return newest(await sanctions(stack))["a"].state == common_pb2.SANCTION_STATE_CLEAN

        await until(ended)
        await ends_well(process)


async def test_a_sanction_that_fell_due_while_down_is_ended_after_the_start(stack: Stack) -> None:
    with stack.running() as process:
        await send(stack, records([word("a", f"call-{n}", T0 + n) for n in range(6)]))
        await until(lambda: drained(stack))
        process.kill()
    assert newest(await sanctions(stack))["a"].state == common_pb2.SANCTION_STATE_TEMPORARY
    # The day goes by without the ledger; what is due is known from the table alone.
    await send(stack, records([word("b", "next day", T0 + 25 * HOUR_MS)]))
    with stack.running():

        async def ended() -> bool:
            return newest(await sanctions(stack))["a"].state == common_pb2.SANCTION_STATE_CLEAN

        await until(ended)


async def test_killed_in_the_middle_it_ends_as_a_recount_and_doubles_nothing(stack: Stack) -> None:
    words = month(3000)

    async def trickle() -> None:
        """Sent bit by bit, so that there are always records before, in and after the ledger when it is killed."""
        for n in range(0, len(words), 100):
            await send(stack, records(words[n : n + 100]))

    sending = asyncio.create_task(trickle())
    for _ in range(2):
        before = len(await sanctions(stack))

        async def more(before: int = before) -> bool:
            return len(await sanctions(stack)) > before

        with stack.running() as process:
            await until(more)
            process.kill()
    await sending
    with stack.running():
        await until(lambda: drained(stack))
        await until(lambda: told_as_recounted(stack, words))
    told = await sanctions(stack)
    assert len({sanction.state for sanction in told}) >= 4, "the month has too little in it to prove anything"
    assert_nothing_told_twice_differently(told)


async def test_a_second_ledger_takes_its_share_and_nothing_is_counted_twice(stack: Stack) -> None:
    words = month(1500)
    await send(stack, records(words[:700]))
    with stack.running("1") as first:
        await until(lambda: drained(stack))
        with stack.running("2"):

            async def shared() -> bool:
                lines = (stack.folder / "ledger.log").read_text().splitlines()
                recovered = [json.loads(line) for line in lines if '"recovered"' in line]
                return sorted(line["partitions"] for line in recovered[-2:]) == [1, 2]

            await until(shared)
            for n in range(700, len(words), 100):
                await send(stack, records(words[n : n + 100]))
            await until(lambda: drained(stack))
            await until(lambda: told_as_recounted(stack, words))
            await ends_well(first)
    assert_nothing_told_twice_differently(await sanctions(stack))


async def test_poison_goes_to_the_dead_letters_and_the_rest_goes_on(stack: Stack) -> None:
    unknown = word("a", "call-x", T0)
    unknown.tenant = "99.99"
    good = [word("a", f"call-{n}", T0 + n) for n in range(3)]
    mixed = records(good)
    mixed[1:1] = [("a", b"\xff\xfe\xfd not a message"), ("a", unknown.SerializeToString()), ("a", b"")]
    await send(stack, mixed)
    with stack.running():
        await until(lambda: drained(stack))
    assert newest(await sanctions(stack))["a"].abuse_score == 3
    values = await read_all(stack, stack.names.dead_letters.name)
    letters = [DeadLetter.FromString(value) for value in values if value is not None]
    assert {letter.reason.split(":")[0] for letter in letters} == {"DecodeError", "OutcomeError", "UnknownTenantError"}
    assert {letter.value for letter in letters} == {value for _, value in mixed[1:4]}
    assert all(letter.service == "ledger" and letter.source_topic == stack.names.outcomes.name for letter in letters)
    assert len({letter.dead_letter_id for letter in letters}) == 3


async def test_the_changelog_is_ours(stack: Stack) -> None:
    await send(stack, records([word("a", "call", T0)]))
    with stack.running():
        await until(lambda: drained(stack))
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    try:
        (topic,) = [t for t in await admin.describe_topics() if t["topic"] == stack.names.changelog]
        ours = [t["topic"] for t in await admin.describe_topics() if t["topic"].startswith(stack.prefix)]
    finally:
        await admin.close()
    assert len(topic["partitions"]) == PARTITIONS
    assert len(ours) == 5, "no other topic than the four given and the changelog"
