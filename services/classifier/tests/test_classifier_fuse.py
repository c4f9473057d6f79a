"""The fuse before the store: who is spared, who looks whether it is back."""

from siaga_classifier.adapters.fuse import FAILURES, LASTS_S, RETRY_S, Fuse


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def blown(clock: Clock) -> Fuse:
    fuse = Fuse(clock)
    assert [fuse.failed() for _ in range(FAILURES)] == [False] * FAILURES
    clock.now += 2 * LASTS_S
    assert fuse.failed()
    return fuse


def test_many_at_one_moment_are_no_outage() -> None:
    fuse = Fuse(Clock())
    assert not any(fuse.failed() for _ in range(50))
    assert fuse.lets_through()


def test_single_failures_spare_nobody() -> None:
    fuse = Fuse(Clock())
    for _ in range(FAILURES * 3):
        assert fuse.lets_through()
        assert not fuse.failed()
        assert not fuse.worked()


def test_once_blown_one_looks_now_and_then() -> None:
    clock = Clock()
    fuse = blown(clock)
    assert not fuse.lets_through()
    clock.now += RETRY_S
    assert [fuse.lets_through() for _ in range(3)] == [True, False, False]
    assert not fuse.failed()
    assert not fuse.lets_through()


def test_an_answer_closes_it() -> None:
    clock = Clock()
    fuse = blown(clock)
    clock.now += RETRY_S
    assert fuse.lets_through()
    assert fuse.worked()
    assert not fuse.blown
    assert all(fuse.lets_through() for _ in range(3))
