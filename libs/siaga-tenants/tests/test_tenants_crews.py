"""How crews are followed up, as `dispatch.yaml` says it."""

from pathlib import Path

import pytest
from siaga_tenants.crews import USUAL_ACKNOWLEDGE, Acknowledge, CrewPolicy, Diversion, StandDown, read_crews
from siaga_tenants.document import Problems, read_document


def read(text: str) -> tuple[CrewPolicy, list[str]]:
    problems = Problems()
    policy = read_crews(read_document(Path("dispatch.yaml"), problems, text))
    return policy, problems.found


def test_everything_may_be_left_out() -> None:
    policy, found = read("join_minutes: 15")
    assert (policy, found) == (CrewPolicy(), [])
    assert policy.acknowledge["P1"] == Acknowledge(30, 60)


def test_what_is_said_holds_and_the_rest_is_as_usual() -> None:
    policy, found = read(
        "acknowledge: {P1: {remind_s: 20, next_unit_s: 45}}\n"
        "stand_down: {remind_s: 10, alert_s: 20}\n"
        "crew_safety_min: {damkar: 20, satgas: 0}\n"
        "diversion: {allowed: true, from: [P4], gain_s: 60}\n"
        "lowered_stands_down: true\n"
    )
    assert not found
    assert policy.acknowledge["P1"] == policy.acknowledge["P0"] == Acknowledge(20, 45)
    assert policy.acknowledge["P3"] == USUAL_ACKNOWLEDGE["P3"]
    assert policy.stand_down == StandDown(10, 20)
    assert policy.safety_min == {"damkar": 20, "satgas": 0}
    assert policy.diversion == Diversion(True, ("P0", "P1"), ("P4",), 60)
    assert policy.lowered_stands_down


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acknowledge: {P1: {remind_s: 60, next_unit_s: 60}}", "next_unit_s must be more than remind_s"),
        ("acknowledge: {P1: {remind_s: 30}}", "next_unit_s"),
        ("acknowledge: {P9: {remind_s: 30, next_unit_s: 60}}", "P9"),
        ("acknowledge: {P1: {remind_s: 0, next_unit_s: 60}}", "number from 1"),
        ("stand_down: {remind_s: 30, alert_s: 10}", "alert_s must be more than remind_s"),
        ("crew_safety_min: {tank: 20}", "tank"),
        ("diversion: {allowed: true, priorities: [P1, P3], from: [P3]}", "as urgent"),
        ("diversion: {gain_s: 60}", "allowed"),
        ("lowered_stands_down: maybe", "true or false"),
    ],
)
def test_what_cannot_be_is_said_with_its_remedy(text: str, said: str) -> None:
    _, (problem, *_) = read(text)
    assert said in problem
    assert problem.startswith("dispatch.yaml:1: ")
