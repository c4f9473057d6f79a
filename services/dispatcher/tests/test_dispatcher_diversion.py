"""A unit on its way to something less urgent goes to somebody whose life is at stake: only by policy, always explained."""

from dataclasses import replace
from typing import Any

import pytest
from dispatcher_samples import call, north, unit
from dispatcher_watched import Watched, followed
from siaga_dispatcher.core.values import Assessment, IncidentStatus, LinkKind, OrderKind, Place, Priority, UnitStatus
from siaga_tenants.crews import Diversion

U = UnitStatus
ALLOWED = Diversion(allowed=True)


def ill(call_id: str, priority: Priority, away_m: float = 0) -> Assessment:
    """Somebody is ill, so far north of the centre; each is another incident."""
    types = {Priority.P1: "medical_cardiac", Priority.P3: "medical_birth", Priority.P4: "injury"}
    return call(call_id, type=types[priority], priority=priority, place=Place(north(away_m), f"Jl. {call_id}"))


def under_way(*, policy: Diversion = ALLOWED, step: UnitStatus = U.EN_ROUTE, others: int = 0) -> Watched:
    """The only near ambulance is under way to a P3; others are ten kilometres off."""
    far = [unit(f"far{number}", "puskesmas", away_m=10_000 + number) for number in range(others)]
    world = Watched(unit("near", "puskesmas", away_m=500), *far, rules=followed(diversion=policy))
    world.assess(ill("minor", Priority.P3))
    if step is not U.DISPATCHED:
        world.says("near", step)
    return world


def of(world: Watched, call_id: str) -> Any:
    return next(incident for incident in world.incidents.values() if call_id in incident.call_ids)


@pytest.mark.parametrize("step", [U.DISPATCHED, U.ACKNOWLEDGED, U.EN_ROUTE])
def test_a_unit_under_way_goes_where_nobody_else_can(step: UnitStatus) -> None:
    world = under_way(step=step)
    world.assess(ill("grave", Priority.P1, 200))
    minor, grave = of(world, "minor"), of(world, "grave")
    (assignment,) = grave.active_assignments
    assert (assignment.unit_id, assignment.fence) == ("near", 2)
    assert "dialihkan dari" in assignment.selection_reason
    assert (minor.assignments[0].ended_by, minor.status) == ("diverted", IncidentStatus.QUEUED)
    assert minor.shortfalls[0].role == "ambulance"
    assert [(link.incident_id, link.kind) for link in minor.links] == [(grave.incident_id, LinkKind.RELATED)]
    # One order for the crew, which says what it replaces; no stand-down beside it.
    assert [kind for kind, _ in world.orders] == [OrderKind.DISPATCH, OrderKind.DISPATCH]
    assert world.said[-1].reason.startswith("DIALIHKAN dari")
    assert {timer.subject for timer in minor.timers} == set()
    assert world.units["near"].incident_id == grave.incident_id
    assert world.units["near"].stood_down_from == ()


def test_never_one_that_has_arrived() -> None:
    world = under_way(step=U.ON_SCENE)
    world.assess(ill("grave", Priority.P1, 200))
    assert of(world, "grave").active_assignments == ()
    assert of(world, "minor").active_assignments[0].unit_id == "near"


@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        (Diversion(allowed=False), "far0"),
        (ALLOWED, "near"),
        (replace(ALLOWED, gain_s=3600), "far0"),
        (replace(ALLOWED, from_priorities=("P4",)), "far0"),
        (replace(ALLOWED, priorities=("P0",)), "far0"),
    ],
)
def test_only_by_policy_and_only_when_it_saves_enough(policy: Diversion, sent: str) -> None:
    world = under_way(policy=policy, others=1)
    world.assess(ill("grave", Priority.P1, 200))
    assert [a.unit_id for a in of(world, "grave").active_assignments] == [sent]
    assert ("unit_diverted" in world.timeline) is (sent == "near")
    if sent == "near":
        assert "menit lebih cepat" in of(world, "grave").assignments[0].selection_reason


def test_as_urgent_an_incident_keeps_its_units() -> None:
    world = Watched(unit("near", "puskesmas"), rules=followed(diversion=ALLOWED))
    world.assess(ill("one", Priority.P1))
    world.assess(ill("two", Priority.P1, 5000))
    assert of(world, "two").active_assignments == ()
    assert of(world, "one").active_assignments[0].unit_id == "near"


def test_the_least_is_taken_that_fills_the_need() -> None:
    world = under_way()
    world.units["near2"] = unit("near2", "puskesmas", away_m=600)
    world.assess(ill("other", Priority.P4, 3000))
    world.assess(ill("grave", Priority.P1, 200))
    diverted = [a for incident in world.incidents.values() for a in incident.assignments if a.ended_by == "diverted"]
    assert [a.unit_id for a in diverted] == ["near"]
