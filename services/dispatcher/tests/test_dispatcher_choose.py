import math
from dataclasses import replace

import pytest
from dispatcher_samples import AMBULANCE, CENTRE, DAMKAR, NOON_MS, POLICY, SATGAS, north, unit
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.core import geo
from siaga_dispatcher.core.choose import Selection, choose
from siaga_dispatcher.core.values import Position, Unit, UnitStatus
from siaga_tenants.model import Need

OLD = replace(north(-400), fixed_at_ms=NOON_MS - 31 * 60_000, source="gps")


def pick(needs: list[Need], units: list[Unit], excluded: frozenset[str] = frozenset()) -> Selection:
    return choose(needs, units, CENTRE, POLICY, NOON_MS, excluded=excluded)


def chosen(selection: Selection) -> dict[str, str]:
    return {choice.unit.unit_id: choice.role for choice in selection.chosen}


def test_distance_and_time() -> None:
    jakarta, surabaya = Position(-6.2, 106.8), Position(-7.25, 112.75)
    assert geo.distance_m(jakarta, surabaya) == pytest.approx(667_300, rel=0.005)
    assert geo.eta_s(1000, 1.4, 40) == pytest.approx(126)
    assert geo.reach_m(geo.eta_s(1234, 1.4, 40), 1.4, 40) == pytest.approx(1234)


@pytest.mark.parametrize(
    ("nearer", "code"),
    [
        ({"incident_id": "other", "status": UnitStatus.ON_SCENE}, "busy"),
        ({"status": UnitStatus.OFF_DUTY}, "off_duty"),
        ({"status": UnitStatus.OUT_OF_SERVICE}, "out_of_service"),
        ({"capabilities": ()}, "capability_missing"),
        ({"off_shift": True}, "off_duty"),
        ({"retired": True}, "out_of_service"),
        ({"off_shift": True, "incident_id": "other", "status": UnitStatus.ON_SCENE}, "busy"),
        ({"position": OLD}, "position_too_old"),
    ],
)
def test_nearest_suitable_free_one_goes_and_the_nearer_one_is_explained(nearer: dict[str, object], code: str) -> None:
    selection = pick([DAMKAR], [unit("near", away_m=100, **nearer), unit("far", away_m=3000)])
    assert chosen(selection) == {"far": "damkar"}
    assert [(r.unit_id, r.code) for r in selection.rejected] == [("near", code)]
    assert "Pos near" in selection.chosen[0].reason
    assert not selection.shortfalls


def test_faster_kind_wins_over_nearer() -> None:
    selection = pick([AMBULANCE], [unit("p", "puskesmas", away_m=1000), unit("m", "pmi", away_m=1300)])
    assert chosen(selection) == {"m": "ambulance"}


def test_declined_unit_is_not_asked_again() -> None:
    selection = pick([DAMKAR], [unit("a", away_m=100), unit("b", away_m=200)], frozenset({"a"}))
    assert chosen(selection) == {"b": "damkar"}
    assert selection.rejected[0].code == "declined"


def test_several_units_for_several_needs() -> None:
    needs = [replace(DAMKAR, count=2), AMBULANCE, replace(SATGAS, optional=True)]
    units = [unit("d1"), unit("d2", away_m=2000), unit("d3", away_m=500), unit("p1", "puskesmas"), unit("s1", "satgas")]
    assert chosen(pick(needs, units)) == {"d3": "damkar", "d1": "damkar", "p1": "ambulance", "s1": "satgas"}


def test_a_unit_moves_over_when_only_that_fills_both_needs() -> None:
    rescue = Need("rescue", ("damkar",), ("LightRescue",))
    both = unit("both", away_m=100, capabilities=("StructureFireEngine", "LightRescue"))
    assert chosen(pick([DAMKAR, rescue], [both, unit("engine", away_m=900)])) == {"engine": "damkar", "both": "rescue"}


def test_optional_need_takes_no_required_unit_and_no_far_one() -> None:
    spare = replace(DAMKAR, role="spare", optional=True)
    assert chosen(pick([spare, DAMKAR], [unit("only")])) == {"only": "damkar"}
    selection = pick([spare], [unit("far", away_m=6000)])
    assert not selection.chosen
    assert not selection.shortfalls


