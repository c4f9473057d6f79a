from collections.abc import Sequence
from dataclasses import replace

import pytest
from dispatcher_samples import NOON_MS, POLICY, call, north, seen
from hypothesis import given, settings
from hypothesis import strategies as st
from siaga_contracts import ids
from siaga_dispatcher.core.assessments import on_assessment
from siaga_dispatcher.core.join import find_home, find_similar, window_ms
from siaga_dispatcher.core.values import Incident, IncidentStatus, Place, Priority

MINUTE_MS = 60_000


def opened(call_id: str = "call-1", **fields: object) -> Incident:
    incident = on_assessment(call(call_id, **fields), None, (), seen()).incident
    assert incident is not None
    return incident


def fix(away_m: float, radius_m: float, **fields: str) -> Place:
    """A place as a handset tells it."""
    return Place(replace(north(away_m), radius_m=radius_m, source="aml"), **fields)


def area(away_m: float, code: str = "36.73.02.1005", address: str = "") -> Place:
    """A place of which only the area was told: the gazetteer's point of it."""
    return Place(replace(north(away_m), radius_m=900, source="gazetteer"), address, code)


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
        # Circles that overlap make no two fires one.
        ({"place": fix(400, 250)}, False),
        # One fire is called by many names; another kind of event is another event.
        ({"type": "gas_leak"}, True),
        ({"type": "fire_land", "place": Place(north(100))}, True),
        ({"type": "unclear", "place": Place(north(100))}, True),
        ({"type": "flood"}, False),
        ({"type": "kdrt"}, False),
        # A vague fix is no place, however near by luck; the address that both typed is.
        ({"place": fix(300, 2000)}, False),
        ({"place": fix(0, 2000)}, False),
        ({"place": fix(900, 2000, address="JALAN VETERAN NO. 01")}, True),
        ({"place": fix(300, 2000, address="Jl. Sudirman 40", area_code="36.73.02.1005")}, False),
        ({"place": Place(None, "jl veteran no 1")}, True),
        ({"place": Place(None, "Jl. Veteran")}, False),
        ({"place": Place(None, "Jl. Ahmad Yani")}, False),
        ({"place": Place(None, "Jl. Veteran 11")}, False),
        ({"place": Place(None, "")}, False),
        # The same words in another part of the regency.
        ({"place": Place(north(5000), "Jl. Veteran 1")}, False),
        ({"place": Place(north(700), "Jl. Veteran 1")}, True),
        # Only the kelurahan told.
        ({"place": area(700)}, True),
        ({"place": area(700, "36.73.02.1006")}, False),
        ({"place": area(700, address="Jl. Melati 5")}, False),
        ({"place": area(700, address="Jl. Veteran 1")}, True),
        ({"place": area(100), "type": "unclear"}, False),
    ],
)
def test_what_joins_a_fire(second: dict[str, object], *, joins: bool) -> None:
    home = find_home(call("call-2", **second), [opened()], POLICY)
    assert (home is not None) is joins


@pytest.mark.parametrize(
    ("second", "joins"),
    [
        ({"place": Place(north(90), "Jl. Veteran 1")}, True),
        ({"place": Place(north(90))}, True),
        ({"place": Place(north(20), "Jl. Veteran 3")}, False),
        ({"place": Place(north(150), "Jl. Veteran 3")}, False),
        ({"place": Place(north(150), "Jl. Veteran 1")}, True),
        ({"place": area(500)}, False),
        ({"type": "medical_unconscious"}, False),
    ],
)
def test_the_next_doors_patient_is_another_one(second: dict[str, object], *, joins: bool) -> None:
    told = {"type": "medical_cardiac", **second}
    home = find_home(call("call-2", **told), [opened(type="medical_cardiac")], POLICY)
    assert (home is not None) is joins


def test_an_area_with_two_fires_says_neither() -> None:
    fires = [opened("call-1"), opened("call-2", place=Place(north(600), "Jl. Melati 2", "36.73.02.1005"))]
    assert find_home(call("call-3", place=area(300)), fires[:1], POLICY) is not None
    assert find_home(call("call-3", place=area(300)), fires, POLICY) is None
    assert len(find_similar(opened("call-3", place=area(300)), fires, POLICY, 3)) == 2


def test_an_incident_that_began_with_an_area_gets_the_finer_place_of_the_next_call() -> None:
    vague = opened("call-1", place=area(700))
    second = call("call-2", place=Place(north(20), "Jl. Veteran 1", "36.73.02.1005"))
    joined = on_assessment(second, None, (vague,), seen()).incident
    assert joined is not None
    assert joined.incident_id == vague.incident_id
    assert joined.place.position == north(20)
    assert joined.place.address == "Jl. Veteran 1"
    moved = on_assessment(call("call-3", place=Place(north(250))), None, (joined,), seen()).incident
    assert moved is not None
    assert moved.place == joined.place


