"""Who goes when several would be there about equally soon, what is told of it, and in what order others would follow."""

from dataclasses import replace

import pytest
from dispatcher_samples import AMBULANCE, CENTRE, DAMKAR, NOON_MS, POLICY, SATGAS, unit
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.core.choose import Selection, choose, ranked
from siaga_dispatcher.core.choosing.selection import CANDIDATES_PER_ROLE
from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.values import Priority, Unit, UnitStatus
from siaga_tenants.model import Need

HOUR_MS = 3_600_000
PRIORITIES = st.sampled_from(Priority)
# At 40 km/h and a detour of 1.4, 100 m are 12.6 s: within the usual band of 60 s are those up to 476 m farther.
JUST_BACK = {"free_since_ms": NOON_MS}
RESTED = {"free_since_ms": NOON_MS - 5 * HOUR_MS}


def pick(
    units: list[Unit], priority: Priority = Priority.P3, needs: tuple[Need, ...] = (DAMKAR,), **more: object
) -> Selection:
    return choose(needs, units, CENTRE, POLICY, NOON_MS, priority=priority, **more)  # type: ignore[arg-type]


def goes(selection: Selection) -> list[str]:
    return [choice.unit.unit_id for choice in selection.chosen]


@pytest.mark.parametrize(
    ("near", "far", "far_m", "expected"),
    [
        (JUST_BACK, RESTED, 1_400, "far"),
        (JUST_BACK, {}, 1_400, "far"),
        (JUST_BACK, RESTED, 1_600, "near"),
        (RESTED, JUST_BACK, 1_400, "near"),
        ({"free_since_ms": NOON_MS - 60_000}, JUST_BACK, 1_001, "near"),
    ],
)
def test_within_the_band_the_one_that_rested_longer_goes(
    near: dict[str, int], far: dict[str, int], far_m: float, expected: str
) -> None:
    selection = pick([unit("near", away_m=1_000, **near), unit("far", away_m=far_m, **far)])
    assert goes(selection) == [expected]
    codes = {rejection.unit_id: rejection.code for rejection in selection.rejected}
    assert codes == ({"near": "less_rested"} if expected == "far" else {"far": "slower"})


def test_within_the_band_no_post_is_left_short_and_that_weighs_more_than_rest() -> None:
    kept = {"near": "Pos Utara"}
    selection = pick([unit("near", away_m=1_000, **RESTED), unit("far", away_m=1_400, **JUST_BACK)], kept=kept)
    assert goes(selection) == ["far"]
    (rejection,) = selection.rejected
    assert (rejection.code, rejection.detail) == (
        "kept_for_coverage",
        "lebih cepat 50 detik, tetapi Pos Utara tinggal di bawah minimum tanpanya",
    )
    assert "Pos near: dijaga untuk posnya" in selection.chosen[0].reason
    assert goes(pick([unit("near", away_m=1_000)], kept=kept)) == ["near"]


@pytest.mark.parametrize("priority", [Priority.P0, Priority.P1, Priority.P2])
def test_no_second_of_a_life_is_traded_for_fairness(priority: Priority) -> None:
    units = [unit("near", away_m=1_399, **JUST_BACK), unit("far", away_m=1_400)]
    assert goes(pick(units, priority, kept={"near": "Pos Utara"})) == ["near"]


def test_a_tenants_band_cannot_touch_a_life() -> None:
    policy = replace(POLICY, tie_band_s={"P0": 300.0, "P1": 300.0, "P2": 300.0})
    units = [unit("near", **JUST_BACK), unit("far", away_m=1_400)]
    chosen = [
        choose((DAMKAR,), units, CENTRE, policy, NOON_MS, priority=priority).chosen[0].unit.unit_id
        for priority in (Priority.P0, Priority.P1, Priority.P2)
    ]
    assert chosen == ["near", "near", "far"]


