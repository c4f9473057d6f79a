"""The quarantine: what was not taken can be looked at, and holds nobody up."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from siaga_intake.adapters import quarantine, quarantine_file
from siaga_intake.adapters.quarantine import MAX_MATTERS_OF_SOURCE, MAX_WAITING, SAMPLES, Quarantine
from siaga_intake.adapters.quarantine_file import Seen, read
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door

NOW_MS = 1_710_123_600_000
NUMBER = "+6281234567890"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Quarantine]:
    made = Quarantine(tmp_path / "quarantine-1.sqlite3", now_s=lambda: NOW_MS / 1000)
    made.open()
    yield made
    made.close()


@pytest.fixture
def see(kept: Quarantine, door: Callable[[str], Door], origin: Origin) -> Callable[[str, Any], None]:
    """Let the core judge a payload, and the quarantine see it."""

    def observe(name: str, payload: Any) -> None:
        kept.observe(door(name), origin, payload, doors.take(door(name), payload, origin))

    return observe


def found(kept: Quarantine) -> dict[tuple[str, str, str], Seen]:
    """What was written, by outcome, field and name, each with its samples."""
    kept.close()
    folder = kept.path.parent
    return {
        (one.matter.outcome, one.matter.field, one.matter.name): one
        for seen in read(folder)
        for one in read(folder, seen.matter.id)
    }


def test_what_is_refused_left_out_and_unknown_is_kept_and_what_is_taken_is_not(
    kept: Quarantine, see: Callable[[str, Any], None]
) -> None:
    call = {"source": "asterisk/pbx1", "call_ref": "1"}
    see("asterisk", {"Event": "Hangup", "Cause": "16"})
    see("asterisk", {"Event": "Telegraph", "CallerIDNum": NUMBER})
    see("asterisk", {"Event": "Newstate"})
    see("form", {**call, "lat": 48.1, "lon": 11.5})
    see("form", call)
    seen = found(kept)
    assert set(seen) == {("refused", "Uniqueid", ""), ("unknown", "", "Telegraph"), ("left_out", "lat", "")}
    unknown = seen["unknown", "", "Telegraph"]
    assert (unknown.matter.tenant, unknown.matter.source, unknown.matter.reason) == (
        "36.73", "asterisk/?", "unknown_event",
    )  # fmt: skip
    assert (unknown.count, unknown.first_ms, unknown.last_ms) == (1, NOW_MS, NOW_MS)
    assert unknown.samples == ((NOW_MS, '{"Event":"Telegraph","CallerIDNum":"+628********90"}'),)


def test_a_chatty_event_keeps_a_few_samples_and_its_count(kept: Quarantine, see: Callable[[str, Any], None]) -> None:
    for number in range(1_000):
        see("asterisk", {"Event": "Telegraph", "n": number})
    see("asterisk", {"Event": "Semaphore"})
    seen = found(kept)
    assert seen["unknown", "", "Telegraph"].count == 1_000
    assert len(seen["unknown", "", "Telegraph"].samples) == SAMPLES
    assert seen["unknown", "", "Semaphore"].count == 1


def test_a_source_with_a_new_name_for_every_event_counts_under_a_common_one(
    kept: Quarantine, see: Callable[[str, Any], None]
) -> None:
    for number in range(MAX_MATTERS_OF_SOURCE + 50):
        see("asterisk", {"Event": f"E{number}"})
    see("freeswitch", {"Event-Name": "NOT_KNOWN"})
    kept.close()
    seen = read(kept.path.parent)
    assert len(seen) == MAX_MATTERS_OF_SOURCE + 2
    assert sum(each.count for each in seen) == MAX_MATTERS_OF_SOURCE + 51
    assert [each.count for each in seen if each.matter.reason == "(others)"] == [50]


def test_a_number_in_every_field_is_nowhere_in_the_file(kept: Quarantine, see: Callable[[str, Any], None]) -> None:
    spellings = (NUMBER, "081234567890", "0812-3456-7890", "6281234567890", "353472104343540", "510101234567890")
    for number in spellings:
        see(
            "asterisk", {"Event": f"x {number}", "CallerIDNum": number, number: [number, {"text": number}], "n": number}
        )
        see("kamailio", {"method": number, "callid": number, "pai": f"<tel:{number}>"})
        see("form", {"source": "asterisk/pbx1", "call_ref": number, "disposition": number})
        see("events", {"specversion": "1.0", "type": f"id.siaga112.call.{number}", "id": number, "source": number})
        kept.unreadable("36.73", f"asterisk/{number}", f"no JSON: {number}", f'{{"a": "{number}"'.encode())
    assert found(kept)
    everything = b"".join(file.read_bytes() for file in kept.path.parent.iterdir())
    assert everything
    assert [number for number in spellings if number.encode() in everything] == []


def test_what_was_seen_before_a_restart_is_counted_on(
    tmp_path: Path, door: Callable[[str], Door], origin: Origin
) -> None:
    for _ in range(2):
        kept = Quarantine(tmp_path / "quarantine-1.sqlite3")
        kept.open()
        for number in range(SAMPLES - 1):
            payload = {"Event": "Telegraph", "n": number}
            kept.observe(door("asterisk"), origin, payload, doors.take(door("asterisk"), payload, origin))
        kept.close()
    (seen,) = read(tmp_path, read(tmp_path)[0].matter.id)
    assert (seen.count, len(seen.samples)) == (2 * (SAMPLES - 1), SAMPLES)


def test_copies_of_intake_are_read_together(tmp_path: Path) -> None:
    for name in ("1", "2"):
        kept = Quarantine(tmp_path / f"quarantine-{name}.sqlite3")
        kept.open()
        kept.unreadable("36.73", "asterisk/pbx1", "no JSON: at 7", b"{")
        kept.close()
    (seen,) = read(tmp_path)
    assert (seen.count, seen.matter.reason) == (2, "no JSON")


def test_it_is_readable_while_it_is_written(kept: Quarantine, see: Callable[[str, Any], None]) -> None:
    see("asterisk", {"Event": "Telegraph"})
    deadline = time.monotonic() + 20
    while not read(kept.path.parent) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [seen.matter.name for seen in read(kept.path.parent)] == ["Telegraph"]


def test_the_oldest_go_when_there_is_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: Callable[[str], Door], origin: Origin
) -> None:
    monkeypatch.setattr(quarantine_file, "MAX_MATTERS", 3)
    monkeypatch.setattr(quarantine_file, "MAX_SAMPLE_BYTES_KEPT", 100)
    clock = iter(range(1_000))
    file = quarantine_file.QuarantineFile(tmp_path / "quarantine-1.sqlite3")
    for name in "abcdef":
        at_ms = next(clock)
        matter = quarantine_file.Matter("36.73", "asterisk/pbx1", "unknown", "", "unknown_event", name)
        file.write([Seen(matter, 1, at_ms, at_ms, ((at_ms, "x" * 40),))])
    file.close()
    assert [seen.matter.name for seen in read(tmp_path)] == ["f", "e", "d"]
    samples = [read(tmp_path, seen.matter.id)[0].samples for seen in read(tmp_path)]
    assert [len(each) for each in samples] == [1, 1, 0]


def test_a_disk_that_does_not_write_is_told_and_stops_nothing(
    tmp_path: Path, door: Callable[[str], Door], origin: Origin
) -> None:
    (tmp_path / "file").touch()
    kept = Quarantine(tmp_path / "file" / "quarantine-1.sqlite3")
    kept.open()
    assert kept.trouble is not None
    kept.observe(door("asterisk"), origin, {}, doors.take(door("asterisk"), {}, origin))
    kept.close()


def test_a_failed_write_is_told(
    kept: Quarantine, see: Callable[[str, Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(quarantine_file.QuarantineFile, "write", full)
    see("asterisk", {"Event": "Telegraph"})
    kept.close()
    assert kept.trouble == "not written: OperationalError"


def test_a_payload_that_cannot_be_shown_ends_nothing(
    kept: Quarantine, see: Callable[[str, Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> str:
        raise RecursionError

    monkeypatch.setattr(quarantine, "masked", fails)
    see("asterisk", {"Event": "Telegraph"})
    assert found(kept)["unknown", "", "Telegraph"].samples[0][1] == "[not shown: RecursionError]"


def test_what_waits_for_the_disk_is_bounded(kept: Quarantine, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(MAX_WAITING * 2):
        kept.unreadable("36.73", f"asterisk/a{number}", "no JSON", b"{")
        assert len(kept._waiting) <= MAX_WAITING
