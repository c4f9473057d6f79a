"""The Serang month as generated: its counts, its rules, and that it is the same every time."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import combinations, pairwise
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from siaga_contracts.callers import e164
from siaga_replay.recount import count_by_state, states_by_caller
from siaga_replay.requests import Request, read_requests
from siaga_replay.scenarios import ScenarioFiles, scenario_files, write_requests
from siaga_replay.scenarios.serang_month.build import SEED, SLICE_CALLS, build_slice
from siaga_replay.scenarios.serang_month.calls import WINDOW_MARGIN_S, Call, Switch, make_calls
from siaga_replay.scenarios.serang_month.counts import DAY_S, END_S, PERIODS, START_S, period_of
from siaga_replay.scenarios.serang_month.forwarder import BATCH_EVENTS
from siaga_replay.scenarios.serang_month.real_calls import REAL_CALLS
from siaga_replay.scenarios.serang_month.slots import Kind
from siaga_replay.truth import Truth

MOST_REQUESTS = 30_000


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenarios")


@pytest.fixture(scope="module")
def month(cache: Path) -> ScenarioFiles:
    return scenario_files("serang-month", cache)


@pytest.fixture(scope="module")
def truth(month: ScenarioFiles) -> Truth:
    return month.load_truth()


@pytest.fixture(scope="module")
def posts(month: ScenarioFiles) -> list[Request]:
    return [each for each in read_requests(month.requests) if isinstance(each, Request)]


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    return list(make_calls(Random(SEED)))


def events(posts: list[Request]) -> Iterator[tuple[str, dict[str, Any]]]:
    for post in posts:
        body = msgspec.json.decode(post.body)
        for each in body if isinstance(body, list) else [body]:
            yield post.path, each


def test_totals_and_categories_are_the_scaled_published_ones(truth: Truth) -> None:
    assert len(truth.calls) == truth.published_total == 53_794
    assert truth.categories == {"answered": 7_503, "abandon": 2_804, "ivr_prank": 43_487}
    assert truth.published == {"answered": 7_695, "abandon": 2_882, "ivr_prank": 44_617}
    outcomes = truth.expected_outcomes()
    assert sum(outcomes.values()) == 53_794
    assert outcomes["real"] == 14
    assert outcomes["ivr_prank"] == 43_487
    assert outcomes["abandon"] == 2_804
    assert outcomes["answered_prank"] > 0.9 * 7_489


def test_each_period_has_its_own_counts(calls: list[Call]) -> None:
    for index, period in enumerate(PERIODS):
        own = [call for call in calls if period_of(call.ring_s) == index]
        assert len(own) == period.total
        assert Counter(call.kind.value for call in own) == period.scaled


def test_no_first_call_of_a_number_ends_in_the_menu(calls: list[Call]) -> None:
    seen: set[str] = set()
    for call in calls:
        if call.caller and call.caller.number not in seen:
            seen.add(call.caller.number)
            assert call.kind is not Kind.IVR_PRANK
    assert len(seen) == 5_200


def test_a_telephone_makes_one_call_at_a_time_inside_the_month(calls: list[Call]) -> None:
    by_number = defaultdict(list)
    for call in calls:
        assert START_S <= call.ring_s < call.end_s < END_S
        times = [at for at in (call.ring_s, call.menu_s, call.queue_s, call.answer_s, call.end_s) if at]
        assert times == sorted(times)
        if call.caller:
            by_number[call.caller.number].append(call)
    for own in by_number.values():
        assert all(one.end_s < other.ring_s for one, other in pairwise(own))


def test_no_window_of_a_day_hangs_on_a_second(calls: list[Call]) -> None:
    ends = defaultdict(set)
    for call in calls:
        if call.caller:
            ends[call.caller.number].add(call.end_s)
    near = range(DAY_S - WINDOW_MARGIN_S, DAY_S + WINDOW_MARGIN_S + 1)
    assert not [at for own in ends.values() for at in own for gap in near if at + gap in own]


def test_callers_are_heavy_shared_and_nobody_real(calls: list[Call]) -> None:
    counts = Counter(call.caller.number for call in calls if call.caller)
    heaviest = counts.most_common(1)[0][1]
    assert 500 <= heaviest <= 700
    assert sum(1 for count in counts.values() if count <= 2) > 2_000
    assert 0.07 < sum(1 for call in calls if not call.caller) / len(calls) < 0.09
    assert any(call.caller.shared for call in calls if call.caller)
    assert all(number.startswith(("+6284", "+622541")) for number in counts)
    for call in calls[:5_000]:
        if call.caller:
            assert e164(call.caller.spelled) == call.caller.number


def test_switches_share_the_calls_and_kamailio_sees_no_menu(calls: list[Call]) -> None:
    shares = {switch: count / len(calls) for switch, count in Counter(call.switch for call in calls).items()}
    assert 0.55 < shares[Switch.ASTERISK] < 0.7
    assert 0.2 < shares[Switch.FREESWITCH] < 0.3
    assert 0.1 < shares[Switch.KAMAILIO] < 0.16
    assert not [call for call in calls if call.switch is Switch.KAMAILIO and call.kind is Kind.IVR_PRANK]


def test_calls_follow_the_day(calls: list[Call]) -> None:
    hours = Counter((call.ring_s + 7 * 3_600) % DAY_S // 3_600 for call in calls)
    assert hours[14] > 5 * hours[3]


def test_real_calls_are_fourteen_incidents(calls: list[Call], truth: Truth) -> None:
    real = [call.real for call in calls if call.real]
    assert sorted(real, key=lambda each: each.at) == list(REAL_CALLS)
    assert len({each.type for each in real}) == len({each.area_code for each in real}) == 14
    assert sum(1 for each in real if each.by_operator) == 7
    metres = [
        math.hypot((one.lat - other.lat) * 111_000, (one.lon - other.lon) * 110_000)
        for one, other in combinations(real, 2)
    ]
    assert min(metres) > 300
    assert [call.outcome for call in calls if call.real] == ["real"] * 14
    assert sum(1 for call in truth.calls if call.confidential) == 1


def test_some_who_need_help_had_pranked_before(truth: Truth) -> None:
    by_caller = truth.by_caller()
    in_need = [own for own in by_caller.values() if any(call.outcome == "real" for call in own)]
    assert len(in_need) == 13  # and one without a SIM
    assert sum(1 for own in in_need if any(call.outcome == "answered_prank" for call in own)) >= 3


def test_sanctions_of_the_month(truth: Truth) -> None:
    counts = count_by_state(states_by_caller(truth.calls, truth.clock_ms))
    assert counts["lifted"] == 13
    assert min(counts[state] for state in ("clean", "watch", "warned", "temporary", "permanent")) > 0


def test_requests_are_few_enough_in_order_and_for_one_tenant(posts: list[Request]) -> None:
    assert len(posts) < MOST_REQUESTS
    assert [post.at_ms for post in posts] == sorted(post.at_ms for post in posts)
    assert all(post.headers == {"X-Siaga-Tenant": "36.73"} for post in posts)
    assert max(post.items for post in posts) == BATCH_EVENTS


def test_every_call_is_told_and_every_answered_one_has_a_form(posts: list[Request], truth: Truth) -> None:
    told: Counter[tuple[str, str]] = Counter()
    forms: Counter[tuple[str, str]] = Counter()
    for path, event in events(posts):
        match path.rsplit("/", 1)[-1]:
            case "asterisk":
                told["asterisk/pbx1", event["Linkedid"]] += 1
            case "freeswitch":
                told["freeswitch/fs1", event["variables"]["call_uuid"]] += 1
            case "kamailio":
                told["kamailio/edge1", event["callid"]] += 1
            case "form":
                forms[event["source"], event["call_ref"]] += 1
    assert set(told) == {(call.source, call.call_ref) for call in truth.calls}
    assert set(forms) == {(call.source, call.call_ref) for call in truth.calls if call.operator_confirmed}


def test_some_posts_come_twice_late_or_shuffled_and_some_forms_before_the_switch(posts: list[Request]) -> None:
    bodies = Counter(post.body for post in posts)
    twice = sum(1 for count in bodies.values() if count > 1)
    assert 0.005 < twice / len(posts) < 0.02
    late = shuffled = 0
    first_told: dict[str, int] = {}
    forms: dict[str, int] = {}
    for post in posts:
        if post.path.endswith("asterisk"):
            stamps = [float(event["Timestamp"]) for event in msgspec.json.decode(post.body)]
            shuffled += stamps != sorted(stamps)
            late += post.at_ms - max(stamps) * 1_000 > 660_000
        elif post.path.endswith("freeswitch"):
            first_told.setdefault(msgspec.json.decode(post.body)["variables"]["call_uuid"], post.at_ms)
        elif post.path.endswith("form"):
            forms.setdefault(msgspec.json.decode(post.body)["call_ref"], post.at_ms)
    assert late > 0
    assert shuffled > 0
    before = sum(1 for ref, at_ms in forms.items() if ref in first_told and at_ms < first_told[ref])
    assert 0 < before < len(forms)


def test_events_carry_their_own_time_inside_the_month(posts: list[Request]) -> None:
    for path, event in events(posts):
        if path.endswith("asterisk"):
            assert START_S <= float(event["Timestamp"]) < END_S
        elif path.endswith("kamailio"):
            assert START_S <= event["time"] < END_S


def test_forms_that_name_no_type_leave_it_to_the_words(posts: list[Request]) -> None:
    emergencies = {
        event["address"]: event
        for path, event in events(posts)
        if path.endswith("form") and event["disposition"] == "emergency"
    }
    assert len(emergencies) == 14
    for real in REAL_CALLS:
        form = emergencies[real.address]
        assert (form.get("type"), form.get("priority")) == (
            (real.type, real.priority) if real.by_operator else (None, None)
        )
        assert (form["lat"], form["lon"], form["text"]) == (real.lat, real.lon, real.text)


def test_slice_holds_whole_callers_and_all_real_calls(cache: Path, truth: Truth) -> None:
    part = scenario_files("serang-slice", cache).load_truth()
    assert 0.95 * SLICE_CALLS < len(part.calls) <= SLICE_CALLS
    assert part.expected_outcomes()["real"] == 14
    whole = truth.by_caller()
    assert all(own == whole[caller] for caller, own in part.by_caller().items())


def test_the_same_generator_makes_the_same_bytes(cache: Path, tmp_path: Path) -> None:
    kept = scenario_files("serang-slice", cache)
    built = build_slice(lambda _: None)
    write_requests(built, tmp_path / "again")
    built.truth.save(tmp_path / "again.truth")
    assert (tmp_path / "again").read_bytes() == kept.requests.read_bytes()
    assert (tmp_path / "again.truth").read_bytes() == kept.truth.read_bytes()


def test_a_generated_scenario_is_kept(month: ScenarioFiles, cache: Path) -> None:
    made = month.requests.stat().st_mtime_ns
    assert scenario_files("serang-month", cache) == month
    assert month.requests.stat().st_mtime_ns == made
    assert not [each for each in cache.iterdir() if not each.name.endswith(".gz")]


def test_first_request_is_of_the_first_day(posts: list[Request]) -> None:
    assert datetime.fromtimestamp(posts[0].at_ms / 1_000).astimezone().timestamp() >= START_S


def test_wrong_outcomes_are_told_by_call(truth: Truth) -> None:
    counted = {call.call_id(truth.tenant): call.outcome for call in truth.calls}
    assert truth.wrong_outcomes(counted) == []
    first, second = truth.calls[:2]
    counted[first.call_id(truth.tenant)] = "unserved"
    del counted[second.call_id(truth.tenant)]
    wrong = truth.wrong_outcomes(counted)
    assert [line.rsplit(" ", 1)[-1] for line in wrong] == ["unserved", "missing"]
