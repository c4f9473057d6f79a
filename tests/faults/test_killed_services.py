"""kill -9 of every process of the flow, one after the other, in mid-replay: nothing is lost, nothing is doubled."""

import asyncio
from pathlib import Path

import pytest
from redis import Redis
from siaga_kit.embedded.plan import STOP_ORDER
from siaga_kit.embedded.stack import Stack
from siaga_replay.progress import Progress
from siaga_replay.recount import count_by_state, states_by_caller
from siaga_replay.replay import replay
from siaga_replay.scenarios import scenario_files

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_a_lost_dispatch_state_loses_and_doubles_nothing(tmp_path: Path) -> None:
    lost: list[int] = []
    with Stack() as stack:

        def lose_in_mid_replay(progress: Progress) -> None:
            if progress.stage == "post" and not lost and progress.done * 2 >= (progress.total or 0):
                with Redis.from_url(stack.addresses.redis_url) as redis:
                    lost.append(redis.delete(*redis.scan_iter("*:dispatch:*")))

        summary = asyncio.run(replay("serang-slice", stack.addresses, progress=lose_in_mid_replay, cache=tmp_path))
    assert lost[0] > 100, "nothing was lost"
    assert summary.losses.total == 0, summary.losses
    assert summary.doubles.total == 0, summary.doubles
    assert summary.run.drained, summary.run.waiting_for
    assert not summary.dead_letters
    assert len(summary.incidents) == 14


@pytest.mark.parametrize("victim", STOP_ORDER)
def test_a_killed_process_loses_and_doubles_nothing(victim: str, tmp_path: Path) -> None:
    truth = scenario_files("serang-slice", tmp_path).load_truth()
    killed: list[int] = []
    with Stack() as stack:

        def kill_in_mid_replay(progress: Progress) -> None:
            if progress.stage == "post" and not killed and progress.done * 2 >= (progress.total or 0):
                killed.append(stack.kill(victim))

        summary = asyncio.run(replay("serang-slice", stack.addresses, progress=kill_in_mid_replay, cache=tmp_path))
        assert killed, "nothing was killed"
        stack.wait_ready(victim, not_pid=killed[0])
        assert stack.process(victim).restarts == 1
    assert summary.losses.total == 0, summary.losses
    assert summary.doubles.total == 0, summary.doubles
    assert summary.run.drained, summary.run.waiting_for
    assert not summary.dead_letters
    assert truth.wrong_outcomes(summary.call_outcomes) == []
    assert len(summary.incidents) == 14
    expected = count_by_state(states_by_caller(truth.calls, truth.clock_ms))
    assert {state: count for state, count in summary.sanctions.items() if state != "clean"} == {
        state: count for state, count in expected.items() if state != "clean"
    }
