"""The tracker never lets a commit pass what is not finished, and forgets what was taken away."""

from hypothesis import given
from hypothesis import strategies as st
from siaga_kit.tracking import OffsetTracker


def test_a_partition_moves_on_only_when_finished() -> None:
    tracker = OffsetTracker()
    tracker.hold("calls", 0)
    assert tracker.committable() == {}
    tracker.finished("calls", 0, 5)
    assert tracker.committable() == {("calls", 0): 5}
    tracker.committed({("calls", 0): 5})
    assert tracker.committable() == {}


def test_late_results_of_a_lost_partition_are_dropped() -> None:
    tracker = OffsetTracker()
    tracker.hold("calls", 0)
    tracker.forget("calls", 0)
    tracker.finished("calls", 0, 9)
    assert not tracker.holds("calls", 0)
    assert tracker.committable() == {}


def test_holding_again_keeps_no_memory_of_before() -> None:
    tracker = OffsetTracker()
    tracker.hold("calls", 0)
    tracker.finished("calls", 0, 9)
    tracker.committed({("calls", 0): 9})
    tracker.forget("calls", 0)
    tracker.hold("calls", 0)
    tracker.finished("calls", 0, 4)
    assert tracker.committable() == {("calls", 0): 4}


@given(st.lists(st.integers(min_value=1, max_value=50)))
def test_commits_never_go_back(steps: list[int]) -> None:
    tracker = OffsetTracker()
    tracker.hold("calls", 1)
    highest = 0
    for step in steps:
        tracker.finished("calls", 1, step)
        offered = tracker.committable()
        highest = max(highest, step)
        assert all(offset == highest for offset in offered.values())
        tracker.committed(offered)
