"""The spool through what happens to disks and processes: kills, torn writes, damage, no room."""

# ruff: noqa: ASYNC240  (the files are small, and nothing else runs)

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from siaga.v1 import call_pb2
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_intake.adapters.keeping import Keeper
from siaga_intake.adapters.spool import Full, Kept, Spool
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing

WRITER = Path(__file__).parent / "data" / "spool_writer.py"
KILLS = 8
TOGETHER = 7
DISK_BYTES = 2 * 1024 * 1024


def kept(number: int, size: int = 10) -> Kept:
    return Kept(f"call-{number % 3}", str(number), 1_710_123_330_000 + number, None, b"x" * size)


async def numbers(path: Path) -> list[int]:
    """What a spool opened on that file has, in its order."""
    spool = Spool(path, reserve_bytes=0)
    await spool.open()
    _, found = await spool.first(1_000_000)
    assert spool.events == len(found)
    await spool.close()
    return [int(each.event_id) for each in found]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_killed_again_and_again_it_has_all_that_was_acknowledged_and_nothing_half(tmp_path: Path) -> None:
    path, chance = tmp_path / "spool.sqlite3", random.Random(112)
    there: list[int] = []
    for _ in range(KILLS):
        words = [sys.executable, str(WRITER), str(path), str(len(there)), str(TOGETHER)]
        writer = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        acknowledged = [int(await writer.stdout.readline()) for _ in range(chance.randrange(1, 60))]
        writer.send_signal(signal.SIGKILL)
        rest, _ = await writer.communicate()
        acknowledged += [int(line) for line in rest.split(b"\n")[:-1]]
        there = await numbers(path)
        assert there == list(range(len(there)))
        assert len(there) > acknowledged[-1]
        assert len(there) % TOGETHER == 0


def _write_two_commits(path: Path, folder: Path) -> tuple[int, int]:
    """Two appends and then, as a kill would leave it, the file and its log; how long the log was after each."""

    # Small pages make small writes: each byte of them is a case.
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA page_size=512")
        db.execute("VACUUM")
    db.close()

    async def write() -> tuple[int, int]:
        spool = Spool(path)
        await spool.open()
        log = Path(f"{path}-wal")
        await spool.append([kept(number) for number in range(5)])
        before = log.stat().st_size
        await spool.append([kept(number) for number in range(5, 10)])
        after = log.stat().st_size
        for part in ("", "-wal"):
            shutil.copy(f"{path}{part}", folder / f"copy{part}")
        await spool.close()
        return before, after

    return asyncio.run(write())


def _rows(path: Path) -> list[int]:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA synchronous=OFF")
        found = [int(event_id) for (event_id,) in db.execute("SELECT event_id FROM waiting ORDER BY seq")]
    db.close()
    return found


@pytest.mark.parametrize("garbage", [False, True])
def test_a_log_torn_at_any_byte_of_its_last_write_keeps_what_was_before(tmp_path: Path, garbage: bool) -> None:
    """Cut off there, or followed by what lay on the disk; the first commit is whole, the second whole or not there."""
    before, after = _write_two_commits(tmp_path / "spool.sqlite3", tmp_path)
    whole = (tmp_path / "copy-wal").read_bytes()
    first, both = list(range(5)), list(range(10))
    torn = tmp_path / "torn"
    for cut in range(before, after + 1):
        shutil.copy(tmp_path / "copy", torn)
        Path(f"{torn}-wal").write_bytes(whole[:cut] + (b"\xa5" * (after - cut) if garbage else b""))
        assert _rows(torn) == (both if cut == after else first), cut
    for cut in (before, before + 1, before + 23, before + 24, (before + after) // 2, after - 1, after):
        shutil.copy(tmp_path / "copy", torn)
        Path(f"{torn}-wal").write_bytes(whole[:cut])
        assert asyncio.run(numbers(torn)) == (both if cut == after else first), cut


@pytest.mark.parametrize("where", ["head", "page"])
async def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, where: str) -> None:
    path = tmp_path / "spool.sqlite3"
    spool = Spool(path)
    await spool.open()
    await spool.append([kept(number, 500) for number in range(100)])
    await spool.close()
    content = bytearray(path.read_bytes())
    at = 0 if where == "head" else 4096
    content[at : at + 200] = os.urandom(200)
    path.write_bytes(content)

    again = Spool(path)
    await again.open()
    assert (again.events, again.trouble) == (0, None)
    await again.append([kept(1)])
    await again.close()
    assert await numbers(path) == [1]
    (aside,) = tmp_path.glob("*.damaged-*")
    assert aside.read_bytes() == bytes(content)