@pytest.mark.parametrize(
    ("units", "code"),
    [
        ([], "no_candidate"),
        ([unit("p", "puskesmas")], "no_candidate"),
        ([unit("a", capabilities=())], "capability_missing"),
        ([unit("a", away_m=50_000)], "outside_radius"),
        ([unit("a", status=UnitStatus.OFF_DUTY)], "off_duty"),
        ([unit("a", off_shift=True), unit("b", retired=True)], "off_duty"),
        ([unit("a", retired=True), unit("b", away_m=50_000)], "out_of_service"),
        ([unit("a", position=OLD), unit("b", off_shift=True)], "position_too_old"),
        ([unit("a", incident_id="x"), unit("b", status=UnitStatus.OFF_DUTY), unit("c", away_m=50_000)], "all_busy"),
    ],
)
def test_shortfall_says_why(units: list[Unit], code: str) -> None:
    selection = pick([DAMKAR], units)
    assert [(gap.role, gap.code) for gap in selection.shortfalls] == [("damkar", code)]
    assert math.isinf(selection.enough_m)


def test_partial_fill_is_visible() -> None:
    selection = pick([replace(DAMKAR, count=2)], [unit("a")])
    assert chosen(selection) == {"a": "damkar"}
    assert [gap.code for gap in selection.shortfalls] == ["all_busy"]


def test_a_unit_sent_for_another_need_says_nothing_of_what_it_cannot_do() -> None:
    rescue = Need("rescue", ("damkar",), ("LightRescue",))
    selection = pick([DAMKAR, rescue], [unit("a")])
    assert [(gap.role, gap.code) for gap in selection.shortfalls] == [("rescue", "capability_missing")]


def test_position_age_is_told() -> None:
    moving = replace(CENTRE, fixed_at_ms=NOON_MS - 90_000, source="gps")
    assert pick([DAMKAR], [unit("a", position=moving)]).chosen[0].position_age_s == 90
    assert pick([DAMKAR], [unit("a")]).chosen[0].position_age_s is None


KINDS = st.sampled_from(["damkar", "puskesmas", "pmi", "satgas"])
UNITS = st.lists(
    st.builds(
        lambda kind, away, status, busy, able: (kind, away, status, busy, able),
        KINDS,
        st.floats(0, 60_000),
        st.sampled_from([UnitStatus.AVAILABLE, UnitStatus.AVAILABLE_MOBILE, UnitStatus.OFF_DUTY]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
).map(
    lambda rows: [
        unit(
            f"u{i}",
            kind,
            away_m=away,
            status=status,
            incident_id="x" if busy else "",
            **({} if able else {"capabilities": ()}),
        )
        for i, (kind, away, status, busy, able) in enumerate(rows)
    ]
)
NEEDS = st.lists(
    st.builds(
        Need,
        role=st.sampled_from(["a", "b", "c"]),
        kinds=st.lists(KINDS, min_size=1, max_size=2, unique=True).map(tuple),
        capabilities=st.sampled_from([(), ("StructureFireEngine",), ("GroundBLSAmbulance",)]),
        count=st.integers(1, 2),
        optional=st.booleans(),
    ),
    max_size=4,
)


@given(NEEDS, UNITS, st.sets(st.sampled_from([f"u{i}" for i in range(6)])))
def test_never_an_unsuitable_or_busy_unit_and_none_twice(
    needs: list[Need], units: list[Unit], declined: set[str]
) -> None:
    selection = pick(needs, units, frozenset(declined))
    ids = [choice.unit.unit_id for choice in selection.chosen]
    assert len(ids) == len(set(ids))
    for choice in selection.chosen:
        assert choice.unit.free
        assert choice.unit.unit_id not in declined
        assert choice.distance_m <= POLICY.radius_ladder_m[-1]
        assert any(n.role == choice.role and n.fits(choice.unit.kind, choice.unit.capabilities) for n in needs)
    required = sum(need.count for need in needs if not need.optional)
    optional = sum(need.count for need in needs if need.optional)
    filled = len(selection.chosen) + len(selection.shortfalls)
    assert required <= filled <= required + optional
    assert not set(ids) & {rejection.unit_id for rejection in selection.rejected}


@given(NEEDS, UNITS)
def test_units_beyond_enough_change_nothing(needs: list[Need], units: list[Unit]) -> None:
    whole = pick(needs, units)
    for radius_m in POLICY.radius_ladder_m:
        near = [u for u in units if geo.distance_m(u.position, CENTRE) <= radius_m]
        narrow = pick(needs, near)
        if radius_m >= narrow.enough_m:
            assert len(narrow.chosen) == len(whole.chosen)
            assert sorted(c.eta_s for c in narrow.chosen) == sorted(c.eta_s for c in whole.chosen)
            return
