"""A log played again: who was free, whose area it is, what may be learnt from, and why another engine went."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from siaga_dispatcher.core.values import Position
from siaga_dispatcher.evaluation.availability import UNWRITTEN_TASK_MS, Availability
from siaga_dispatcher.evaluation.experience import Experience, Sighting
from siaga_dispatcher.evaluation.fire_log import FireLog, Sent, read_fire_log, read_stations
from siaga_dispatcher.evaluation.fire_replay import DAY_MS, Case, Replayed, Way, cases_of, other_days, replay
from siaga_dispatcher.evaluation.fire_score import evaluate_fire_log
from siaga_dispatcher.evaluation.misses import Miss, misses_of

DATA: Final = Path(__file__).parents[3] / "data"
MINUTE: Final = 60_000
HERE: Final = Position(37.78, -122.41)
# Between the first two stations, eight seconds nearer to the first.
BETWEEN: Final = Position(37.7855, -122.41)
# A quarter of a kilometre, one and two kilometres north of it.
STATIONS: Final = {
    "E01": Position(37.7825, -122.41),
    "E02": Position(37.789, -122.41),
    "E03": Position(37.798, -122.41),
}
# Long before all else: they make the engines known.
ROSTER: Final = tuple(
    Sent(0, f"roster {engine}", engine, 1, STATIONS[engine], -2 * DAY_MS, -2 * DAY_MS + MINUTE) for engine in STATIONS
)


def sent(call: str, engine: str, at: int, until: int | None, *, home: str = "E01", sequence: int = 1) -> Sent:
    until_ms = None if until is None else until * MINUTE
    return Sent(0, call, engine, sequence, HERE, at * MINUTE, until_ms, home=home)


def replayed(*all_sent: Sent) -> list[Replayed]:
    everything = (*ROSTER, *all_sent)
    cases = cases_of(everything, Availability(everything))
    return replay(cases, STATIONS, [])[len(ROSTER) :]


def reason(*all_sent: Sent) -> Miss:
    """Why the last call was not answered as chosen."""
    (told,) = misses_of(replayed(*all_sent)[-1:], Availability((*ROSTER, *all_sent)), STATIONS)
    return told


def test_an_engine_is_busy_from_dispatch_until_available_and_never_by_what_comes_later() -> None:
    tasks = Availability([sent("a", "E01", 10, 20), sent("b", "E01", 40, None)])
    free = {minute: tasks.free("E01", minute * MINUTE, "x") for minute in (9, 10, 11, 19, 20, 40, 41, 54, 55)}
    assert free == {9: True, 10: True, 11: False, 19: False, 20: True, 40: True, 41: False, 54: False, 55: True}
    assert UNWRITTEN_TASK_MS == 15 * MINUTE
    assert tasks.free("E01", 15 * MINUTE, "a"), "its own call does not keep it from that call"
    assert tasks.cleared_ms("E01", 30 * MINUTE, "x") == 20 * MINUTE
    assert tasks.cleared_ms("E01", 9 * MINUTE, "x") is None


def test_whether_a_paramedic_is_aboard_is_known_from_the_last_task() -> None:
    first, second = (
        replace(sent("a", "E01", 10, 20), paramedic=True),
        replace(sent("b", "E01", 30, 40), paramedic=False),
    )
    tasks = Availability([second, first])
    aboard = [tasks.paramedic("E01", minute * MINUTE, "x") for minute in (10, 11, 30, 31, 31 + 24 * 60)]
    assert aboard == [None, True, True, False, None]


def test_the_first_engine_is_who_was_dispatched_first_then_who_stands_first() -> None:
    (_, _, _, case) = cases_of(
        sent_list := [
            *ROSTER,
            sent("a", "E02", 5, 9),
            sent("a", "E01", 5, 9, sequence=2),
            sent("a", "E03", 4, 9, sequence=3),
        ],
        Availability(sent_list),
    )
    assert [one.engine for one in case.sent] == ["E03", "E02", "E01"]
    assert case.at_ms == 4 * MINUTE


def test_the_nearest_goes_the_nearest_free_goes_and_the_areas_own_goes_before_both() -> None:
    (_, one) = replayed(sent("a", "E01", 0, 30), sent("b", "E03", 10, 20, home="E03"))
    assert one.orders[Way.NEAREST_STATION] == ("E01", "E02", "E03")
    assert one.orders[Way.NEAREST_FREE] == ("E02", "E03")
    assert one.orders[Way.MAP] == ("E03", "E02")
    assert [one.rank(way) for way in (Way.NEAREST_STATION, Way.NEAREST_FREE, Way.MAP)] == [2, 1, 0]


def test_what_a_call_taught_serves_the_next_and_not_itself() -> None:
    calls = [sent(f"{number}", "E02", number * 30, number * 30 + 5, home="") for number in range(3)]
    assert [one.orders[Way.LEARNT][0] for one in replayed(*calls)] == ["E01", "E02", "E02"]
    with_map = [replace(call, home="E01") for call in calls]
    assert [one.orders[Way.CHOSEN][0] for one in replayed(*with_map)] == ["E01", "E01", "E02"]


@pytest.mark.parametrize(
    ("place", "life_at_risk", "paramedic", "first"),
    [
        (BETWEEN, True, False, "E02"),
        (BETWEEN, False, False, "E01"),
        (BETWEEN, True, True, "E01"),
        # A hundred seconds nearer outweighs it.
        (HERE, True, False, "E01"),
    ],
)
def test_where_a_life_is_at_risk_a_paramedic_goes_before_none(
    place: Position, life_at_risk: bool, paramedic: bool, first: str
) -> None:
    """Map and experience speak for one engine each, so that neither area decides."""
    taught = replace(sent("a", "E02", 0, 5), place=place)
    shown = replace(sent("b", "E01", 10, 15), paramedic=paramedic, place=STATIONS["E03"])
    asked = replace(sent("c", "E02", 300, 320), place=place, life_at_risk=life_at_risk, paramedic=True)
    assert replayed(taught, shown, asked)[-1].orders[Way.CHOSEN][0] == first


def test_the_order_does_not_hang_on_what_comes_later() -> None:
    calls = [sent(f"{number}", f"E0{number % 3 + 1}", number * 7, number * 7 + 9) for number in range(12)]
    whole = replayed(*calls)
    for count in range(1, len(calls)):
        assert [one.orders for one in replayed(*calls[:count])] == [one.orders for one in whole[:count]]


def test_experience_weighs_by_distance_and_only_who_could_have_gone() -> None:
    known = Experience(["E01", "E02"], 3)
    known.add(Sighting(HERE, "E02", frozenset({"E02"})))
    assert known.shares(HERE, "E01", 1.0) == pytest.approx({"E01": 1.0, "E02": 0.5}), "the own engine was busy"
    known.add(Sighting(HERE, "E02", frozenset({"E01", "E02"})))
    assert known.shares(HERE, "E01", 1.0) == pytest.approx({"E01": 0.5, "E02": 2 / 3})
    far = Position(HERE.lat + 0.01, HERE.lon)
    assert known.shares(far, "E01", 1.0) == pytest.approx({"E01": 1.0, "E02": 0.0}), "a kilometre away it tells nothing"
    known.add(Sighting(HERE, "E09", frozenset({"E01"})))
    assert known.shares(HERE, "E01", 1.0)["E01"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ([sent("b", "E09", 10, 20)], Miss.STATION_UNKNOWN),
        ([sent("a", "E02", 0, 30), sent("b", "E02", 10, 20)], Miss.BUSY_IN_LOG),
        ([sent("b", "E02", 10, 20), sent("b", "E01", 10, 20, sequence=2)], Miss.SAME_SECOND),
        ([sent("b", "E02", 10, 20), sent("b", "E01", 12, 20, sequence=2)], Miss.SENT_LATER),
        (
            [
                replace(sent("a", "E01", 0, 5), paramedic=False),
                replace(sent("b", "E02", 300, 320), paramedic=True, life_at_risk=True),
            ],
            Miss.NO_PARAMEDIC,
        ),
        ([sent("a", "E01", 0, 5), sent("b", "E02", 10, 20)], Miss.CHOSEN_JUST_CLEARED),
        ([replace(sent("a", "E02", 0, 5), place=STATIONS["E03"]), sent("b", "E02", 10, 20)], Miss.SENT_JUST_CLEARED),
        ([sent("a", "E01", 0, 30), sent("b", "E03", 10, 20)], Miss.HOME_BUSY),
        ([sent("b", "E02", 10, 20)], Miss.UNTOLD),
        ([sent("b", "E01", 10, 20, home="E03")], Miss.SENT_NEARER),
    ],
)
def test_a_miss_is_told_by_its_first_reason(calls: list[Sent], told: Miss) -> None:
    assert reason(*calls) is told


def test_days_that_are_judged_are_not_learnt_from() -> None:
    def case(call: str, day: int) -> Case:
        return Case(call, day * DAY_MS + 5, HERE, "", "", (), frozenset())

    kept = other_days([case("a", 1), case("b", 2), case("c", 3)], [case("x", 2), case("c", 9)])
    assert [one.call for one in kept] == ["a"]


def test_two_real_days_that_nothing_was_learnt_from_reach_the_targets() -> None:
    log = read_fire_log(DATA / "sf_fire" / "engines.csv.gz")
    stations, _ = read_stations(DATA / "sf_fire_stations" / "stations.csv")
    first_ms = max(one.dispatched_ms for one in log.sent) // DAY_MS * DAY_MS - DAY_MS
    days = FireLog(tuple(one for one in log.sent if one.dispatched_ms >= first_ms), ())
    found = evaluate_fire_log(days, stations, log)
    assert found["incidents"] == 415
    assert found["learnt_from"] == {"incidents": 3512, "left_out": 415}
    for way in (Way.CHOSEN, Way.LEARNT):
        tops = found["ways"][way]
        assert [tops["1"] >= 0.82, tops["2"] >= 0.95, tops["3"] >= 0.98, tops["5"] >= 0.99] == [True] * 4, (way, tops)
    assert found["top"]["1"] > found["ways"][Way.NEAREST_FREE]["1"] > found["ways"][Way.NEAREST_STATION]["1"]
    assert sum(found["misses"].values()) == round(found["incidents"] * (1 - found["top"]["1"]))
