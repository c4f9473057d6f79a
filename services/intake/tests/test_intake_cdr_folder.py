"""The error folder of mod_json_cdr: in order, marked, put away; half files wait, bad ones stand aside, nothing is stuck."""

import asyncio
import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from siaga_intake.adapters.spool import Full
from siaga_intake.adapters.switches import delivery as module
from siaga_intake.adapters.switches.cdr_folder import GROWING_S, CdrFolder
from siaga_intake.adapters.switches.delivery import Delivery, Line
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import Door, Taken
from siaga_intake.core.events import Accepted
from siaga_tenants import Source

NOW_S = 1_768_461_600.0
LINE = Line(
    Centre("36.73", {"freeswitch": ("fs1",)}), Source("freeswitch", "fs1"), doors.SWITCH_DOORS["freeswitch"], b"secret"
)


class Desk:
    """Stands for the reception: reads as the real one, and is full for as long as the test says."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.full_for = 0

    async def receive(self, door: Door, payloads: Sequence[object], origin: Origin) -> list[Taken]:
        if self.full_for:
            self.full_for -= 1
            raise Full("the spool is full")
        taken = [doors.take(door, payload, origin) for payload in payloads]
        self.taken += taken
        return taken

    @property
    def refs(self) -> list[str]:
        return [each.events[0].call_ref for each in self.taken if isinstance(each, Accepted)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def folder(tmp_path: Path, desk: Desk) -> CdrFolder:
    return CdrFolder(Delivery(LINE, desk, lambda: NOW_S), tmp_path)


def record(ref: str) -> str:
    return json.dumps({"variables": {"uuid": ref, "start_epoch": "1768461330", "end_epoch": "1768461346"}})


def put(folder: Path, name: str, text: str | bytes, age_s: float = 10) -> Path:
    path = folder / f"{name}.cdr.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (NOW_S - age_s, NOW_S - age_s))
    return path


def names(folder: Path) -> set[str]:
    return {path.name.partition(".")[0] for path in folder.glob("*.cdr.json")}


async def test_oldest_first_in_each_encoding_and_put_away(folder: CdrFolder, desk: Desk, tmp_path: Path) -> None:
    put(tmp_path, "a_third", record("third") + "\n", age_s=10)
    put(tmp_path, "first", base64.b64encode(record("first").encode()) + b"\n", age_s=30)
    put(tmp_path, "second", quote(record("second"), safe="") + "\n", age_s=20)
    assert await folder.scan() == 3
    assert desk.refs == ["first", "second", "third"]
    assert all(event.backfilled for each in desk.taken if isinstance(each, Accepted) for event in each.events)
    assert names(tmp_path) == set()
    assert names(tmp_path / "taken") == {"a_third", "first", "second"}
    assert await folder.scan() == 0


async def test_the_same_record_posted_and_left_behind_is_one(folder: CdrFolder, desk: Desk, tmp_path: Path) -> None:
    put(tmp_path, "u", base64.b64encode(record("u").encode()))
    await folder.scan()
    origin = Origin(LINE.centre, 1_768_461_500_000, 1_768_461_500_000, b"secret", "freeswitch/fs1")
    posted = doors.take(LINE.door, json.loads(record("u")), origin)
    assert isinstance(posted, Accepted)
    (left,) = desk.taken
    assert isinstance(left, Accepted)
    assert [event.event_id for event in left.events] == [event.event_id for event in posted.events]


async def test_a_half_written_file_waits_until_it_is_whole(folder: CdrFolder, desk: Desk, tmp_path: Path) -> None:
    whole = record("u") + "\n"
    put(tmp_path, "u", whole[: len(whole) // 2], age_s=1)
    assert await folder.scan() == 0
    assert names(tmp_path) == {"u"}
    put(tmp_path, "u", whole, age_s=1)
    assert await folder.scan() == 1
    assert desk.refs == ["u"]


@pytest.mark.parametrize(
    "text",
    [
        record("u")[:30],
        "rubbish\n",
        "",
        "[" * 100_000 + "\n",
        "x" * 2_000_000,
        '{"variables":{}}\n',
        '"a text"\n',
    ],
    ids=["half for ever", "rubbish", "empty", "deep", "large", "no uuid", "no object"],
)
async def test_a_bad_file_is_set_aside_and_blocks_no_other(
    folder: CdrFolder, desk: Desk, tmp_path: Path, text: str
) -> None:
    put(tmp_path, "bad", text, age_s=GROWING_S + 10)
    put(tmp_path, "good", record("good") + "\n")
    assert await folder.scan() == 2
    assert desk.refs == ["good"]
    assert (names(tmp_path / "bad"), names(tmp_path / "taken")) == ({"bad"}, {"good"})


async def test_folders_of_a_module_that_rotates(folder: CdrFolder, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "2026-01-15-07-00-00").mkdir()
    put(tmp_path / "2026-01-15-07-00-00", "u", record("u") + "\n")
    assert await folder.scan() == 1
    assert (desk.refs, names(tmp_path / "taken")) == (["u"], {"u"})


async def test_a_folder_that_is_not_ours_is_read_once(
    folder: CdrFolder, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", forbidden)
    put(tmp_path, "u", record("u") + "\n")
    assert [await folder.scan() for _ in range(3)] == [1, 0, 0]
    assert desk.refs == ["u"]
    assert names(tmp_path) == {"u"}


async def test_records_of_a_disabled_source_wait(desk: Desk, tmp_path: Path) -> None:
    allowed = False
    folder = CdrFolder(Delivery(LINE, desk, lambda: NOW_S), tmp_path, lambda: allowed)
    put(tmp_path, "u", record("u") + "\n")
    assert (await folder.scan(), folder.trouble()) == (0, "the source is disabled")
    allowed = True
    assert (await folder.scan(), folder.trouble(), desk.refs) == (1, None, ["u"])


async def test_two_processes_that_empty_one_folder(folder: CdrFolder, desk: Desk, tmp_path: Path) -> None:
    other = CdrFolder(Delivery(LINE, desk, lambda: NOW_S), tmp_path)
    for number in range(20):
        put(tmp_path, f"u{number}", record(f"u{number}") + "\n")
    await asyncio.gather(folder.scan(), other.scan())
    assert set(desk.refs) == {f"u{number}" for number in range(20)}
    assert (len(names(tmp_path / "taken")), names(tmp_path / "bad")) == (20, set())


async def test_a_folder_that_is_away_is_told_and_comes_back(desk: Desk, tmp_path: Path) -> None:
    folder = CdrFolder(Delivery(LINE, desk, lambda: NOW_S), tmp_path / "not-yet")
    assert await folder.scan() == 0
    assert folder.trouble() == "No such file or directory"
    (tmp_path / "not-yet").mkdir()
    assert await folder.scan() == 0
    assert folder.trouble() is None


async def test_a_file_stays_until_its_events_are_safe(
    folder: CdrFolder, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FULL_PAUSE_S", 0.001)
    put(tmp_path, "u", record("u") + "\n")
    desk.full_for = 10**9
    scan: asyncio.Task[Any] = asyncio.create_task(folder.scan())
    async with asyncio.timeout(10):
        while desk.full_for > 10**9 - 3:
            await asyncio.sleep(0.001)
    assert names(tmp_path) == {"u"}
    desk.full_for = 0
    await scan
    assert names(tmp_path / "taken") == {"u"}
