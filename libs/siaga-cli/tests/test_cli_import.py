"""`intake import lapor`: reports from files, each line answered for."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from siaga_cli.importing import BATCH, imported
from siaga_cli.main import build
from siaga_cli.report_files import Row, Unreadable, rows
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import LAPOR, take
from siaga_intake.core.events import Accepted, Refusal
from siaga_kit.embedded.stack import Stack
from typer.testing import CliRunner

NOW_MS = 1_710_123_600_000
ORIGIN = Origin(Centre("36.73", {}), NOW_MS, NOW_MS, b"secret")
CSV = 'Nomor Laporan;Judul;Isi Laporan;Tanggal\n1;Banjir;"air masuk\nrumah; tolong";11-03-2024 09:15\n;tanpa nomor;x;\n3;Api;kebakaran;kemarin\n'
FILES = [
    ("a.csv", CSV, [(2, "1"), (4, None), (5, "3")]),
    ("b.csv", "\ufeffnomor,isi\n1,banjir\n2,\n", [(2, "1"), (3, "2")]),
    ("c.json", '[{"nomor": "1", "isi": "x"}, {"nomor": "2", "isi": "y"}]', [(1, "1"), (2, "2")]),
    ("d.json", '{"data": [{"nomor": "1", "isi": "x"}]}', [(1, "1")]),
    ("e.jsonl", '{"nomor": "1", "isi": "a\u2028b"}\n\n{"nomor": "2"}\n', [(1, "1"), (3, "2")]),
]


def front_door(reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What intake's core makes of a batch, in the form of the answer."""
    answer: dict[str, list[Any]] = {"accepted": [], "ignored": [], "rejected": []}
    for index, report in enumerate(reports):
        match take(LAPOR, report, ORIGIN):
            case Accepted(events, defects):
                assert all(event.backfilled for event in events)
                parts = [{"field": each.field, "reason": each.reason} for each in defects]
                answer["accepted"].append({"index": index, "left_out": parts})
            case Refusal(field, reason):
                answer["rejected"].append({"index": index, "field": field, "reason": reason})
    return answer


@pytest.mark.parametrize(("name", "text", "expected"), FILES)
def test_rows_and_their_lines(tmp_path: Path, name: str, text: str, expected: list[Any]) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    found = list(rows(tmp_path / name))
    assert all(isinstance(each, Row) for each in found)
    numbers = [
        {**each.fields}.get("nomor") or {**each.fields}.get("Nomor Laporan") for each in found if isinstance(each, Row)
    ]
    assert list(zip([each.line for each in found], numbers, strict=True)) == expected


def test_each_line_is_answered_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    told = imported(rows(tmp_path / "a.csv"), front_door)
    assert told.accepted == 2
    assert [(each["line"], each["field"]) for each in told.rejected] == [(4, "nomorlaporan")]
    assert [(each["line"], each["field"]) for each in told.left_out] == [(5, "Tanggal")]


def test_lines_keep_their_numbers_over_batches_and_broken_ones() -> None:
    lines: list[Row | Unreadable] = [Row(number, {"nomor": number, "isi": "x"}) for number in range(1, 2 * BATCH)]
    lines[BATCH] = Unreadable(BATCH + 1, "is no JSON")
    lines[-1] = Row(2 * BATCH - 1, {"isi": "x"})
    told = imported(lines, front_door)
    assert told.accepted == 2 * BATCH - 3
    assert [each["line"] for each in told.rejected] == [BATCH + 1, 2 * BATCH - 1]


@pytest.mark.parametrize(("name", "text"), [("a.xlsx", "x"), ("b.json", "{"), ("c.json", "7")])
def test_a_file_that_is_none_is_told(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=r"files end with|is no JSON|holds no list"):
        list(rows(tmp_path / name))


@pytest.mark.stack
def test_a_file_goes_through_the_front_door_of_the_running_stack(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(CSV)
    with Stack(tmp_path / "home", services=("intake",)) as stack:
        command = ["--home", str(stack.home.root), "intake", "import", "lapor", str(file), "--json"]
        first, again = (CliRunner().invoke(build("intake"), command) for _ in range(2))
        assert first.exit_code == again.exit_code == 1, first.output
        found = json.loads(first.stdout)
        assert found == json.loads(again.stdout)
        assert (found["accepted"], [each["line"] for each in found["rejected"]]) == (2, [4])
