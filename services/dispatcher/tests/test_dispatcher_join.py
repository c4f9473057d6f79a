from dataclasses import replace

import pytest
from dispatcher_samples import NOON_MS, POLICY, RULES, call, north, seen
from siaga_dispatcher.core.assessments import on_assessment
from siaga_dispatcher.core.join import find_home, window_ms
from siaga_dispatcher.core.values import Assessment, Incident, IncidentStatus, Place

MINUTE_MS = 60_000


def opened(call_id: str = "call-1", **fields: object) -> Incident:
    incident = on_assessment(call(call_id, **fields), None, (), seen()).incident
    assert incident is not None
    return incident


@pytest.mark.parametrize(
    ("second", "joins"),
    [
        ({}, True),
        ({"event_at_ms": NOON_MS + 15 * MINUTE_MS}, True),
        ({"event_at_ms": NOON_MS + 15 * MINUTE_MS + 1}, False),
        ({"event_at_ms": NOON_MS - 15 * MINUTE_MS}, True),
        ({"event_at_ms": NOON_MS - 15 * MINUTE_MS - 1}, False),
        ({"place": Place(north(299))}, True),
        ({"place": Place(north(400))}, False),
        ({"place": Place(None, "Jl. Veteran 1")}, False),
        ({"type": "fire_land"}, False),
    ],
)
def test_same_type_time_and_place_join(second: dict[str, object], *, joins: bool) -> None:
    home = find_home(call("call-2", **second), [opened()], POLICY)
    assert (home is not None) is joins


@pytest.mark.parametrize("status", [IncidentStatus.RESOLVED, IncidentStatus.CLOSED, IncidentStatus.CANCELLED])
def test_nothing_joins_a_finished_incident(status: IncidentStatus) -> None:
    assert find_home(call("call-2"), [replace(opened(), status=status)], POLICY) is None


def test_the_nearest_incident_is_joined() -> None:
    near, far = opened("call-1", place=Place(north(50))), opened("call-2", place=Place(north(-200)))
    assert find_home(call("call-3"), [far, near], POLICY) == near


def test_window_grows_with_the_calls() -> None:
    incident = replace(opened(), last_call_at_ms=NOON_MS + 14 * MINUTE_MS)
    late = call("call-3", event_at_ms=NOON_MS + 28 * MINUTE_MS)
    assert find_home(late, [incident], POLICY) == incident
    assert window_ms(late.event_at_ms, POLICY)[0] <= incident.last_call_at_ms


def test_forty_calls_for_one_fire_make_one_incident_and_two_fires_stay_two() -> None:
    incidents: dict[str, Incident] = {}
    for number in range(40):
        place = Place(north((number % 7) * 40 - 120))
        told: Assessment = call(f"call-{number}", place=place, event_at_ms=NOON_MS + number * 10_000)
        decision = on_assessment(told, None, tuple(incidents.values()), seen(rules=RULES))
        assert decision.incident is not None
        incidents[decision.incident.incident_id] = decision.incident
    assert len(incidents) == 1
    assert len(next(iter(incidents.values())).call_ids) == 40
    other = on_assessment(call("other", place=Place(north(600))), None, tuple(incidents.values()), seen())
    assert other.before is None
