"""`intake explain`: what captured input comes to, whatever somebody captured, without a stack."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from siaga_cli import explained, explained_tables
from siaga_cli.console import out
from siaga_cli.main import build
from siaga_intake.captures import CAPTURES
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.explaining import explain
from typer.testing import CliRunner, Result

CAPTURED_MS = 1_710_123_600_000
ORIGIN = Origin(
    Centre("36.73", {"asterisk": ("pbx1",)}, frozenset({"op03"})), CAPTURED_MS, CAPTURED_MS, b"secret of the tests"
)
JOINS = {
    "Event": "QueueCallerJoin", "Uniqueid": "1710123330.41", "Linkedid": "1710123330.41", "CallerIDNum": "+6281234567890",
    "Context": "from-trunk", "Queue": "112-utama", "Timestamp": "1710123335.5",
}  # fmt: skip
HANGS_UP = {**JOINS, "Event": "Hangup", "Cause": "16", "Timestamp": "1710123357.25"}
ABROAD = b"""<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"
 xmlns:gml="http://www.opengis.net/gml"><tuple id="a"><status><gp:geopriv><gp:location-info><gml:Point><gml:pos>40.7 -73.9</gml:pos>
</gml:Point></gp:location-info></gp:geopriv></status></tuple></presence>"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command on a file of these bytes, or on what is no file yet."""

    def invoked(content: bytes | None, *options: str, source: str = "asterisk-ami") -> Result:
        path = tmp_path / "captured"
        if content is not None:
            path.write_bytes(content)
            os.utime(path, (CAPTURED_MS / 1000, CAPTURED_MS / 1000))
        return CliRunner().invoke(build("intake"), ["intake", "explain", "--source", source, str(path), *options])

    return invoked


def lines(*events: object) -> bytes:
    return "\n".join(json.dumps(event) for event in events).encode()


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def of(data: bytes, source: str = "asterisk-ami") -> dict[str, Any]:
    return explained.as_json(explain(CAPTURES[source], data, ORIGIN), source, "captured")


def test_a_call_is_told_under_the_contracts_names(run: Run) -> None:
    result = run(lines(JOINS, {"Event": "FullyBooted"}, {"Event": "Newfangled"}, HANGS_UP), "--json")
    assert result.exit_code == 0
    found = told(result)
    assert found["payloads"] == 4
    assert (found["irrelevant"], found["unknown"]) == ({"FullyBooted": 1}, {"Newfangled": 1})
    assert (found["left_out"], found["refused"]) == ([], [])
    (call,) = found["calls"]
    assert (call["kinds"], call["call_ref"]) == (["QUEUE_JOINED", "ENDED"], "1710123330.41")
    joined, ended = found["events"]
    assert joined["kind"] == "CALL_EVENT_KIND_QUEUE_JOINED"
    assert joined["caller"] == {"number": "+6281234567890", "identity_trust": "IDENTITY_TRUST_ASSERTED"}
    assert joined["queue"] == {"name": "112-utama"}
    assert joined["event_at_ms"] == 1_710_123_335_500
    assert (joined["where"], ended["where"], ended["index"]) == ("line 1", "line 4", 3)
    assert ended["hangup"]["q850"] == 16


def test_people_read_a_timeline_and_the_next_step(run: Run) -> None:
    result = run(lines(JOINS, {"Event": "Newfangled"}, HANGS_UP))
    assert result.exit_code == 0
    for shown in (
        "Call 1710123330.41",
        "21.750",
        "QUEUE_JOINED",
        "number=+6281234567890",
        "Newfangled 1",
        "✓ 2 events of 1",
    ):
        assert shown in result.stdout


def test_what_would_be_refused_is_told_with_place_and_remedy(run: Run) -> None:
    broken = {**JOINS, "Timestamp": "yesterday"}
    result = run(lines(JOINS) + b'\n{"Event": "Hang\n' + lines(broken, HANGS_UP), "--json")
    assert result.exit_code == 1
    found = told(result)
    assert [each["kind"].removeprefix("CALL_EVENT_KIND_") for each in found["events"]] == ["QUEUE_JOINED", "ENDED"]
    half, late = found["refused"]
    assert (half["where"], half["field"], half["excerpt"]) == ("line 2", "", '{"Event": "Hang')
    assert half["reason"].startswith("is no JSON")
    assert (late["where"], late["index"], late["field"]) == ("line 3", 2, "Timestamp")
    assert "ISO 8601" in late["remedy"]
    shown = run(lines(broken))
    assert shown.exit_code == 1
    assert "Timestamp" in shown.stdout
    assert "✗ 1 of 1 would be refused" in shown.stdout


def test_numbers_are_hidden_where_asked(run: Run) -> None:
    broken = {**JOINS, "Timestamp": "yesterday"}
    for options in (("--mask",), ("--mask", "--json")):
        result = run(lines(JOINS, broken), *options)
        assert "81234567890" not in result.stdout
        assert "+628" in result.stdout
        assert "1710123330.41" in result.stdout


