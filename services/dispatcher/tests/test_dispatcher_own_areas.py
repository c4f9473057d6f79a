"""Whose area a place is: who goes first there, what is told of those passed over, and how far is searched for it."""

from dataclasses import replace

import pytest
from dispatcher_samples import CENTRE, DAMKAR, NOON_MS, POLICY, RULES, call, seen, unit
from siaga_dispatcher.core.choose import Selection, choose
from siaga_dispatcher.core.decide import on_assessment
from siaga_dispatcher.core.own_areas import held_back
from siaga_dispatcher.core.values import Priority, Unit, UnitStatus
from siaga_tenants.model import NO_OWN_AREAS, OwnAreas

KECAMATAN = "36.73.01"
DESA = "36.73.01.1002"
AREAS = OwnAreas(30.0, {KECAMATAN: ("home",), DESA: ("desa",)})
# At 40 km/h and a detour of 1.4, 30 s are 238 m.
NEAR, HOME = unit("near", away_m=1_000), unit("home", away_m=1_200)


def pick(units: list[Unit], code: str = KECAMATAN, priority: Priority = Priority.P1) -> Selection:
    held = held_back(code, units, AREAS)
    return choose((DAMKAR,), units, CENTRE, POLICY, NOON_MS, priority=priority, held=held)


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


def test_the_band_of_fairness_begins_at_the_place_in_the_order() -> None:
    """At P3 whoever comes within 60 s of the first counts as equally soon; being held back counts with the driving."""
    rested = unit("home", away_m=1_600, free_since_ms=NOON_MS - 5 * 3_600_000)
    near = unit("near", away_m=1_000, free_since_ms=NOON_MS)
    selection = pick([near, rested], priority=Priority.P3)
    assert goes(selection) == ["home"]
    assert goes(pick([near, rested], "36.73.02", Priority.P3)) == ["near"]
    # 126 s, 30 s held back and the band: whoever is that far away may still be preferred.
    assert selection.enough_m == pytest.approx(1_000 + 238 + 476, abs=2)


def test_a_call_sends_the_areas_own_unit_and_keeps_why_in_the_timeline() -> None:
    """The samples' call lies in 36.73.02.1005."""
    policy = replace(POLICY, own_areas=OwnAreas(30.0, {"36.73.02": ("home",)}))
    situation = seen(NEAR, HOME, rules=replace(RULES, policy=policy))
    decision = on_assessment(call(), None, (), situation)
    incident = decision.snapshots[-1]
    assert [assignment.unit_id for assignment in incident.assignments] == ["home"]
    verdicts = {one.unit_id: one.verdict for one in incident.change.candidates}
    assert verdicts == {"home": "chosen", "near": "other_area"}