def test_an_optional_need_moves_no_required_unit() -> None:
    rescue = Need("rescue", ("damkar",), ("LightRescue",), optional=True)
    near = unit("near", capabilities=("StructureFireEngine", "LightRescue"))
    selection = pick([near, unit("far", away_m=4_000)], Priority.P1, (DAMKAR, rescue))
    assert [(choice.unit.unit_id, choice.role) for choice in selection.chosen] == [("near", "damkar")]
    required = pick([near, unit("far", away_m=4_000)], Priority.P1, (DAMKAR, replace(rescue, optional=False)))
    assert [(c.unit.unit_id, c.role) for c in required.chosen] == [("far", "damkar"), ("near", "rescue")]
    assert required.chosen[0].reason.endswith("lebih dekat tetapi Pos near: dipakai untuk kebutuhan lain")


@given(
    st.lists(st.tuples(st.integers(0, 39_000), st.integers(0, 8)), min_size=1, max_size=10),
    PRIORITIES,
    st.sets(st.integers(0, 9)).map(lambda numbers: {f"u{n}": "Pos" for n in numbers}),
)
def test_nobody_beyond_enough_is_chosen_instead(
    rows: list[tuple[int, int]], priority: Priority, kept: dict[str, str]
) -> None:
    units = [
        unit(f"u{n}", away_m=away, free_since_ms=NOON_MS - hours * HOUR_MS) for n, (away, hours) in enumerate(rows)
    ]
    whole = pick(units, priority, kept=kept)
    for radius_m in POLICY.radius_ladder_m:
        narrow = pick([one for one in units if distance_m(one.position, CENTRE) <= radius_m], priority, kept=kept)
        if radius_m >= narrow.enough_m:
            assert goes(narrow) == goes(whole)
            return


def test_an_optional_need_takes_no_posts_last_unit_however_urgent() -> None:
    needs = (DAMKAR, replace(SATGAS, optional=True))
    units = [unit("d1"), unit("s1", "satgas"), unit("s2", "satgas", away_m=3_000)]
    assert goes(pick(units, Priority.P1, needs, kept={"s1": "Pos Utara"})) == ["d1", "s2"]
    alone = pick(units, Priority.P1, needs, kept={"s1": "Pos Utara", "s2": "Pos Utara", "d1": "Pos Utara"})
    assert goes(alone) == ["d1"]
    assert not alone.shortfalls
    assert [(r.unit_id, r.code, r.detail) for r in alone.rejected] == [
        ("s1", "kept_for_coverage", "Pos Utara tinggal di bawah minimum tanpanya"),
        ("s2", "kept_for_coverage", "Pos Utara tinggal di bawah minimum tanpanya"),
    ]


def test_the_search_goes_on_to_the_end_of_the_band() -> None:
    near, rested = unit("near", away_m=1_950, **JUST_BACK), unit("far", away_m=2_300)
    assert pick([near], Priority.P1).enough_m == pytest.approx(1_950, rel=0.001)
    assert pick([near]).enough_m == pytest.approx(1_950 + 476, rel=0.001)
    assert goes(pick([near, rested])) == ["far"]


def test_who_was_looked_at_is_told_by_role_and_bounded() -> None:
    engines = [unit(f"d{i}", away_m=1_000 + 100 * i) for i in range(CANDIDATES_PER_ROLE + 3)]
    busy = unit("p1", "puskesmas", away_m=100, incident_id="x", status=UnitStatus.ON_SCENE)
    selection = pick([*engines, busy, unit("p2", "puskesmas")], Priority.P1, (DAMKAR, AMBULANCE))
    told = selection.candidates()
    assert [(c.unit_id, c.role, c.verdict) for c in told if c.role == "ambulance"] == [
        ("p2", "ambulance", "chosen"),
        ("p1", "ambulance", "busy"),
    ]
    verdicts = [(c.unit_id, c.verdict, c.detail) for c in told if c.role == "damkar"]
    assert verdicts[0][:2] == ("d0", "chosen")
    assert verdicts[1] == ("d1", "slower", "lebih lambat 13 detik")
    assert len(verdicts) == 1 + CANDIDATES_PER_ROLE
    assert len(selection.candidates(most=100)) == len(engines) + 2
    assert all(c.eta_source == "great_circle" for c in told)


def test_ranked_is_whom_choose_takes_when_those_before_are_away() -> None:
    units = [unit("c", away_m=3_000), unit("a", away_m=1_000), unit("b", away_m=2_000), unit("x", off_shift=True)]
    order = [choice.unit.unit_id for choice in ranked(DAMKAR, units, CENTRE, POLICY, NOON_MS)]
    assert order == ["a", "b", "c"]
    assert [goes(pick(units, excluded=frozenset(order[:n])))[0] for n in range(3)] == order


