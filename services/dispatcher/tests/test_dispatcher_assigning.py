"""A person's own choice of a unit, and what plans of several types come to together."""

from dataclasses import replace
from pathlib import Path

import pytest
from dispatcher_samples import CENTRE, DAMKAR, NOON_MS, PLAN, RULES, World, call, unit
from siaga_dispatcher.core.choose import choose
from siaga_dispatcher.core.commands import Action, CommandRefused
from siaga_dispatcher.core.directory import listed
from siaga_dispatcher.core.staffing import needs_of, open_needs
from siaga_dispatcher.core.values import Candidate, Incident, Priority, UnitStatus
from siaga_tenants import load_tenants
from siaga_tenants.model import Need, ResponsePlan

U = UnitStatus
TENANTS = load_tenants(Path(__file__).parents[3] / "tenants")


def told(world: World) -> list[tuple[str, str]]:
    return [(c.unit_id, c.verdict) for c in world.incident.change.candidates]


def test_the_persons_choice_goes_and_what_was_advised_stands_beside_it() -> None:
    world = World(unit("d1", incident_id="x", status=U.ON_SCENE), unit("d2", away_m=9_000), unit("d3", away_m=2_000))
    world.units["d3"] = replace(world.units["d3"], status=U.OFF_DUTY)
    world.assess(call())
    world.units["d1"] = unit("d1", version=world.units["d1"].version)
    world.units["d3"] = unit("d3", away_m=2_000, version=world.units["d3"].version)
    world.report("d2", U.DECLINED)
    assert [a.unit_id for a in world.incident.active_assignments] == ["d1"]
    world.command(Action.ASSIGN, unit_id="d3", reason="kru lebih berpengalaman")
    sent = world.incident.active_assignments[-1]
    assert (sent.unit_id, sent.eta_source) == ("d3", "great_circle")
    assert sent.selection_reason.startswith("Pos d3: dipilih operator op-03 (kru lebih berpengalaman); 2.0 km")
    assert told(world) == [("d3", "chosen"), ("d1", "busy"), ("d2", "declined")]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"away_m": 9_000}, "saran: Pos near, 1.0 km"),
        ({"away_m": 500}, "sama dengan saran"),
        ({"capabilities": ()}, "perhatian: kemampuan tidak cukup"),
        ({"away_m": 60_000}, "perhatian: di luar radius"),
        (
            {"position": replace(CENTRE, fixed_at_ms=NOON_MS - 3_600_000, source="gps")},
            "perhatian: posisi terlalu lama",
        ),
    ],
)
def test_what_speaks_against_the_persons_choice_is_told_and_stops_nothing(named: dict[str, object], said: str) -> None:
    world = World(unit("near", status=U.OFF_DUTY), unit("own", **{"away_m": 5_000, **named, "status": U.OFF_DUTY}))
    world.assess(call())
    for known in list(world.units.values()):
        world.units[known.unit_id] = replace(known, status=U.AVAILABLE)
    world.command(Action.ASSIGN, unit_id="own")
    (sent,) = world.incident.active_assignments
    assert sent.unit_id == "own"
    assert said in sent.selection_reason
    advised = [c.unit_id for c in world.incident.change.candidates if c.verdict == "advised"]
    assert advised == ([] if "sama" in said else ["near"])


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"incident_id": "x", "status": U.ON_SCENE}, "unit_busy"),
        ({"off_shift": True}, "off_duty"),
        ({"retired": True}, "out_of_service"),
    ],
)
def test_who_cannot_go_is_refused_with_the_reason(named: dict[str, object], code: str) -> None:
    world = World(unit("d1"), unit("d2", **named))
    world.assess(call())
    with pytest.raises(CommandRefused, match=f"{code}: d2 .*or name another"):
        world.command(Action.ASSIGN, unit_id="d2")


def test_a_gap_tells_who_was_looked_at() -> None:
    world = World(unit("d1", off_shift=True))
    world.assess(call())
    assert world.timeline == ["opened", "queued"]
    assert [(c.unit_id, c.verdict, c.detail) for c in world.incident.change.candidates] == [
        ("d1", "off_duty", "lepas tugas")
    ]
    assert isinstance(world.incident.change.candidates[0], Candidate)


def incident_of(kind: str, *further: str, priority: Priority = Priority.P2) -> Incident:
    world = World()
    world.assess(call(type=kind, priority=priority))
    return replace(world.incident, further_types=further)


def roles(needs: tuple[Need, ...]) -> dict[str, tuple[int, bool]]:
    return {need.role: (need.count, need.optional) for need in needs}


def test_a_need_that_is_required_stays_so_however_many_another_type_would_like() -> None:
    boat, boats = Need("perahu", ("damkar",)), Need("perahu", ("damkar",), count=3, optional=True)
    plan = ResponsePlan({("flood", "any"): (boat,), ("storm", "any"): (boats,), ("default", "any"): ()})
    rules = replace(RULES, plan=plan)
    for order in (("flood", "storm"), ("storm", "flood")):
        assert roles(needs_of(incident_of(*order), rules)) == {"perahu": (1, False)}


def test_the_same_role_by_other_units_is_a_need_of_its_own() -> None:
    digging = Need("evakuasi", ("satgas",))
    plan = ResponsePlan(
        {("rescue", "any"): (replace(DAMKAR, role="evakuasi"),), ("flood", "any"): (digging,), ("default", "any"): ()}
    )
    needs = needs_of(incident_of("rescue", "flood"), replace(RULES, plan=plan))
    assert [(need.role, need.kinds) for need in needs] == [("evakuasi", ("damkar",)), ("evakuasi-satgas", ("satgas",))]
    assert needs_of(incident_of("fire_building"), RULES) == PLAN.needs("fire_building", "P2")


def test_a_need_is_served_by_its_own_kinds_only() -> None:
    digging, rescue = Need("evakuasi", ("satgas",)), Need("evakuasi", ("damkar",))
    world = World(unit("s1", "satgas"))
    world.assess(call(type="flood"))
    world.command(Action.ASSIGN, unit_id="s1")
    sent = replace(world.incident.assignments[0], role="evakuasi")
    incident = replace(world.incident, assignments=(sent,))
    assert open_needs(incident, (digging,)) == ()
    assert open_needs(incident, (rescue,)) == (rescue,)


@pytest.mark.parametrize("code", sorted(TENANTS))
@pytest.mark.parametrize(
    ("further", "priority"), [((), Priority.P1), (("injury",), Priority.P2), (("medical_unconscious",), Priority.P0)]
)
def test_a_house_fire_with_a_victim_calls_three_agencies_everywhere(
    code: str, further: tuple[str, ...], priority: Priority
) -> None:
    tenant = TENANTS[code]
    rules = replace(RULES, plan=tenant.plan, policy=tenant.dispatch)
    needs = needs_of(incident_of("fire_building", *further, priority=priority), rules)
    units = [made for spec in tenant.units if (made := listed(code, spec, None, NOON_MS)) is not None]
    place = next(one.position for one in units if one.kind == "damkar")
    selection = choose(needs, units, place, tenant.dispatch, NOON_MS, priority=priority)
    assert not selection.shortfalls
    assert {"damkar", "puskesmas", "satgas"} <= {choice.unit.kind for choice in selection.chosen}
    assert sum(choice.role == "padam" for choice in selection.chosen) == 2
