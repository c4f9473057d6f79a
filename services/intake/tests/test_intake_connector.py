"""The connector: it comes back, drops nothing, and fills the gap it left."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from siaga_intake.adapters.spool import Full
from siaga_intake.adapters.switches import connector as module
from siaga_intake.adapters.switches import delivery
from siaga_intake.adapters.switches.connector import Connector, Feed, Hand, LinkError
from siaga_intake.adapters.switches.delivery import Line
from siaga_intake.adapters.switches.progress import Progress
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import SWITCH_DOORS
from siaga_tenants import Source

NOW_S = 1_710_123_600.0
NOW_MS = int(NOW_S * 1000)
LINE = Line(Centre("36.73", {"asterisk": ("pbx1",)}), Source("asterisk", "pbx1"), SWITCH_DOORS["asterisk"], b"secret")
Script = Callable[[Hand, Callable[[], None]], Awaitable[None]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_RETRY_S", "HISTORY_RETRY_S"):
        monkeypatch.setattr(module, name, 0.001)
    monkeypatch.setattr(delivery, "FULL_PAUSE_S", 0.001)


class Desk:
    """Stands for the reception: remembers what it was given, and is full for as long as the test says."""

    def __init__(self) -> None:
        self.taken: list[tuple[Any, bool]] = []
        self.full_for = 0

    async def receive(self, door: object, payloads: Sequence[object], origin: Origin) -> list[Any]:
        assert door is LINE.door
        assert (origin.source, origin.received_at_ms) == ("asterisk/pbx1", NOW_MS)
        if self.full_for:
            self.full_for -= 1
            raise Full("the spool is full")
        self.taken += [(payload, origin.backfilled) for payload in payloads]
        return []

    async def until(self, count: int) -> list[tuple[Any, bool]]:
        async with asyncio.timeout(10):
            while len(self.taken) < count:
                await asyncio.sleep(0.001)
        return self.taken


class Past:
    """Records of a switch; unreadable for so many times."""

    def __init__(self, *batches: Sequence[dict[str, int]], unreadable: int = 0) -> None:
        self.batches = batches
        self.unreadable = unreadable
        self.asked: list[int] = []

    def since(self, since_ms: int) -> Iterator[Sequence[dict[str, int]]]:
        self.asked.append(since_ms)
        if self.unreadable:
            self.unreadable -= 1
            raise OSError(2, "No such file or directory", "/var/log/queue_log")
        yield from self.batches


class Scripted:
    """A link that does, at each connection, what the next line of its script says; then it hangs."""

    def __init__(self, *script: Script) -> None:
        self.script = list(script)

    async def run(self, hand: Hand, connected: Callable[[], None]) -> None:
        if not self.script:
            await asyncio.Event().wait()
        await self.script.pop(0)(hand, connected)


def says(*payloads: dict[str, int], then: BaseException | None = None) -> Script:
    async def line(hand: Hand, connected: Callable[[], None]) -> None:
        connected()
        await hand(payloads)
        if then is not None:
            raise then

    return line


async def refuses(hand: Hand, connected: Callable[[], None]) -> None:
    raise LinkError("Authentication failed")


async def stays(hand: Hand, connected: Callable[[], None]) -> None:
    connected()
    await asyncio.Event().wait()


@asynccontextmanager
async def running(link: Scripted, desk: Desk, path: Path, past: Past | None = None) -> AsyncIterator[Feed]:
    feed = Feed(LINE, desk, Progress(path), past, lambda: NOW_S)
    task = asyncio.create_task(Connector(feed, link, random.Random(1)).run())
    try:
        yield feed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def test_it_connects_again_however_the_connection_ends(tmp_path: Path) -> None:
    desk = Desk()
    endings = [
        None,
        OSError(111, "Connection refused"),
        LinkError("silent"),
        ValueError("0812 in a message"),
        EOFError(),
    ]
    link = Scripted(
        *(says({"n": number}, then=ending) for number, ending in enumerate(endings)), refuses, says({"n": 9})
    )
    async with running(link, desk, tmp_path / "x.seen"):
        assert [payload["n"] for payload, _ in await desk.until(6)] == [0, 1, 2, 3, 4, 9]


async def test_a_full_spool_makes_it_wait_and_nothing_is_dropped(tmp_path: Path) -> None:
    desk = Desk()
    desk.full_for = 5
    payloads = [{"n": number} for number in range(delivery.BATCH * 2 + 1)]
    async with running(Scripted(says(*payloads)), desk, tmp_path / "x.seen"):
        assert [payload for payload, _ in await desk.until(len(payloads))] == payloads


async def test_trouble_tells_since_when_and_why(tmp_path: Path) -> None:
    async with running(Scripted(refuses), Desk(), tmp_path / "x.seen") as feed:
        await _until(lambda: "Authentication" in (feed.trouble() or ""))
        assert feed.trouble() == "away since 2024-03-11T02:20:00Z: Authentication failed"
    async with running(Scripted(stays), Desk(), tmp_path / "x.seen") as feed:
        await _until(lambda: feed.trouble() is None)


async def test_the_gap_is_read_from_the_switchs_records_and_marked(tmp_path: Path) -> None:
    note = tmp_path / "links" / "x.seen"
    note.parent.mkdir()
    note.write_text(str(NOW_MS - 600_000))
    past, desk = Past([{"n": 1}, {"n": 2}], [{"n": 3}]), Desk()
    async with running(Scripted(stays), desk, note, past):
        assert await desk.until(3) == [({"n": 1}, True), ({"n": 2}, True), ({"n": 3}, True)]
    assert past.asked == [NOW_MS - 600_000 - module.OVERLAP_MS]


async def test_live_events_do_not_wait_for_the_back_fill_and_do_not_close_the_gap(tmp_path: Path) -> None:
    note = tmp_path / "x.seen"
    note.write_text("1710000000000")
    past, desk = Past([{"n": 1}], unreadable=10**9), Desk()
    async with running(Scripted(says({"n": 7}, {"n": 8})), desk, note, past):
        assert await desk.until(2) == [({"n": 7}, False), ({"n": 8}, False)]
        await _until(lambda: len(past.asked) > 2)
    assert note.read_text() == "1710000000000"


async def test_records_that_cannot_be_read_are_tried_again(tmp_path: Path) -> None:
    past, desk = Past([{"n": 1}], unreadable=3), Desk()
    async with running(Scripted(stays), desk, tmp_path / "x.seen", past):
        assert await desk.until(1) == [({"n": 1}, True)]
    assert past.asked == [NOW_MS - module.FIRST_LOOK_BACK_MS] * 4


async def test_a_connection_lost_during_the_back_fill_begins_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HISTORY_RETRY_S", 3600)
    past, desk = Past([{"n": 1}], unreadable=10**9), Desk()

    async def drops_once_the_fill_has_begun(hand: Hand, connected: Callable[[], None]) -> None:
        connected()
        await _until(lambda: past.asked)
        past.unreadable = 0

    async with running(Scripted(drops_once_the_fill_has_begun, stays), desk, tmp_path / "x.seen", past):
        assert await desk.until(1) == [({"n": 1}, True)]


class Broken(Past):
    """Records that make the reader itself fail."""

    def since(self, since_ms: int) -> Iterator[Sequence[dict[str, int]]]:
        if self.unreadable:
            self.unreadable -= 1
            raise RuntimeError
        yield from self.batches


async def test_whatever_is_wrong_with_the_records_the_gap_is_not_forgotten(tmp_path: Path) -> None:
    past, desk = Broken([{"n": 1}], unreadable=2), Desk()
    async with running(Scripted(stays), desk, tmp_path / "x.seen", past):
        assert await desk.until(1) == [({"n": 1}, True)]


async def test_a_disabled_source_is_neither_connected_to_nor_heard_until_it_is_enabled(tmp_path: Path) -> None:
    allowed, desk = [True], Desk()
    feed = Feed(LINE, desk, Progress(tmp_path / "x.seen"), None, lambda: NOW_S, lambda: allowed[0])

    async def speaks_while_it_is_disabled(hand: Hand, connected: Callable[[], None]) -> None:
        connected()
        await hand([{"n": 1}])
        allowed[0] = False
        await hand([{"n": 2}])

    task = asyncio.create_task(
        Connector(feed, Scripted(speaks_while_it_is_disabled, says({"n": 3})), random.Random(1)).run()
    )
    await _until(lambda: "disabled" in (feed.trouble() or ""))
    assert [payload["n"] for payload, _ in desk.taken] == [1]
    allowed[0] = True
    await desk.until(2)
    assert [payload["n"] for payload, _ in desk.taken] == [1, 3]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_note_is_kept_over_a_restart(tmp_path: Path) -> None:
    note = tmp_path / "x.seen"
    async with running(Scripted(says({"n": 1})), desk := Desk(), note):
        await desk.until(1)
    assert Progress(note).seen_ms == NOW_MS
    note.write_text("nonsense")
    assert Progress(note).seen_ms is None


async def test_a_note_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with running(Scripted(says({"n": 1}), says({"n": 2})), desk := Desk(), tmp_path / "file" / "x.seen"):
        assert len(await desk.until(2)) == 2
