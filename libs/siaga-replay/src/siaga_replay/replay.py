"""One replay, from the file to the summary."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
from siaga_kit.embedded.addresses import StackAddresses

from siaga_replay.answers import Receipt
from siaga_replay.changed import Changed
from siaga_replay.crews import Crews
from siaga_replay.drain import Drain
from siaga_replay.lag import GroupLag
from siaga_replay.ledger import Ledger
from siaga_replay.poster import Poster
from siaga_replay.progress import Progress, Watch, unwatched
from siaga_replay.requests import count_lines, read_requests
from siaga_replay.scenarios import CACHE, SCENARIOS, scenario_files
from siaga_replay.smsc import SmsCentre
from siaga_replay.summary import Run, Summary, summarise
from siaga_replay.topics import TopicReader

# A bar that moves more often only costs time.
REPORT_EVERY: Final = 100


class SmsUnseen(Exception):  # noqa: N818  (a state of the stack, told with its remedy)
    """The stack's SMS go to a centre elsewhere."""


async def replay(
    source: Path | str,
    stack: StackAddresses,
    speed: float | None = None,
    crews: bool = True,
    progress: Watch = unwatched,
    cache: Path = CACHE,
) -> Summary:
    """Post a file or a built-in scenario to a running stack, wait until all is drained, and reconcile.

    `speed` 60 = a recorded minute in a second, None = as fast as the front door takes it. Only what comes onto the topics
    after the start counts; calls that an earlier replay of the same file has brought are told as `known_calls`.
    Raises SmsUnseen, before anything is posted, when the stack has no embedded SMS centre.
    """
    if not stack.smsc_control_url:
        raise SmsUnseen(
            "this stack sends its SMS through a centre elsewhere (SIAGA_SMPP__HOST): without the embedded SMS centre a "
            "replay cannot compare SMS with orders, and would send real ones"
        )
    name = str(source)
    path = await asyncio.to_thread(requests_file, source, cache, progress)
    ledger, changed = Ledger(), Changed()
    async with _observed(stack, ledger, changed, crews=crews) as observed:
        started = time.monotonic()
        await _post(path, stack, ledger, speed, progress)
        drained = await observed.wait(progress)
    run = Run(name, speed, drained.rested_at_s - started, drained.drained, drained.waiting_for)
    return summarise(ledger, run)


def requests_file(source: Path | str, cache: Path, progress: Watch) -> Path:
    """The file to replay; a scenario's name generates it. Raises FileNotFoundError with what there is instead."""
    if str(source) in SCENARIOS:
        return scenario_files(str(source), cache, progress).requests
    path = Path(source)
    if not path.is_file():
        raise FileNotFoundError(f"{source} is neither a file nor a scenario ({', '.join(sorted(SCENARIOS))})")
    return path


async def _post(path: Path, stack: StackAddresses, ledger: Ledger, speed: float | None, progress: Watch) -> None:
    lines = await asyncio.to_thread(count_lines, path)

    def posted(receipt: Receipt) -> None:
        ledger.posted(receipt)
        if ledger.requests % REPORT_EVERY == 0 or ledger.requests == lines:
            progress(Progress("post", ledger.requests, lines))

    poster = Poster(stack.intake_url, stack.token, on_receipt=posted, on_bad_line=ledger.bad_line)
    await poster.post(read_requests(path), speed)


@contextlib.asynccontextmanager
async def _observed(stack: StackAddresses, ledger: Ledger, changed: Changed, *, crews: bool) -> AsyncIterator[Drain]:
    """Everything that watches a replay, from before its first request on."""
    reader, lag = TopicReader(stack.kafka_bootstrap, ledger, changed), GroupLag(stack.kafka_bootstrap)
    async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as closing:
        centre = SmsCentre(stack.smsc_control_url, session)
        await centre.skip_what_is_there()
        closing.push_async_callback(reader.close)
        await reader.open()
        closing.push_async_callback(lag.close)
        await lag.open()
        playing = Crews(ledger, changed, centre.send_from_phone) if crews else None
        watching = [reader.run(), _follow(centre, ledger, changed)] + ([playing.run()] if playing else [])
        tasks = [asyncio.create_task(each) for each in watching]
        try:
            yield Drain(ledger, reader, lag, playing)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            # A watcher that broke has seen too little: its counts must not be taken for the truth.
            if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
                raise error


async def _follow(centre: SmsCentre, ledger: Ledger, changed: Changed) -> None:
    while True:
        for message in await centre.next_messages():
            ledger.sms(message)
        changed.notify()
