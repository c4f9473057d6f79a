"""Some 3,000 calls of the month through the whole stack, compared with the scenario's own truth."""

import asyncio
from pathlib import Path

import pytest
from siaga_contracts import callers
from siaga_kit.embedded.stack import Stack
from siaga_replay.recount import states_by_caller
from siaga_replay.replay import replay
from siaga_replay.scenarios import scenario_files
from siaga_replay.summary import Summary
from siaga_replay.truth import Truth

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Path]:
    cache = tmp_path_factory.mktemp("scenarios")
    return scenario_files("serang-slice", cache).load_truth(), cache


@pytest.fixture(scope="module")
def summary(stack: Stack, truth: tuple[Truth, Path]) -> Summary:
    return asyncio.run(replay("serang-slice", stack.addresses, cache=truth[1]))


def test_nothing_lost_nothing_doubled(summary: Summary) -> None:
    assert summary.losses.total == 0, summary.losses
    assert summary.doubles.total == 0, summary.doubles
    assert summary.run.drained, summary.run.waiting_for
    assert not summary.refusals
    assert not summary.dead_letters


def test_every_call_is_what_it_really_was(summary: Summary, truth: tuple[Truth, Path]) -> None:
    assert truth[0].wrong_outcomes(summary.call_outcomes) == []
    assert summary.calls == len(truth[0].calls)


def test_each_real_call_got_suitable_units_and_no_other_call_did(summary: Summary, truth: tuple[Truth, Path]) -> None:
    real = {call.call_id(truth[0].tenant): call for call in truth[0].calls if call.outcome == "real"}
    opened = {call_id: row for row in summary.incidents for call_id in row.incident.call_ids}
    assert opened.keys() == real.keys()
    assert len(summary.incidents) == len(real) == 14
    for call_id, call in real.items():
        incident = opened[call_id].incident
        assert incident.units, f"{call.type}: no unit"
        assert not incident.shortfalls, f"{call.type}: {incident.shortfalls}"
        assert incident.status == "closed", f"{call.type}: {incident.status}"
        assert incident.type == call.type
        assert set(opened[call_id].sms_states.values()) == {"delivered"}
    assert summary.assessments["dispatch"] == len(real)


def test_sanctions_equal_a_recount_by_brute_force(stack: Stack, summary: Summary, truth: tuple[Truth, Path]) -> None:
    secret = (stack.home.root / "secrets" / "caller-secret").read_text().strip().encode()
    expected = {
        callers.caller_key(secret, truth[0].tenant, number): state
        for number, state in states_by_caller(truth[0].calls, truth[0].clock_ms).items()
    }
    found = {key: summary.caller_states.get(key, "clean") for key in expected}
    assert found == expected
    assert summary.caller_states.keys() <= expected.keys()
