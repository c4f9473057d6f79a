"""The ledger as a process on a real broker, for tests: its topics, what is sent to it, what it told."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError
from siaga.v1 import common_pb2
from siaga.v1.assessment_pb2 import CallerOutcome, Outcome
from siaga.v1.sanction_pb2 import CallerSanction
from siaga_classifier.ledger.adapters.messages import read_outcome, write_sanction
from siaga_classifier.ledger.adapters.names import Names
from siaga_classifier.ledger.core.memory import Memory, take_in
from siaga_classifier.ledger.core.policy import Policy
from siaga_classifier.ledger.core.view import view_of
from siaga_contracts import catalogue

T0 = 1_549_818_000_000
TENANT = "36.73"
POLICY = Policy(version="t")
PARTITIONS = 3
# The process, with its own topic names and one tenant, so that no tenants' folder is needed.
PROGRAM = """
from dataclasses import replace
from siaga_classifier.ledger.adapters.names import Names
from siaga_classifier.ledger.app import run
from siaga_classifier.ledger.core.policy import Policy
from siaga_contracts import catalogue as c

prefix = {prefix!r}
run(
    Names(
        prefix + {life!r} + "ledger",
        replace(c.CALLER_OUTCOMES, name=prefix + "outcomes"),
        replace(c.SANCTIONS, name=prefix + {life!r} + "sanctions"),
        replace(c.DEAD_LETTERS, name=prefix + "dead"),
        replace(c.CALLER_DECISIONS, name=prefix + "decisions"),
    ),
    lambda settings: ({{{tenant!r}: Policy(version="t")}}, {{}}),
)
"""


@dataclass(frozen=True, slots=True)
class Stack:
    kafka: str
    prefix: str
    folder: Path
    # Another one is another ledger over the same outcomes and decisions: its own table, its own sanctions.
    life: str = ""

    @property
    def names(self) -> Names:
        return Names(
            self.prefix + self.life + "ledger",
            replace(catalogue.CALLER_OUTCOMES, name=self.prefix + "outcomes"),
            replace(catalogue.SANCTIONS, name=self.prefix + self.life + "sanctions"),
            replace(catalogue.DEAD_LETTERS, name=self.prefix + "dead"),
            replace(catalogue.CALLER_DECISIONS, name=self.prefix + "decisions"),
        )

    @contextmanager
    def running(self, instance: str = "1") -> Iterator[subprocess.Popen[bytes]]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = {
            "SIAGA_KAFKA__BOOTSTRAP": self.kafka,
            "SIAGA_KAFKA__REPLICATION": "1",
            "SIAGA_HEALTH__PORT": str(port),
            "SIAGA_DATA_DIR": str(self.folder / instance),
            "SIAGA_INSTANCE": instance,
        }
        program = textwrap.dedent(PROGRAM).format(prefix=self.prefix, life=self.life, tenant=TENANT)
        with (self.folder / "ledger.log").open("ab") as output:
            process = subprocess.Popen([sys.executable, "-c", program], env=os.environ | settings, stderr=output)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


@asynccontextmanager
async def laid_out(kafka: str, folder: Path, lives: Sequence[str] = ("",)) -> AsyncIterator[Stack]:
    """Topics that no other test has, for as long as it lasts; the stack of the first of these lives."""
    made = Stack(kafka, f"test-ledger-{uuid.uuid4().hex[:8]}.", folder, lives[0])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    topics = [*made.names.sources, made.names.dead_letters.name]
    every = [replace(made, life=life).names for life in lives]
    topics += [names.sanctions.name for names in every]
    await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in topics])
    yield made
    await admin.delete_topics([*topics, *(names.changelog for names in every)])
    await admin.close()


def word(caller: str, call: str, at_ms: int, outcome: str = "answered_prank", revision: int = 1) -> CallerOutcome:
    return CallerOutcome(
        call_id=call,
        tenant=TENANT,
        caller_key=caller,
        revision=revision,
        event_at_ms=at_ms,
        outcome=Outcome.Value(f"OUTCOME_{outcome.upper()}"),
        identity_trust=common_pb2.IDENTITY_TRUST_ASSERTED,
        operator_confirmed=outcome == "answered_prank",
    )


def month(words: int) -> list[CallerOutcome]:
    """Words on calls of a few callers: revised, repeated, out of order; the same every time."""
    rng = random.Random(112)
    outcomes = ["answered_prank"] * 6 + ["ivr_prank"] * 6 + ["abandon"] * 8 + ["ghost"]
    made: list[CallerOutcome] = []
    for n in range(words):
        # A few who call often, and many who call once or twice.
        caller = f"caller-{int(rng.paretovariate(0.7)) % 400:03}"
        outcome = "real" if n % 997 == 500 else rng.choice(outcomes)
        at_ms = T0 + n * 40_000
        made.append(word(caller, f"call-{n}", at_ms, "unresolved" if n % 3 == 0 else outcome))
        if n % 3 == 0:
            made.append(word(caller, f"call-{n}", at_ms + 500, outcome, revision=2))
        if n % 7 == 0:
            made.append(made[-1])
    for n in range(0, len(made) - 30, 3):
        other = n + rng.randrange(30)
        made[n], made[other] = made[other], made[n]
    return made


async def send(stack: Stack, records: Sequence[tuple[str, bytes]], topic: str = "") -> None:
    """Publish to the outcomes, or to the topic that is named."""
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all")
    await producer.start()
    sent = [await producer.send(topic or stack.names.outcomes.name, value, key.encode()) for key, value in records]
    await asyncio.gather(*sent)
    await producer.stop()


def records(words: Sequence[CallerOutcome]) -> list[tuple[str, bytes]]:
    return [(w.caller_key, w.SerializeToString()) for w in words]


async def read_all(stack: Stack, topic: str) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, n) for n in range(PARTITIONS)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        values: list[bytes | None] = []
        while any([await consumer.position(where) < ends[where] for where in partitions]):
            polled = await consumer.getmany(timeout_ms=500)
            values += [record.value for rows in polled.values() for record in rows]
        return values
    finally:
        await consumer.stop()


async def sanctions(stack: Stack) -> list[CallerSanction]:
    return [CallerSanction.FromString(v) for v in await read_all(stack, stack.names.sanctions.name) if v is not None]


async def until(what: Callable[[], Awaitable[bool]], seconds: float = 150.0) -> None:
    """Wait until it is so. The bound tells a ledger that hangs from a machine that is busy, nothing else."""
    give_up = time.monotonic() + seconds
    while not await what():
        assert time.monotonic() < give_up, "did not come in time"
        await asyncio.sleep(0.2)


async def drained(stack: Stack) -> bool:
    """Whether all that was sent is committed by the ledger."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka)
    await admin.start()
    await consumer.start()
    try:
        partitions = [TopicPartition(name, n) for name in stack.names.sources for n in range(PARTITIONS)]
        ends = await consumer.end_offsets(partitions)
        try:
            done = await admin.list_consumer_group_offsets(stack.names.app_id)
        except GroupCoordinatorNotAvailableError:
            # A broker that nobody has committed to yet makes the place for it first.
            return False
        return all(where in done and done[where].offset >= end for where, end in ends.items() if end)
    finally:
        await consumer.stop()
        await admin.close()