@pytest.mark.parametrize("status", [IncidentStatus.RESOLVED, IncidentStatus.CLOSED, IncidentStatus.CANCELLED])
def test_nothing_joins_a_finished_incident(status: IncidentStatus) -> None:
    assert find_home(call("call-2"), [replace(opened(), status=status)], POLICY) is None


def test_the_nearest_incident_is_joined() -> None:
    near, far = opened("call-1", place=Place(north(50))), opened("call-2", place=Place(north(-200)))
    home = find_home(call("call-3"), [far, near], POLICY)
    assert home is not None
    assert home.incident == near


def test_window_grows_with_the_calls() -> None:
    incident = replace(opened(), last_call_at_ms=NOON_MS + 14 * MINUTE_MS)
    late = call("call-3", event_at_ms=NOON_MS + 28 * MINUTE_MS)
    assert find_home(late, [incident], POLICY) is not None
    assert window_ms(late.event_at_ms, POLICY)[0] <= incident.last_call_at_ms


TOLD: Sequence[dict[str, object]] = [
    {},
    {"type": "gas_leak"},
    {"type": "fire_vehicle"},
    {"type": "unclear", "priority": None},
    {"place": area(650)},
    {"place": Place(None, "Jalan Veteran No 1")},
    {"place": fix(-80, 30), "priority": Priority.P1},
]


@given(st.permutations(range(40)), st.lists(st.floats(-130, 130), min_size=40, max_size=40))
@settings(max_examples=30, deadline=None)
def test_forty_calls_for_one_fire_make_one_incident_in_any_order(order: list[int], away_m: list[float]) -> None:
    # The first to come names the place; whatever comes first after it.
    calls = {
        number: {"place": Place(north(away_m[number]), "", "36.73.02.1005"), **TOLD[number % 7]} for number in order
    }
    first = call("call-first", event_at_ms=NOON_MS)
    incident = on_assessment(first, None, (), seen()).incident
    assert incident is not None
    for number in order:
        told = call(f"call-{number}", event_at_ms=NOON_MS + number * 10_000, **calls[number])
        decision = on_assessment(told, None, (incident,), seen())
        assert decision.before == incident, told
        assert decision.incident is not None
        incident = decision.incident
    assert len(set(incident.call_ids)) == 41
    assert incident.place.position == first.place.position
    assert {account.call_id for account in incident.accounts} == set(incident.call_ids)


@given(
    st.lists(st.tuples(st.booleans(), st.floats(-49, 49), st.sampled_from([0.0, 30.0, 250.0])), min_size=2, max_size=30)
)
@settings(max_examples=50, deadline=None)
def test_two_fires_four_hundred_metres_apart_stay_two(calls: list[tuple[bool, float, float]]) -> None:
    incidents: dict[str, Incident] = {}
    for number, (second, scatter_m, radius_m) in enumerate([(False, 0.0, 0.0), (True, 0.0, 0.0), *calls]):
        told = call(f"call-{number}", place=fix(400 * second + scatter_m, radius_m, area_code="36.73.02.1005"))
        incident = on_assessment(told, None, tuple(incidents.values()), seen()).incident
        assert incident is not None
        incidents[incident.incident_id] = incident
        assert incident.incident_id == ids.incident_id("36.73", f"call-{int(second)}")
    assert len(incidents) == 2


def test_a_chain_of_calls_drags_no_incident_along() -> None:
    incidents: dict[str, Incident] = {}
    for number in range(8):
        told = call(f"call-{number}", place=fix(number * 200, 50))
        incident = on_assessment(told, None, tuple(incidents.values()), seen()).incident
        assert incident is not None
        incidents[incident.incident_id] = incident
    assert [len(incident.call_ids) for incident in incidents.values()] == [2, 2, 2, 2]
    assert [incident.place.position for incident in incidents.values()] == [
        fix(number * 400, 50).position for number in range(4)
    ]


def test_a_call_that_turns_out_to_be_elsewhere_is_flagged_once() -> None:
    home = opened("call-1")
    joined = on_assessment(call("call-2", place=area(700)), None, (home,), seen()).incident
    assert joined is not None
    told = call("call-2", revision=2, place=fix(2500, 20))
    flagged = on_assessment(told, joined, (), seen()).incident
    assert flagged is not None
    assert flagged.change.kind == "review_flagged"
    assert flagged.place == home.place
    assert on_assessment(replace(told, revision=3), flagged, (), seen()).empty
