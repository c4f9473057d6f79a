"""Reading San Francisco's log: every wrong field is told with its line and column, and nothing beside it is lost."""

import gzip
from pathlib import Path

import pytest
from dispatcher_fire_log import HEADING, line, write_log
from siaga_dispatcher.evaluation.fire_log import read_fire_log, read_stations
from siaga_dispatcher.evaluation.tables import LogError


def test_engines_are_read_and_other_units_are_passed_over(tmp_path: Path) -> None:
    log = read_fire_log(write_log(tmp_path, line(), line(unit="M14", kind="MEDIC", lat="none")))
    (sent,) = log.sent
    assert (sent.call, sent.engine, sent.home, sent.sequence) == ("1", "E01", "E01", 1)
    assert sent.available_ms is not None
    assert sent.available_ms - sent.dispatched_ms == 600_000
    assert log.faults == ()


def test_a_packed_log_with_a_mark_at_its_start_reads_the_same(tmp_path: Path) -> None:
    plain = write_log(tmp_path, line())
    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + plain.read_bytes()))
    assert read_fire_log(packed) == read_fire_log(plain)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (line(dispatch=""), "line 3, column 'Dispatch DtTm': is empty"),
        (line(dispatch="04/07/2020 12:31"), "line 3, column 'Dispatch DtTm': '04/07/2020 12:31' is no time"),
        (line(available="2020-04-07T09:00:00"), "line 3, column 'Available DtTm': lies before"),
        (line(lat="north"), "line 3, column 'lat': 'north' is no number of degrees"),
        (line(lon="-1224"), "line 3, column 'lon': -1224 lies outside ±180°"),
        (line(lat="nan"), "line 3, column 'lat': nan lies outside"),
        (line(lat="0", lon="0"), "line 3, column 'lat': the place is 0, 0"),
        (line(sequence="first"), "line 3, column 'Unit sequence in call dispatch': 'first' is no whole number"),
        (line(call=""), "line 3, column 'Call Number': is empty"),
        (line(), "line 3, column 'Unit ID': E01 is on this call already on line 2"),
        ("1,E01", "line 3: has 2 fields, the heading 10"),
        (line(call='"1" st'), "line 3: "),
    ],
)
def test_a_wrong_line_is_told_and_those_around_it_count(tmp_path: Path, bad: str, told: str) -> None:
    log = read_fire_log(write_log(tmp_path, line(), bad, line(call="2")))
    assert [sent.call for sent in log.sent] == ["1", "2"]
    (fault,) = log.faults
    assert str(fault).startswith(told)


def test_a_file_that_is_no_log_says_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(HEADING.replace("Unit ID", "Unit") + "\n", "utf-8")
    with pytest.raises(LogError, match="no column 'Unit ID'; there are Call Number, Unit"):
        read_fire_log(file)
    file.write_text("", "utf-8")
    with pytest.raises(LogError, match="has no heading"):
        read_fire_log(file)
    file.write_text(HEADING + "\n" + line(kind="MEDIC") + "\n", "utf-8")
    with pytest.raises(LogError, match="no row with 'Unit Type' ENGINE"):
        read_fire_log(file)
    file.write_bytes(b"\x1f\x8bnot packed at all")
    with pytest.raises(LogError, match="cannot be read"):
        read_fire_log(file)
    with pytest.raises(LogError, match="cannot be read"):
        read_fire_log(tmp_path / "nowhere.csv")


def test_stations_are_read_by_their_engines(tmp_path: Path) -> None:
    file = tmp_path / "stations.csv"
    file.write_text("station,name,lat,lon\n7,Seven,37.7,-122.4\nseven,Eight,37.7,-122.4\n9,Nine,,-122.4\n", "utf-8")
    at, faults = read_stations(file)
    assert list(at) == ["E07"]
    assert [str(fault).partition(":")[0] for fault in faults] == ["line 3, column 'station'", "line 4, column 'lat'"]
