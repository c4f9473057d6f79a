"""The spool: in order, bounded, and nothing acknowledged is lost by kill -9."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from siaga_intake.adapters.spool import Full, Kept, Spool

WRITER = Path(__file__).parent / "data" / "spool_writer.py"


def kept(number: int, size: int = 10) -> Kept:
    return Kept(f"call-{number % 3}", f"event-{number}", 1_710_123_330_000 + number, None, b"x" * size)


async def test_out_in_the_order_they_came_in_also_after_reopening(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "new" / "spool.sqlite3")
    await spool.open()
    await spool.append([kept(number) for number in range(5)])
    await spool.append([kept(5)])
    await spool.close()

    again = Spool(tmp_path / "new" / "spool.sqlite3")
    await again.open()
    assert (again.events, again.bytes) == (6, sum(kept(number).size_bytes for number in range(6)))
    up_to, oldest = await again.first(4)
    assert oldest == [kept(number) for number in range(4)]
    await again.forget(up_to, oldest)
    assert await again.first(10) == (up_to + 2, [kept(4), kept(5)])
    assert again.events == 2
    await again.close()


async def test_refuses_before_it_is_full_and_keeps_none_of_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite3", max_bytes=1_000, max_events=5)
    await spool.open()
    await spool.append([kept(number) for number in range(4)])
    with pytest.raises(Full):
        await spool.append([kept(4), kept(5)])
    with pytest.raises(Full):
        await spool.append([kept(4, size=900)])
    assert not spool.room_for(2, kept(4).size_bytes * 2)
    await spool.append([kept(4)])
    assert [each.event_id for each in (await spool.first(10))[1]] == [f"event-{number}" for number in range(5)]
    await spool.close()


async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite3")
    await spool.open()
    await spool.append([kept(1)])
    other = await asyncio.create_subprocess_exec(
        sys.executable, str(WRITER), str(tmp_path / "spool.sqlite3"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    _, problem = await other.communicate()
    assert other.returncode != 0
    assert b"locked" in problem
    await spool.close()


async def test_a_disk_that_does_not_write_is_full(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite3")
    await spool.open()
    await spool._in_thread(lambda: spool._file._opened().execute("PRAGMA query_only=ON"))
    with pytest.raises(Full):
        await spool.append([kept(1)])
    assert "OperationalError" in str(spool.trouble)
    await spool._in_thread(lambda: spool._file._opened().execute("PRAGMA query_only=OFF"))
    await spool.append([kept(1)])
    assert spool.trouble is None
    await spool.close()


async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite3"
    writer = await asyncio.create_subprocess_exec(sys.executable, str(WRITER), str(path), stdout=subprocess.PIPE)
    assert writer.stdout is not None
    acknowledged = [int(await writer.stdout.readline()) for _ in range(40)]
    writer.send_signal(signal.SIGKILL)
    rest, _ = await writer.communicate()
    acknowledged += [int(line) for line in rest.split(b"\n")[:-1]]

    spool = Spool(path)
    await spool.open()
    _, found = await spool.first(1_000_000)
    numbers = [int(each.event_id) for each in found]
    assert numbers[: len(acknowledged)] == acknowledged
    assert spool.events == len(numbers)
    await spool.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
