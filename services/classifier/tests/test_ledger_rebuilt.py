"""A ledger that lived through kill -9 again and again, and one counted from the topics from scratch: the same."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from ledger_process import (
    PARTITIONS,
    POLICY,
    TENANT,
    Stack,
    assert_nothing_told_twice_differently,
    drained,
    gist,
    laid_out,
    month,
    newest,
    records,
    sanctions,
    send,
    until,
)
from siaga.v1.assessment_pb2 import CallerOutcome
from siaga.v1.decision_pb2 import CallerDecision, DecisionKind
from siaga.v1.sanction_pb2 import CallerSanction
from siaga_classifier.ledger.adapters.messages import write_sanction
from siaga_classifier.ledger.adapters.table_codec import decode_account, decode_suspension, is_suspension
from siaga_classifier.ledger.book import Caller
from siaga_classifier.ledger.core.memory import Memory, calls_by_outcome, restored
from siaga_classifier.ledger.core.view import view_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

KILLS = 5
# So many callers at least have a word in each part. On a busy machine a part is one batch, and of what one batch changes
# about a caller's counts only the last is told: more than this may never come.
CALLERS_A_PART = 60
# What people decide about callers that have calls; an erasure is left out, for what is erased cannot be counted again.
KINDS = (
    DecisionKind.DECISION_KIND_LIFT,
    DecisionKind.DECISION_KIND_APPEAL,
    DecisionKind.DECISION_KIND_APPEAL_ACCEPTED,
    DecisionKind.DECISION_KIND_SHARE,
    DecisionKind.DECISION_KIND_UNSHARE,
    DecisionKind.DECISION_KIND_PROTECT,
    DecisionKind.DECISION_KIND_APPROVE_PERMANENT,
    DecisionKind.DECISION_KIND_NEW_HOLDER,
)


@pytest.fixture
async def stack(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Stack]:
    async with laid_out(kafka_bootstrap, tmp_path, ("first.", "second.")) as made:
        yield made


def decided(words: list[CallerOutcome], rng: random.Random) -> list[CallerDecision]:
    """Decisions about callers that call often, some told twice."""
    made: list[CallerDecision] = []
    for number, outcome in enumerate(rng.sample(words, 120)):
        made.append(
            CallerDecision(
                decision_id=f"d{number}",
                tenant=TENANT,
                caller_key=outcome.caller_key,
                kind=rng.choice(KINDS),
                actor=rng.choice(("spv-01", "spv-02")),
                reason="test",
                at_ms=outcome.event_at_ms + rng.randrange(90_000),
                until_ms=outcome.event_at_ms + 86_400_000,
            )
        )
        if number % 5 == 0:
            made.append(made[-1])
    return made


async def table_of(stack: Stack) -> dict[bytes, object]:
    """What the ledger's table holds, decoded."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(stack.names.changelog, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: dict[bytes, object] = {}
        while any([await consumer.position(place) < ends[place] for place in places]):
            for rows in (await consumer.getmany(timeout_ms=500)).values():
                for row in rows:
                    found[row.key] = row.value and held(row.key, row.value)
        return found
    finally:
        await consumer.stop()


def held(key: bytes, value: bytes) -> object:
    """A row without what tells when, and in which order, it was written.

    Of a caller with more words than are remembered, what is folded away depends on whether a decision came before or
    after it was: what it amounts to does not.
    """
    if is_suspension(key):
        return decode_suspension(key, value)
    account = decode_account(value)
    memory = restored(account.memory, POLICY)
    counts = calls_by_outcome(memory, memory.newest_ms, POLICY)
    return (account.partition, account.due_ms, memory.entries, memory.folded_to, counts, memory.standing)


def standings(told: Sequence[CallerSanction]) -> dict[str, tuple[object, ...]]:
    """What is known of each caller beyond what holds for one never heard of: that is not told anew, whatever led to it.

    Neither is since when it holds, where nothing else has changed: of that the table says enough.
    """
    unknown = gist(write_sanction(Caller(TENANT, ""), view_of(Memory(), 0, POLICY)))
    latest = {key: gist(undated(sanction)) for key, sanction in newest(told).items()}
    return {key: found for key, found in latest.items() if found != unknown}


def undated(sanction: CallerSanction) -> CallerSanction:
    without = CallerSanction()
    without.CopyFrom(sanction)
    without.since_ms = 0
    return without


async def same_in_both(one: Stack, other: Stack) -> bool:
    return standings(await sanctions(one)) == standings(await sanctions(other))


async def same_table(one: Stack, other: Stack) -> bool:
    return await table_of(one) == await table_of(other)


async def test_a_ledger_counted_again_equals_the_one_that_was_killed(stack: Stack) -> None:
    rng = random.Random(20_260_112)
    words = month(2_500)
    decisions = [(decision.caller_key, decision.SerializeToString()) for decision in decided(words, rng)]

    # Each life gets a part; killed somewhere in it, the next one begins with the rest.
    for part in range(KILLS):
        told = len(await sanctions(stack))
        goal = told + rng.randrange(1, CALLERS_A_PART)

        async def reached(goal: int = goal) -> bool:
            return len(await sanctions(stack)) >= goal

        with stack.running() as process:
            await send(stack, records(words[part * len(words) // KILLS : (part + 1) * len(words) // KILLS]))
            share = slice(part * len(decisions) // KILLS, (part + 1) * len(decisions) // KILLS)
            await send(stack, decisions[share], stack.names.decisions.name)
            await until(reached)
            process.kill()
    with stack.running():
        await until(lambda: drained(stack))

    again = replace(stack, life="second.")
    with stack.running("1"), again.running("2"):
        await until(lambda: drained(again))
        await until(lambda: same_in_both(stack, again))
        # Time ends things in both while they are looked at, in one of them a moment earlier.
        await until(lambda: same_table(stack, again))
    published = await sanctions(stack)
    assert len({sanction.state for sanction in published}) >= 4, "too little happened to prove anything"
    # A caller about whom people decided is told of from two topics: after a kill a word that comes again may meet a
    # decision that it had come before, and its number then says something else. The last record holds.
    undecided = {outcome.caller_key for outcome in words} - {key for key, _ in decisions}
    assert_nothing_told_twice_differently([each for each in published if each.caller_key in undecided])
