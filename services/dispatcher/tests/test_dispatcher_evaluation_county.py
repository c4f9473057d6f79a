"""A county's calls: what is none of them, which join, and whom a plan would send."""

from pathlib import Path

import pytest
from siaga_dispatcher.evaluation.county_log import read_county_log
from siaga_dispatcher.evaluation.county_replay import apart, gather, joining, planned
from siaga_dispatcher.evaluation.county_types import TYPE_OF
from siaga_dispatcher.evaluation.tables import LogError
from siaga_tenants.model import DispatchPolicy, Need, ResponsePlan
from siaga_tenants.vocabulary import TYPES

POLICY = DispatchPolicy(join_minutes=15, join_distance_m=300)
PLAN = ResponsePlan(
    {
        ("default", "any"): (Need("periksa", ("satgas",)),),
        ("accident_traffic", "any"): (Need("medis", ("puskesmas",)), Need("amankan", ("satgas",))),
        ("accident_traffic", "P1"): (Need("medis", ("puskesmas",)), Need("evakuasi", ("damkar",))),
    }
)


def line(
    title: str, minute: int, *, lat: str = "40.1", lng: str = "-75.3", address: str = "MAIN ST", desc: str = ""
) -> str:
    return f"{lat},{lng},{desc},{title},2016-01-01 10:{minute:02}:00,{address}"


def log_of(folder: Path, *lines: str) -> Path:
    file = folder / "calls.csv"
    file.write_text("\n".join(("lat,lng,desc,title,timeStamp,addr", *lines)) + "\n", "utf-8")
    return file


def test_every_type_that_a_title_is_read_as_is_one_of_ours() -> None:
    assert set(TYPE_OF.values()) <= set(TYPES)


def test_what_lies_outside_the_county_is_told_and_all_else_counts(tmp_path: Path) -> None:
    log = read_county_log(
        log_of(
            tmp_path,
            line("EMS: SEIZURES", 5),
            line("EMS: SEIZURES", 6, lng="-77.68"),
            line("EMS: SEIZURES", 6, lat="30.3"),
            line("Police: SEIZURES", 6),
            line("EMS: SEIZURES", 6, lat="0", lng="0"),
            line("Traffic: VEHICLE ACCIDENT -", 4),
        )
    )
    assert [(call.subject, call.type) for call in log.calls] == [
        ("VEHICLE ACCIDENT", "accident_traffic"),
        ("SEIZURES", "medical_ambulance"),
    ]
    assert [str(fault) for fault in log.faults] == [
        "line 3, column 'lng': -77.68 lies outside the county",
        "line 4, column 'lat': 30.3 lies outside the county",
        "line 5, column 'title': 'Police' is none of EMS, Fire, Traffic",
        "line 6, column 'lat': the place is 0, 0: nobody located it",
    ]
    with pytest.raises(LogError, match="no call could be read; line 2"):
        read_county_log(log_of(tmp_path, line("Police: X", 1)))


def test_a_call_counts_from_when_it_came_in_unless_that_is_another_call(tmp_path: Path) -> None:
    told = ("MAIN ST; 2016-01-01 @ 10:01:00;", "MAIN ST; 2016-01-01 @ 08:01:00;", "MAIN ST;", "2016-13-01 @ 10:01:00")
    log = read_county_log(log_of(tmp_path, *(line("EMS: FEVER", 9, desc=desc) for desc in told)))
    assert [(call.line, call.at_ms // 60_000 % 60) for call in log.calls] == [(2, 1), (3, 9), (4, 9), (5, 9)]


def test_calls_join_by_the_dispatchers_own_rule(tmp_path: Path) -> None:
    calls = read_county_log(
        log_of(
            tmp_path,
            line("Traffic: VEHICLE ACCIDENT -", 0),
            line("EMS: VEHICLE ACCIDENT", 2, lat="40.1009"),
            line("EMS: VEHICLE ACCIDENT", 4, lat="40.1036", address="OAK LN"),
            line("EMS: HEAD INJURY", 5),
            line("EMS: HEAD INJURY", 6, address="CORNER ST"),
            line("EMS: HEAD INJURY", 7, address="SIDE ST"),
            line("Traffic: VEHICLE ACCIDENT -", 30),
        )
    ).calls
    gathered = gather(calls, POLICY)
    assert [[call.line for call in group.calls] for group in gathered] == [[2, 3], [4], [5], [6], [7], [8]]
    told = joining(gathered, POLICY)
    assert (told["incidents"], told["joined"], told["largest"], told["sizes"]) == (6, 1, 2, {"1": 5, "2": 1})
    assert (told["same_address"], told["other_person"], told["several_agencies"]) == (1, 0, 1)
    assert apart(gathered, POLICY) == {"accident_traffic + injury": 1}


def test_whom_the_plan_sends_beside_whom_the_county_called(tmp_path: Path) -> None:
    calls = read_county_log(
        log_of(tmp_path, line("EMS: VEHICLE ACCIDENT", 0), line("Fire: VEHICLE ACCIDENT", 1), line("EMS: FEVER", 2))
    ).calls
    assert planned(calls, PLAN) == {
        "EMS": {
            "calls": 2,
            "P1": {"same": 1, "services": 3},
            "P3": {"same": 1, "services": 3},
            "not_sent": {"FEVER": 1},
        },
        "Fire": {"calls": 1, "P1": {"same": 1, "services": 2}, "P3": {"same": 0, "services": 2}, "not_sent": {}},
    }
