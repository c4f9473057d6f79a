"""Carries a case out: sends as the notifier's engine would, and compares what came of it with what the case expects."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from notifier_samples import order
from siaga_notifier.adapters import codec
from siaga_notifier.channel import Channel
from siaga_notifier.core.model import Attempt
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary
from siaga_notifier.core.receipts import canonical, spellings
from siaga_notifier.core.sms_parts import segments
from siaga_notifier.core.states import State, merge

from sms_conformance.cases import Case
from sms_conformance.frames import ENQUIRE_LINK, UCS2
from sms_conformance.peer import Heard, Peer
from sms_conformance.proxy import Proxy

PATIENCE_S = 20.0
# A peer's cases run side by side: most of each is waiting.
AT_ONCE = 12
MOST_TRIES = 8
MOST_OCTETS, MOST_SEPTETS = 140, 160
LONGEST_PAUSE_S = 0.3
NUMBER = "+6281100000"


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, with a bound."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        await asyncio.sleep(0.01)


async def run_all(peer: Peer, cases: Sequence[Case], at_once: int = AT_ONCE) -> dict[str, BaseException | None]:
    """Each case's failure by its name; None where it passed."""
    places = asyncio.Semaphore(at_once)

    async def one(case: Case, port: int) -> None:
        async with places:
            await run(case, peer, port)

    async with peer.started() as port:
        results = await asyncio.gather(*(one(case, port) for case in cases), return_exceptions=True)
    return dict(zip((case.name for case in cases), results, strict=True))


async def run(case: Case, peer: Peer, centre_port: int) -> None:
    """Raises AssertionError with what was not as it should be."""
    heard = Heard(failures=case.failures if peer.direct else 0)
    async with Proxy(centre_port, case.faults) as proxy, peer.channel(case.name, proxy.port, heard) as channel:
        await _bound(channel)
        stories = await asyncio.gather(*(_send(channel, at, text) for at, text in enumerate(case.texts)))
        for at, story in enumerate(stories):
            if case.fate is not None:
                await until(partial(_has_fate, case, story, heard, at), f"{case.fate} of {story}")
        await until(lambda: len(heard.messages) >= len(case.hears), "phones' messages")
        if case.asks_link:
            await until(lambda: proxy.seen[ENQUIRE_LINK] >= case.asks_link, "questions whether the line is there")
        await until(lambda: set(case.answers) <= {(frame.command, frame.status) for frame in proxy.answered}, "answers")
        assert sorted(message.text for message in heard.messages) == sorted(case.hears)
        # A gateway may still be sending what it has accepted.
        for at in range(len(case.texts)):
            await until(partial(_has_copies, case, proxy, at), "copies at the centre")
        _arrived(case, proxy, stories)
        if peer.direct and case.direct:
            assert [tuple(type(outcome) for outcome in story) for story in stories] == [case.direct] * len(stories)
        for story, text in zip(stories, case.texts, strict=True):
            # What was repeated may have needed one more.
            if isinstance(story[-1], Accepted) and len(story) == 1:
                assert story[-1].segments == segments(text)


def _arrived(case: Case, proxy: Proxy, stories: Sequence[Sequence[Outcome]]) -> None:
    """Whoever is told that a message was delivered has it; and none that the centre refused for good."""
    for piece in proxy.taken:
        # What one SMS holds: 140 octets, or 160 septets, each of which comes as an octet here.
        assert len(piece.octets) <= (MOST_OCTETS if piece.data_coding == UCS2 else MOST_SEPTETS), piece
    for at, text in enumerate(case.texts):
        copies = _copies(proxy, at)
        assert all(copy.removeprefix("ULANG ") == text for copy in copies), copies
        assert case.copies[0] <= len(copies) <= case.copies[1], (len(copies), stories[at])


def _has_copies(case: Case, proxy: Proxy, at: int) -> bool:
    return len(_copies(proxy, at)) >= case.copies[0]


def _copies(proxy: Proxy, at: int) -> list[str]:
    return [got for number, got in proxy.texts() if number.lstrip("+") == _number(at).lstrip("+")]


def _number(at: int) -> str:
    return f"{NUMBER}{at:03}"


async def _bound(channel: Channel) -> None:
    await until(lambda: channel.trouble() is None, f"a way out: {channel.trouble()}")


async def _send(channel: Channel, at: int, text: str) -> list[Outcome]:
    """As the engine: again when it was refused for now, again as a repeat when nobody knows."""
    attempt = Attempt(f"attempt-{at}", "sms", _number(at), 1, text, codec.order(order()), key=f"key-{at}")
    story: list[Outcome] = []
    for number in range(1, MOST_TRIES + 1):
        await _bound(channel)
        outcome = await channel.send(replace(attempt, attempt_id=f"attempt-{at}-{number}", number=number))
        story.append(outcome)
        if isinstance(outcome, Accepted | Permanent):
            return story
        if isinstance(outcome, Temporary):
            await asyncio.sleep(min(outcome.retry_after_s, LONGEST_PAUSE_S))
        elif not attempt.repeat:
            attempt = replace(attempt, text=f"ULANG {text}", repeat=True)
    raise AssertionError(f"never accepted: {story}")


def _has_fate(case: Case, story: Sequence[Outcome], heard: Heard, at: int) -> bool:
    return _fate(story, heard, at) is case.fate


def _fate(story: Sequence[Outcome], heard: Heard, at: int) -> State | None:
    """What is known of a message in the end."""
    last = story[-1]
    if isinstance(last, Permanent):
        return State.FAILED_PERMANENT
    state: State | None = None
    assert isinstance(last, Accepted)
    for receipt, number in heard.receipts:
        if receipt.state is None or number.lstrip("+") != _number(at).lstrip("+"):
            continue
        if canonical(last.provider_id) in {canonical(spelling) for spelling in spellings(receipt.provider_id)}:
            state = receipt.state if state is None else merge(state, receipt.state)
    return state
