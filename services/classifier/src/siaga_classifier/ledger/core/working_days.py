"""When something is due that may take so many working days."""

from collections.abc import Set as AbstractSet
from typing import Final

from siaga_classifier.ledger.core.policy import DAY_MS

# 1 January 1970 was a Thursday: day 0 is weekday 3, counted from Monday.
EPOCH_WEEKDAY: Final = 3
SATURDAY: Final = 5


def is_working_day(day: int, holidays: AbstractSet[int]) -> bool:
    """Whether this day (since 1970) is neither on a weekend nor a holiday."""
    return (day + EPOCH_WEEKDAY) % 7 < SATURDAY and day not in holidays


def due_ms(filed_ms: int, working_days: int, utc_offset_ms: int, holidays: AbstractSet[int]) -> int:
    """The local midnight that ends the last of so many working days after the day of filing."""
    day = (filed_ms + utc_offset_ms) // DAY_MS
    while working_days > 0:
        day += 1
        working_days -= is_working_day(day, holidays)
    return (day + 1) * DAY_MS - utc_offset_ms
