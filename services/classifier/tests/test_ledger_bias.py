"""Operators' confirmations beside their peers'."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.ledger.core.bias import MIN_CALLS, Answered, operator_report


def shift(operator: str, calls: int, pranks: int) -> list[Answered]:
    return [
        Answered(f"{operator}-{n}", operator, "answered_prank" if n < pranks else "non_emergency") for n in range(calls)
    ]


PEERS = [*shift("op-1", 200, 40), *shift("op-2", 200, 44), *shift("op-3", 200, 37)]


@pytest.mark.parametrize(
    ("calls", "pranks", "found"),
    [
        (200, 40, False),
        (200, 52, False),
        (200, 90, True),
        (200, 200, True),
        # All of a few: too few to tell.
        (MIN_CALLS - 1, MIN_CALLS - 1, False),
        (MIN_CALLS, MIN_CALLS, True),
        # Never below peers.
        (200, 0, False),
    ],
)
def test_an_operator_far_above_the_peers_is_named(calls: int, pranks: int, *, found: bool) -> None:
    report = {tally.operator: tally for tally in operator_report([*PEERS, *shift("op-9", calls, pranks)])}
    assert report["op-9"].needs_review is found
    assert (report["op-9"].calls, report["op-9"].confirmed) == (calls, pranks)
    assert not any(report[peer].needs_review for peer in ("op-1", "op-2", "op-3"))


def test_the_most_conspicuous_come_first() -> None:
    assert operator_report([*PEERS, *shift("op-9", 200, 150)])[0].operator == "op-9"


def test_two_operators_alone_are_not_compared() -> None:
    assert not any(tally.needs_review for tally in operator_report([*shift("a", 99, 99), *shift("b", 99, 0)]))


def test_a_corrected_call_counts_by_its_last_word_and_for_who_said_it() -> None:
    words = [Answered("c", "op-1", "answered_prank"), Answered("c", "op-2", "real", revision=2)]
    (only,) = operator_report([*words, *words[:1]])
    assert (only.operator, only.calls, only.confirmed) == ("op-2", 1, 0)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
def test_every_call_is_in_it_once(shifts: list[tuple[int, int]]) -> None:
    calls = [
        call
        for n, (total, pranks) in enumerate(shifts)
        for call in shift(f"op-{n}", total, min(total, pranks))
    ]  # fmt: skip
    report = operator_report(calls)
    assert sum(tally.calls for tally in report) == len(calls)
    assert sum(tally.confirmed for tally in report) == sum(min(total, pranks) for total, pranks in shifts)