def recounted(words: Sequence[CallerOutcome]) -> dict[str, CallerSanction]:
    """Where every caller stands when the last word is in, counted from the words alone."""
    memories: dict[str, Memory] = {}
    for one in words:
        caller, entry = read_outcome(one.SerializeToString())
        memories[caller.caller_key] = take_in(memories.get(caller.caller_key, Memory()), entry, POLICY)
    # The centre's clock at the end: the few seconds of wall time since then change nobody's standing.
    now_ms = max(one.event_at_ms for one in words)
    told = {}
    for key, memory in memories.items():
        caller, _ = read_outcome(word(key, "x", 1).SerializeToString())
        told[key] = write_sanction(caller, view_of(memory, now_ms, POLICY))
    return told


async def ends_well(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to stop, and see that it does so by itself."""
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 60) == 0


def newest(told: Sequence[CallerSanction]) -> dict[str, CallerSanction]:
    latest: dict[str, CallerSanction] = {}
    for sanction in told:
        if sanction.caller_key not in latest or sanction.revision >= latest[sanction.caller_key].revision:
            latest[sanction.caller_key] = sanction
    return latest


def gist(sanction: CallerSanction) -> tuple[object, ...]:
    """What a consumer acts on."""
    return (
        sanction.state, sanction.routing_advice, sanction.since_ms, sanction.until_ms, sanction.abuse_score,
        sorted(sanction.calls_by_outcome.items()), sanction.protected_until_ms,
    )  # fmt: skip


async def told_as_recounted(stack: Stack, words: Sequence[CallerOutcome]) -> bool:
    wanted, told = recounted(words), newest(await sanctions(stack))
    return told.keys() == wanted.keys() and all(gist(told[key]) == gist(wanted[key]) for key in wanted)


def assert_nothing_told_twice_differently(told: Sequence[CallerSanction]) -> None:
    contents: dict[tuple[str, int], tuple[object, ...]] = {}
    for sanction in told:
        # The same number, told again after a kill, says the same.
        assert contents.setdefault((sanction.caller_key, sanction.revision), gist(sanction)) == gist(sanction)
