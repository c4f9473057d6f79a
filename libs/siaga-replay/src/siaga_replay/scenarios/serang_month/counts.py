"""The published counts of Kota Serang and how they are made to add up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

WIB: Final = timezone(timedelta(hours=7))
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Period:
    """One printed period: its days, its printed total and its printed categories (which exceed the total)."""

    name: str
    first_day: datetime
    days: int
    total: int
    published: Mapping[str, int]

    @property
    def start_s(self) -> int:
        return int(self.first_day.timestamp())

    @property
    def end_s(self) -> int:
        return self.start_s + self.days * DAY_S

    @property
    def scaled(self) -> dict[str, int]:
        """Calls by category: printed proportions, printed total."""
        return largest_remainder(self.published, self.total)


PERIODS: Final = (
    Period(
        "11-28 Feb", datetime(2019, 2, 11, tzinfo=WIB), 18, 35_486,
        {"answered": 4_840, "abandon": 2_264, "ivr_prank": 29_484},
    ),
    Period(
        "1-11 Mar", datetime(2019, 3, 1, tzinfo=WIB), 11, 18_308,
        {"answered": 2_855, "abandon": 618, "ivr_prank": 15_133},
    ),
)  # fmt: skip
TOTAL: Final = sum(period.total for period in PERIODS)
START_S: Final = PERIODS[0].start_s
END_S: Final = PERIODS[-1].end_s


def largest_remainder(parts: Mapping[str, int], total: int) -> dict[str, int]:
    """The parts scaled in proportion to whole numbers that add up to the total; ties go to the part named first."""
    whole = sum(parts.values())
    scaled = {name: part * total // whole for name, part in parts.items()}
    by_remainder = sorted(parts, key=lambda name: -(parts[name] * total % whole))
    for name in by_remainder[: total - sum(scaled.values())]:
        scaled[name] += 1
    return scaled


def period_of(at_s: int) -> int:
    """Index of the period that holds a moment."""
    return 0 if at_s < PERIODS[1].start_s else 1


def wib(at_ms: int) -> str:
    """Epoch milliseconds as Serang's clock shows them: `2019-02-11T00:00:04.120+07:00`."""
    return (datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(WIB)).isoformat(timespec="milliseconds")