def test_where_nobody_knows_the_place_units_go_in_the_order_of_the_list() -> None:
    units = [unit("3673-DMK-03", away_m=10), unit("3673-DMK-02", away_m=30_000), unit("3673-DMK-01", off_shift=True)]
    selection = choose((DAMKAR,), units, None, POLICY, NOON_MS)
    assert goes(selection) == ["3673-DMK-02"]
    assert selection.chosen[0].eta.source == "station_list"
    assert "menurut urutan daftar pos" in selection.chosen[0].reason


UNITS = st.lists(
    st.tuples(
        st.sampled_from(["damkar", "puskesmas", "satgas"]),
        st.integers(0, 45_000),
        st.sampled_from([*UnitStatus]),
        st.booleans(),
        st.integers(0, 8).map(lambda hours: NOON_MS - hours * HOUR_MS),
    ),
    max_size=10,
).map(
    lambda rows: [
        unit(f"u{i}", kind, away_m=away, status=status, off_shift=off, free_since_ms=since)
        for i, (kind, away, status, off, since) in enumerate(rows)
    ]
)
NEEDS = st.lists(st.sampled_from([DAMKAR, AMBULANCE, SATGAS, replace(SATGAS, optional=True)]), max_size=4, unique=True)
KEPT = st.sets(st.integers(0, 9)).map(lambda numbers: {f"u{n}": "Pos" for n in numbers})


@given(NEEDS, UNITS, PRIORITIES, KEPT, st.randoms(use_true_random=False))
def test_the_order_of_candidates_does_not_matter(
    needs: list[Need], units: list[Unit], priority: Priority, kept: dict[str, str], random: object
) -> None:
    shuffled = list(units)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (pick(listed, priority, tuple(needs), kept=kept) for listed in (units, shuffled))
    assert one == other
    assert one.candidates() == other.candidates()


@given(NEEDS, UNITS, PRIORITIES, KEPT, st.integers(0, 40_000))
def test_a_busy_unit_more_changes_nothing(
    needs: list[Need], units: list[Unit], priority: Priority, kept: dict[str, str], away_m: int
) -> None:
    busy = unit("busy", away_m=away_m, incident_id="x", status=UnitStatus.EN_ROUTE)
    before, after = (pick(those, priority, tuple(needs), kept=kept) for those in (units, [*units, busy]))
    assert goes(before) == goes(after)
    assert [gap.role for gap in before.shortfalls] == [gap.role for gap in after.shortfalls]


@given(NEEDS, UNITS, PRIORITIES, KEPT)
def test_nobody_sooner_is_passed_over_without_a_reason(
    needs: list[Need], units: list[Unit], priority: Priority, kept: dict[str, str]
) -> None:
    selection = pick(units, priority, tuple(needs), kept=kept)
    going, optional = set(goes(selection)), {need.role for need in needs if need.optional}
    codes = {rejection.unit_id: rejection.code for rejection in selection.rejected}
    for choice in selection.chosen:
        need = next(need for need in needs if need.role == choice.role)
        for option in ranked(need, units, CENTRE, POLICY, NOON_MS):
            if option.unit.unit_id in going or option.eta_s >= choice.eta_s:
                continue
            if codes[option.unit.unit_id] == "kept_for_coverage" and choice.role in optional:
                continue
            assert priority > Priority.P2
            assert codes[option.unit.unit_id] in {"less_rested", "kept_for_coverage"}
            assert choice.eta_s - option.eta_s <= POLICY.tie_band_s[priority.name]


@given(UNITS, PRIORITIES, KEPT)
def test_required_needs_never_lose_to_optional_ones(
    units: list[Unit], priority: Priority, kept: dict[str, str]
) -> None:
    required = (DAMKAR, SATGAS)
    spare = (replace(DAMKAR, role="air", optional=True), replace(SATGAS, role="jaga", optional=True))
    alone, with_spare = (pick(units, priority, needs, kept=kept) for needs in (required, (*spare, *required)))
    assert goes(alone) == [c.unit.unit_id for c in with_spare.chosen if c.role in {"damkar", "satgas"}]
