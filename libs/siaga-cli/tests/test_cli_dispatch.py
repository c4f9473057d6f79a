"""`dispatch evaluate sf-fire`: a day of the log as it comes, with bad lines in it, and files that are none."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Final

import pytest
from siaga_cli.main import build
from siaga_kit.embedded.errors import StackError
from typer.testing import CliRunner, Result

DATA: Final = Path(__file__).parents[3] / "data"
DAY: Final = "2020-04-16"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(build("dispatch"), ["dispatch", "evaluate", *map(str, arguments)])


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A real day, and three lines that are none."""
    rows = list(csv.reader(io.StringIO(gzip.decompress((DATA / "sf_fire" / "engines.csv.gz").read_bytes()).decode())))
    heading = rows[0]
    kept = [row for row in rows[1:] if row[heading.index("Dispatch DtTm")].startswith(DAY)]
    bad = list(kept[0])
    bad[heading.index("lat")] = "?"
    file = tmp_path / "day.csv"
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([heading, *kept[:5], bad, ["x"], kept[0], *kept[5:]])
    return file


def test_json_has_the_shares_and_every_bad_line_is_told_beside(day: Path) -> None:
    result = run("sf-fire", day, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["incidents"] == 196
    assert set(told["top"]) == {"1", "2", "3", "5"}
    assert 0.8 < told["top"]["1"] < told["top"]["2"] < told["top"]["5"] <= 1
    assert told["faults"] == 3
    assert told["learnt_from"] == {"incidents": 3731, "left_out": 196}
    for line in ("line 7, column 'lat': '?' is no number", "line 8: has 1 fields", "line 9, column 'Unit ID'"):
        assert line in result.stderr
    assert "3 lines could not be read; all others were." in result.stderr


def test_tables_for_people_and_stations_of_ones_own(day: Path, tmp_path: Path) -> None:
    stations = tmp_path / "stations.csv"
    lines = (DATA / "sf_fire_stations" / "stations.csv").read_text("utf-8").splitlines()
    stations.write_text("\n".join(line for line in lines if not line.startswith("1,")) + "\n", "utf-8")
    result = run("sf-fire", day, "--stations", stations, "--no-history")
    assert result.exit_code == 0, result.output
    assert "areas learnt from 0 of other days" in result.stdout
    assert "station not known: E01" in result.stdout
    for words in ("nearest free engine", "the station of the engine sent is not known", "s for each km by air"):
        assert words in result.stdout


@pytest.mark.parametrize("option", ["--stations", "--history"])
def test_a_file_that_is_none_is_named_with_the_column_it_lacks(day: Path, option: str) -> None:
    wrong = DATA / "posts" / "example_posts.csv"
    result = run("sf-fire", day, option, wrong)
    assert isinstance(result.exception, StackError)
    assert f"{wrong}: no column " in str(result.exception)


def test_a_countys_calls_are_gathered_and_set_beside_a_plan(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    at = "2016-01-01 10:0{}:00,MAIN ST"
    lines = ["lat,lng,title,timeStamp,addr", f"40.1,-75.3,EMS: VEHICLE ACCIDENT,{at.format(1)}"]
    lines += [f"40.1,-75.3,Traffic: VEHICLE ACCIDENT -,{at.format(2)}", f"30.3,-75.3,EMS: FEVER,{at.format(3)}"]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    result = run("montco", file, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["calls"], told["faults"], told["joining"]["joined"]) == (2, 1, 1)
    assert "line 4, column 'lat': 30.3 lies outside the county" in result.stderr
    shown = run("montco", file).stdout
    assert "15 min, 300 m" in shown
    assert "100.0 %" in shown
    assert isinstance(run("montco", file, "--tenant", "99.99").exception, StackError)
    assert isinstance(run("montco", DATA / "posts" / "example_posts.csv").exception, StackError)