async def test_damage_while_it_runs_stops_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    spool = Spool(path)
    await spool.open()
    await spool.append([kept(number, 500) for number in range(2_000)])
    await spool._in_thread(lambda: spool._file._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    await spool._in_thread(lambda: spool._file._opened().execute("PRAGMA shrink_memory").fetchall())
    for _ in range(2):
        _, found = await spool.first(2_000)
    assert found == []
    await spool.append([kept(7)])
    assert [each.event_id for each in (await spool.first(10))[1]] == ["7"]
    assert spool.events == 1
    await spool.close()
    assert list(tmp_path.glob("spool.sqlite3.damaged-*"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of two megabytes. Only root may mount one; CI is root."""
    where = tmp_path / "disk"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(where)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.fail("a disk of two megabytes cannot be mounted: run the tests as root (sudo ./siaga test)")
    yield where
    subprocess.run(["umount", "--lazy", str(where)], check=True)


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while filler.write(b"x" * 4096):
                pass
        except OSError:
            return


class Broker:
    """A broker that is away until it is told."""

    def __init__(self) -> None:
        self.away = True
        self.published: list[str] = []

    async def publish(self, outgoing: object) -> None:
        if self.away:
            raise Transient("away")
        assert isinstance(outgoing, list)
        self.published += [each.event_id for each in outgoing]


def record(number: int) -> Outgoing:
    message = call_pb2.CallEvent(event_id=str(number), call_id="call", text="x" * 1_000)
    return Outgoing(CALL_EVENTS, "call", message, str(number), number)


@asynccontextmanager
async def keeping(broker: Broker, spool: Spool) -> AsyncIterator[Keeper]:
    await spool.open()
    keeper = Keeper(broker.publish, spool, CALL_EVENTS)
    tasks = [asyncio.create_task(keeper.run()), asyncio.create_task(keeper.drain())]
    yield keeper
    keeper.close()
    await asyncio.gather(*tasks)
    await spool.close()


@pytest.mark.parametrize("reserve_bytes", [0, DISK_BYTES // 4])
async def test_a_full_disk_refuses_says_why_and_recovers_by_itself(disk: Path, reserve_bytes: int) -> None:
    """Without a reserve SQLite finds the disk full in the middle of a write; with one it is never asked to."""
    (disk / "another's").write_bytes(b"x" * (DISK_BYTES // 4))
    broker, spool = Broker(), Spool(disk / "spool.sqlite3", reserve_bytes=reserve_bytes)
    taken: list[int] = []
    async with keeping(broker, spool) as keeper:
        number = 0
        with suppress(Full):
            for number in range(10_000):
                await keeper.keep([record(number)])
                taken.append(number)
        with pytest.raises(Full):
            await keeper.keep([record(number)])
        assert len(taken) > 100
        if reserve_bytes:
            assert os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize >= reserve_bytes - 8192
        assert "the disk does not take events" in (spool.alarm() or "")
        assert "broker: away" in (keeper.trouble() or "")

        # The broker comes back while the disk is full to its last byte: what waits goes out all the same.
        fill(disk)
        broker.away = False
        await until(lambda: len(broker.published) >= len(taken))
        await keeper.keep([record(number)])
        assert broker.published[: len(taken) + 1] == [str(each) for each in (*taken, number)]

        (disk / "filler").unlink()
        await until(lambda: spool.trouble is None)
        broker.away = True
        await keeper.keep([record(number + 1)])
        assert keeper.trouble() is None
    assert await numbers(disk / "spool.sqlite3") == [number + 1]


async def test_a_disk_full_at_the_start_stops_only_the_spool(disk: Path) -> None:
    fill(disk)
    broker, spool = Broker(), Spool(disk / "spool.sqlite3", reserve_bytes=0)
    async with keeping(broker, spool) as keeper:
        assert "the disk does not hold events" in (spool.alarm() or "")
        with pytest.raises(Full):
            await keeper.keep([record(1)])
        broker.away = False
        keeper._broker_away_until_s = 0.0
        await keeper.keep([record(2)])
        assert broker.published == ["2"]

        (disk / "filler").unlink()
        await until(lambda: spool.trouble is None)
        broker.away = True
        await keeper.keep([record(3)])
        assert spool.events == 1


async def test_it_warns_before_it_is_full(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite3", max_events=10)
    await spool.open()
    await spool.append([kept(number) for number in range(7)])
    assert spool.alarm() is None
    await spool.append([kept(7)])
    assert spool.alarm() == "80% full: 8 events wait for the broker"
    up_to, oldest = await spool.first(5)
    await spool.forget(up_to, oldest)
    assert spool.alarm() is None
    await spool.close()
