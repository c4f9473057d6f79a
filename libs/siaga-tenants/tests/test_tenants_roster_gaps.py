"""Hours in which nobody is on duty are told, and no others."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_tenants import Duty, Need, ResponsePlan, Roster, Shift, Tenant, load_tenants
from siaga_tenants.roster import EVERY_DAY
from siaga_tenants.roster_gaps import WEEK_MINUTES, roster_gaps

SERANG = load_tenants(Path(__file__).resolve().parents[3] / "tenants")["36.73"]
WEEKDAYS = frozenset(range(5))
PLAN = ResponsePlan({("default", "any"): (Need("periksa", ("satgas",)), Need("x", ("damkar",), optional=True))})


def tenant(*shifts: Shift) -> Tenant:
    """Serang, with all its satgas and engines in these shifts."""
    duty = Duty(shifts)
    return replace(SERANG, plan=PLAN, roster=Roster({}, {"satgas": duty, "damkar": duty}))


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        ([Shift("a", EVERY_DAY, 0, 1440)], []),
        ([Shift("a", EVERY_DAY, 480, 1200), Shift("b", EVERY_DAY, 1200, 1920)], []),
        ([Shift("a", WEEKDAYS, 0, 1440)], ["Sat 00:00 to Mon 00:00"]),
        ([Shift("a", frozenset({4}), 420, 960)], ["Fri 16:00 to Fri 07:00"]),
        ([Shift("a", frozenset({6}), 1320, 1320 + 1440)], ["Mon 22:00 to Sun 22:00"]),
        ([], ["Mon 00:00 to Mon 00:00"]),
    ],
)
def test_gaps_of_a_week(shifts: list[Shift], expected: list[str]) -> None:
    told = [str(gap) for gap in roster_gaps(tenant(*shifts))]
    assert told == [f"nobody of satgas is on duty {', '.join(expected)}, and the plan needs one"][: len(expected)]


def test_one_unit_round_the_clock_is_enough() -> None:
    rostered = tenant()
    always = Duty((Shift("a", EVERY_DAY, 0, 1440),))
    assert roster_gaps(replace(rostered, roster=replace(rostered.roster, by_unit={"3673-STG-01": always}))) == []


def test_the_tenants_that_come_with_the_product_have_none() -> None:
    assert all(
        roster_gaps(tenant) == [] for tenant in load_tenants(Path(__file__).resolve().parents[3] / "tenants").values()
    )


SHIFTS = st.builds(
    lambda days, begin, long: Shift("x", days, begin, begin + long),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
)


@given(st.lists(SHIFTS, max_size=5), st.integers(0, WEEK_MINUTES - 1))
def test_a_minute_is_either_covered_or_told(shifts: list[Shift], minute: int) -> None:
    covered = any(
        day * 1440 + shift.from_minute <= at < day * 1440 + shift.until_minute
        for shift in shifts
        for day in shift.days
        for at in (minute, minute + WEEK_MINUTES)
    )
    told = any(
        begin <= at < end
        for gap in roster_gaps(tenant(*shifts))
        for begin, end in gap.spans
        for at in (minute, minute + WEEK_MINUTES)
    )
    assert covered != told
