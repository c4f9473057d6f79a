"""kill -9 of every process of the flow, in mid-replay: nothing is lost, nothing is doubled."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from redis import Redis
from siaga_kit.embedded.plan import STOP_ORDER
from siaga_kit.embedded.stack import Stack
from siaga_replay.progress import Progress
from siaga_replay.recount import count_by_state, states_by_caller
from siaga_replay.replay import replay
from siaga_replay.scenarios import scenario_files

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

# Several in one replay, for a stack's start and a replay's end take longer than what is tested.
VICTIMS: Final = (("intake", "dispatcher", "smsc"), ("classifier", "ledger", "redis"), ("notifier", "kafka"))
assert sorted(sum(VICTIMS, ())) == sorted(STOP_ORDER), "every process is killed once"


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


class Killer:
    """Kills each in its turn while requests are posted at full speed, whether or not the one before is back."""

    def __init__(self, stack: Stack, victims: Sequence[str]) -> None:
        self._stack = stack
        self._victims = victims
        self.killed: dict[str, int] = {}

    def watch(self, progress: Progress) -> None:
        if progress.stage != "post":
            return
        turns = progress.done * (len(self._victims) + 1) // (progress.total or 1)
        for victim in self._victims[:turns]:
            if victim not in self.killed:
                self.killed[victim] = self._stack.kill(victim)


@pytest.mark.parametrize("victims", VICTIMS, ids="+".join)
def test_killed_processes_lose_and_double_nothing(victims: tuple[str, ...], tmp_path: Path) -> None:
    truth = scenario_files("serang-slice", tmp_path).load_truth()
    with Stack() as stack:
        killer = Killer(stack, victims)
        summary = asyncio.run(replay("serang-slice", stack.addresses, progress=killer.watch, cache=tmp_path))
        assert killer.killed.keys() == set(victims), "not all were killed"
        for victim, pid in killer.killed.items():
            stack.wait_ready(victim, not_pid=pid)
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
