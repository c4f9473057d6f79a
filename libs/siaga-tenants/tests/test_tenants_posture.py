"""`posture` of `dispatch.yaml`: what may be left out, and what is complained about."""

from pathlib import Path

import pytest
from siaga_tenants.document import Problems, read_document
from siaga_tenants.posture import USUAL_POSTURE, PosturePolicy, read_posture

FILE = Path("dispatch.yaml")


def read(text: str) -> tuple[PosturePolicy, list[str]]:
    problems = Problems()
    policy = read_posture(read_document(FILE, problems, f"join_minutes: 15\n{text}"))
    return policy, problems.found


def test_left_out_it_is_the_usual() -> None:
    assert read("") == (USUAL_POSTURE, [])
    assert read("posture: {}") == (USUAL_POSTURE, [])


def test_what_is_written_holds() -> None:
    policy, problems = read(
        "posture: {callers_per_minute: [5, 10, 20.5], times_usual: [3, 6, 9], usual_at_least: 0.5, unserved_share: [0.1, 1],"
        " wait_seconds: [20, 40], calm_minutes: 5, hot_per_minute: 6, hot_per_hour: 12}"
    )
    assert problems == []
    assert policy == PosturePolicy((3, 6, 9), (5, 10, 20.5), 0.5, (0.1, 1), (20, 40), 5, 6, 12)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{times_usual: [2, 2, 8]}", "posture.times_usual: must be 3 numbers that rise, like [2, 4, 8]"),
        ("{unserved_share: [0.2]}", "posture.unserved_share: must be 2 numbers that rise, like [0.2, 0.4]"),
        ("{wait_seconds: 60}", "posture.wait_seconds: is a number, must be a list; begin each entry with '- '"),
        ("{callers_per_minute: [0, 1, 2]}", "posture.callers_per_minute[0]: 0 is not a number from 0.2 to 10000"),
        ("{calm_minute: 5}", "posture.calm_minute: unknown key; did you mean 'calm_minutes'?"),
        ("{hot_per_minute: 2}", "posture.hot_per_minute: 2 is not a number from 3 to 1000"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, complaint: str) -> None:
    _, problems = read(f"posture: {text}")
    assert f"{FILE}:2: {complaint}" in problems
