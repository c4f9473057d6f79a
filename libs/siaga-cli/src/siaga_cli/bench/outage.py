"""Minutes without the broker while a centre's events keep coming: what is lost, doubled, out of order, and how soon all is there."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_contracts.envelope import header
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.ports import HOST, Ports
from siaga_kit.embedded.stack import Stack
from siaga_kit.settings import KafkaSettings

from siaga_cli.bench import Figure, Report
from siaga_cli.bench.calls import Told, calls
from siaga_cli.cluster import Cluster
from siaga_cli.console import err
from siaga_cli.reading import read_all

EVENTS_S: Final = 50
MINUTES: Final = 10.0
DRAINED_S: Final = 30.0
# Before the outage and after it, so that both edges are crossed under load.
EDGE_S: Final = 5.0
# Each sends the events of its calls one after the other, as a switch does; between them the order is nobody's.
SENDERS: Final = 10
ANSWER_WITHIN_S: Final = 10.0
TRY_AGAIN_S: Final = 0.5
LOOK_S: Final = 0.1


@dataclass
class Sent:
    """What was answered 202: the ids of the events of each call, in the order in which they were sent."""

    by_call: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    again: int = 0
    slowest_s: float = 0.0

    @property
    def events(self) -> int:
        return sum(len(ids) for ids in self.by_call.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is on the topic against what was promised. A record that came twice has one id, and readers know it by that."""

    lost: int
    # Events that nobody promised: a second id for what was sent again.
    doubled: int
    out_of_order: int
    repeated_records: int


def measure(minutes: float = MINUTES) -> Report:
    """Fifty events a second throughout; the broker is killed with kill -9, stays down, and comes back."""
    with Stack(services=("intake",)) as stack:
        sent, drained_s, waited = asyncio.run(_outage(stack, minutes * 60))
        outcome = compare(stack.addresses.kafka_bootstrap, sent)
    verdict = (outcome.lost, outcome.doubled, outcome.out_of_order)
    return Report(
        (
            Figure("lost, doubled, calls out of order", "0, 0, 0", "{}, {}, {}".format(*verdict), verdict == (0, 0, 0)),
            Figure("spool drained after the broker was back", f"≤ {DRAINED_S:.0f} s", f"{drained_s:.1f} s", drained_s <= DRAINED_S),
            Figure("events taken, of which waited on disk at most", "", f"{sent.events:,}, {waited:,}"),
            Figure("slowest answer, requests sent again", "", f"{sent.slowest_s:.1f} s, {sent.again}"),
            Figure("records that came twice, with one id", "", f"{outcome.repeated_records}"),
        ),
        {
            "minutes": minutes, "events": sent.events, "waited": waited, "drained_s": round(drained_s, 2),
            "lost": outcome.lost, "doubled": outcome.doubled, "out_of_order": outcome.out_of_order,
            "repeated_records": outcome.repeated_records, "slowest_answer_s": round(sent.slowest_s, 2), "again": sent.again,
        },
    )  # fmt: skip


async def _outage(stack: Stack, outage_s: float) -> tuple[Sent, float, int]:
    over = asyncio.Event()
    sent = Sent()
    posting = asyncio.create_task(post_until(over, stack.addresses, sent))
    await asyncio.sleep(EDGE_S)
    gone = stack.take_down("kafka")
    err.print(f"  the broker is killed; back in {outage_s:.0f} s")
    await asyncio.sleep(outage_s)
    stack.bring_back("kafka")
    await asyncio.to_thread(stack.wait_ready, "kafka", not_pid=gone, seconds=120.0)
    waited = await spooled(stack)
    begin = time.monotonic()
    while await spooled(stack):
        await asyncio.sleep(LOOK_S)
    drained_s = time.monotonic() - begin
    await asyncio.sleep(EDGE_S)
    over.set()
    await posting
    return sent, drained_s, waited


async def spooled(stack: Stack) -> int:
    """How many events wait on disk, as intake's own metric says; 0 before it has ever been said."""
    port = Ports(stack.home.data / "ports.json", "free").get("intake-health")
    async with aiohttp.ClientSession() as session, session.get(f"http://{HOST}:{port}/metrics") as answer:
        told = re.search(r"^siaga_intake_spooled(?:{.*})? (\d+)", await answer.text(), re.MULTILINE)
    return int(told[1]) if told else 0


async def post_until(over: asyncio.Event, stack: StackAddresses, sent: Sent) -> None:
    """Post made-up calls at the rate until told that it is over, each event until it is taken; `sent` tells what was."""
    made_up = calls(f"outage{time.time_ns()}")
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {stack.token}"}, timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    ) as session:
        await asyncio.gather(*(_sender(session, stack.intake_url, made_up, sent, over) for _ in range(SENDERS)))


async def _sender(
    session: aiohttp.ClientSession, url: str, made_up: Iterator[list[Told]], sent: Sent, over: asyncio.Event
) -> None:
    """Whole calls, so that none ends in the middle; behind its time after a slow answer it catches up."""
    due = time.monotonic()
    while not over.is_set():
        for event in next(made_up):
            due += SENDERS / EVENTS_S
            await asyncio.sleep(due - time.monotonic())
            begin = time.monotonic()
            accepted = await _taken(session, url, event, sent)
            sent.slowest_s = max(sent.slowest_s, time.monotonic() - begin)
            sent.by_call[accepted["call_id"]] += accepted["event_ids"]


async def _taken(session: aiohttp.ClientSession, url: str, event: Told, sent: Sent) -> dict[str, Any]:
    """The sender's rule: the same bytes again until the 202."""
    while True:
        with suppress(aiohttp.ClientError, TimeoutError):
            async with session.post(url + event.path, json=event.payload) as answer:
                if answer.status == 202:
                    (accepted,) = (await answer.json(content_type=None))["accepted"]
                    return dict(accepted)
        sent.again += 1
        await asyncio.sleep(TRY_AGAIN_S)


def compare(bootstrap: str, sent: Sent) -> Outcome:
    """Read the topic and hold it against what was promised."""
    landed: dict[str, list[str]] = defaultdict(list)
    records = 0
    for record in sorted(
        read_all(Cluster(KafkaSettings(bootstrap=bootstrap)), CALL_EVENTS), key=lambda each: each.offset
    ):
        records += 1
        ids = landed[(record.key or b"").decode()]
        event_id = header(record.headers, "ce_id") or ""
        if event_id not in ids:
            ids.append(event_id)
    promised = {event_id for ids in sent.by_call.values() for event_id in ids}
    there = {event_id for ids in landed.values() for event_id in ids}
    return Outcome(
        lost=len(promised - there),
        doubled=len(there - promised),
        out_of_order=sum(landed[call] != ids for call, ids in sent.by_call.items() if set(ids) <= set(landed[call])),
        repeated_records=records - len(there),
    )
