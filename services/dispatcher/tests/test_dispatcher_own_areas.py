"""Whose area a place is: who goes first there, what is told of those passed over, and how far is searched for it."""

from dataclasses import replace

import pytest
from dispatcher_samples import CENTRE, DAMKAR, NOON_MS, POLICY, unit
from siaga_dispatcher.core.choose import Selection, choose
from siaga_dispatcher.core.own_areas import held_back
from siaga_dispatcher.core.values import Priority, Unit, UnitStatus
from siaga_tenants.model import NO_OWN_AREAS, OwnAreas

KECAMATAN = "36.73.01"
DESA = "36.73.01.1002"
AREAS = OwnAreas(30.0, {KECAMATAN: ("home",), DESA: ("desa",)})
# At 40 km/h and a detour of 1.4, 30 s are 238 m.
NEAR, HOME = unit("near", away_m=1_000), unit("home", away_m=1_200)


def pick(units: list[Unit], code: str = KECAMATAN, areas: OwnAreas = AREAS) -> Selection:
    held = held_back(code, units, areas)
    return choose((DAMKAR,), units, CENTRE, POLICY, NOON_MS, priority=Priority.P1, held=held)


def goes(selection: Selection) -> list[str]:
    return [choice.unit.unit_id for choice in selection.chosen]


@pytest.mark.parametrize(
    ("code", "held"),
    [
        (KECAMATAN, {"near", "desa"}),
        (f"{KECAMATAN}.1009", {"near", "desa"}),
        (DESA, {"near", "home"}),
        ("36.73.02", set()),
        ("36.73", set()),
        ("", set()),
    ],
)
def test_the_narrowest_area_named_holds(code: str, held: set[str]) -> None:
    units = [NEAR, HOME, unit("desa")]
    assert held_back(code, units, AREAS) == dict.fromkeys(held, 30.0)
    assert held_back(code, units, NO_OWN_AREAS) == {}
    assert held_back(code, units, replace(AREAS, held_back_s=0.0)) == {}


def test_the_own_unit_goes_before_one_that_is_a_little_nearer_and_no_farther_than_that() -> None:
    assert goes(pick([NEAR, HOME])) == ["home"]
    assert goes(pick([NEAR, unit("home", away_m=1_239)])) == ["near"]
    assert goes(pick([NEAR, HOME], "36.73.02")) == ["near"]
    assert goes(pick([NEAR, replace(HOME, status=UnitStatus.ON_SCENE)])) == ["near"]


def test_times_told_are_true_and_the_one_passed_over_is_told_why() -> None:
    selection = pick([NEAR, HOME])
    (chosen,), (rejection,) = selection.chosen, selection.rejected
    assert chosen.eta_s == pytest.approx(151.2, abs=0.5)
    assert (rejection.code, rejection.detail) == ("other_area", "lebih cepat 25 detik, tetapi bukan wilayah kerjanya")
    assert rejection.eta.seconds == pytest.approx(126, abs=0.5)
    assert "Pos near: bukan wilayah kerjanya" in chosen.reason


def test_the_search_reaches_as_far_as_the_own_unit_may_stand() -> None:
    """Whoever is at home here may not be loaded yet: the answer without it must not be taken for the last word."""
    alone = pick([NEAR])
    assert goes(alone) == ["near"]
    assert alone.enough_m > 1_200
    assert alone.enough_m == pytest.approx(1_238, abs=2)
    assert pick([NEAR], "36.73.02").enough_m == pytest.approx(1_000, abs=2)