@pytest.mark.parametrize(
    "data",
    [
        lines(JOINS, HANGS_UP),
        json.dumps([JOINS, HANGS_UP]).encode(),
        json.dumps([JOINS, HANGS_UP], indent=2).encode(),
        json.dumps(JOINS, indent=2).encode() + b"\n" + json.dumps(HANGS_UP, indent=2).encode(),
        lines(JOINS, HANGS_UP).replace(b"\n", b"\r\n"),
        lines([JOINS], [HANGS_UP]),
        gzip.compress(lines(JOINS)) + gzip.compress(lines(HANGS_UP)),
        *(
            lines(JOINS, HANGS_UP).decode().encode(each)
            for each in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
        ),
    ],
)
def test_one_capture_in_many_writings(data: bytes) -> None:
    found = of(data)
    assert [each["kind"].removeprefix("CALL_EVENT_KIND_") for each in found["events"]] == ["QUEUE_JOINED", "ENDED"]
    assert found["refused"] == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'[{"Event":"FullyBooted"},' + lines(JOINS) + b',{"Event":', "is no JSON"),
        (gzip.compress(lines(JOINS))[:-4], "the gzip file is cut off"),
        (gzip.compress(lines(JOINS) + b"\n" * 70_000)[:-8] + b"\0" * 8, "the gzip file is damaged"),
        (b"Connected to pbx1.\n" + lines(JOINS), "is no JSON"),
        (b"\0\1\2\xff\xfe\n" + lines(JOINS), "is no JSON"),
        (b'{"a": ' + b"[" * 100_000 + b"\n" + lines(JOINS), "is nested too deeply"),
        (b"NaN\n" + lines(JOINS), "is no JSON"),
    ],
)
def test_what_stands_beside_rubbish_is_read(data: bytes, reason: str) -> None:
    found = of(data)
    assert len(found["events"]) == 1
    assert [each["reason"].startswith(reason) for each in found["refused"]] == [True]


def test_a_capture_may_be_of_any_year(run: Run) -> None:
    result = run(lines({**JOINS, "Timestamp": "2529188400.5"}, {**HANGS_UP, "Timestamp": "1422468044.671"}), "--json")
    assert result.exit_code == 0
    found = told(result)
    assert [each["event_at_ms"] for each in found["events"]] == [2_529_188_400_500, 1_422_468_044_671]
    assert found["ahead"] == 1
    assert "sent live they would be refused" in run(lines({**JOINS, "Timestamp": "2529188400.5"})).stdout


ABROAD_SMS = b'A"ML=1;lt=+54.76397;lg=-0.18305;rd=50;top=20130717141935;lc=90;pm=W;mcc=234;mnc=30'


@pytest.mark.parametrize(
    ("source", "data", "where"),
    [("pidf-lo", ABROAD, (40.7, -73.9)), ("aml", ABROAD_SMS, (54.76397, -0.18305))],
)
def test_a_capture_may_be_of_any_country(source: str, data: bytes, where: tuple[float, float]) -> None:
    found = of(data, source)
    (position,) = (each["position"] for each in found["events"])
    assert (position["lat"], position["lon"]) == where
    assert found["refused"] == []
    assert found["left_out"][0]["reason"].startswith("outside Indonesia")
    assert found["left_out"][0]["found"] == f"{where[0]}, {where[1]}"
    assert found["abroad"] == 1


def test_a_place_abroad_is_said_to_be_left_out_live(run: Run) -> None:
    result = run(ABROAD, source="pidf-lo")
    assert result.exit_code == 0
    assert "taken without that place" in result.stdout


def test_a_time_that_is_not_told_is_the_files() -> None:
    found = of(lines({name: value for name, value in JOINS.items() if name != "Timestamp"}))
    assert found["events"][0]["event_at_ms"] == CAPTURED_MS


@pytest.mark.parametrize(
    ("data", "verdict"),
    [(b"", "holds no payload"), (b"\n\n", "holds no payload"), (b'{"Event":"FullyBooted"}', "nothing of it")],
)
def test_a_file_without_calls_says_what_to_capture(run: Run, data: bytes, verdict: str) -> None:
    result = run(data)
    assert result.exit_code == 0
    assert verdict in result.stdout


def test_standard_input_is_read() -> None:
    result = CliRunner().invoke(
        build("intake"), ["intake", "explain", "--source", "asterisk-ami", "-", "--json"], input=lines(JOINS)
    )
    assert (result.exit_code, told(result)["file"], len(told(result)["events"])) == (0, "-", 1)


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("asterisk-ami", (), "No such file"),
        ("nortel", (), "known are"),
        ("asterisk-ami", ("--tenant", "99.99"), "36.73"),
    ],
)
def test_a_wrong_command_line_says_what_is_known(run: Run, source: str, options: tuple[str, ...], said: str) -> None:
    result = run(None if said == "No such file" else b"", *options, source=source)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize("source", CAPTURES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
@example(data=b"\x1f\x8b")
@example(data=b"[" * 5_000)
@example(data=b'{"Event": "\\ud800", "type": 1e999, "Uniqueid": ' + b"9" * 5_000 + b"}")
@example(data=b"Event: Hangup\r\n\r\n: \r\nx")
@example(data=b"<presence><!DOCTYPE x [<!ENTITY a 'b'>]>")
@example(data=b"\xd4\xc3\xb2\xa1" + b"\0" * 40)
def test_any_bytes_are_explained(source: str, data: bytes) -> None:
    found = of(data, source)
    json.dumps(found)
    with out.capture():
        out.print(explained_tables.shown(found))
