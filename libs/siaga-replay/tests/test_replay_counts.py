import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_replay.scenarios.serang_month.counts import PERIODS, TOTAL, largest_remainder, period_of, wib


def test_totals_are_the_published_ones() -> None:
    assert [period.total for period in PERIODS] == [35_486, 18_308]
    assert TOTAL == 53_794


def test_published_categories_exceed_the_totals() -> None:
    assert [sum(period.published.values()) - period.total for period in PERIODS] == [1_102, 298]


def test_scaled_categories_are_those_of_the_readme() -> None:
    assert [period.scaled for period in PERIODS] == [
        {"answered": 4_694, "abandon": 2_196, "ivr_prank": 28_596},
        {"answered": 2_809, "abandon": 608, "ivr_prank": 14_891},
    ]


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 10**6), min_size=1, max_size=6), st.integers(0, 10**6))
def test_largest_remainder_adds_up_and_is_within_one(parts: dict[str, int], total: int) -> None:
    scaled = largest_remainder(parts, total)
    assert sum(scaled.values()) == total
    whole = sum(parts.values())
    assert all(abs(scaled[name] * whole - part * total) < whole for name, part in parts.items())


def test_ties_go_to_the_part_named_first() -> None:
    assert largest_remainder({"a": 1, "b": 1, "c": 1}, 2) == {"a": 1, "b": 1, "c": 0}


@pytest.mark.parametrize(
    ("at_s", "period"), [(PERIODS[0].start_s, 0), (PERIODS[1].start_s - 1, 0), (PERIODS[1].start_s, 1)]
)
def test_periods_tile_the_month(at_s: int, period: int) -> None:
    assert PERIODS[0].end_s == PERIODS[1].start_s
    assert period_of(at_s) == period


def test_clock_of_serang() -> None:
    assert wib(PERIODS[0].start_s * 1_000 + 120) == "2019-02-11T00:00:00.120+07:00"
