"""Hours of the week in which nobody of a need is on duty: a roster may say so, but somebody should have meant it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from siaga_tenants.model import Duty, Need, Tenant
from siaga_tenants.roster import DAY_MINUTES

WEEK_MINUTES: Final = 7 * DAY_MINUTES
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# From, until: minutes after Monday's midnight; `until` may reach over the week's end.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Gap:
    """What the plan needs, and when nobody is there for it."""

    kinds: tuple[str, ...]
    capabilities: tuple[str, ...]
    spans: tuple[Span, ...]

    def __str__(self) -> str:
        skilled = f" with {', '.join(self.capabilities)}" if self.capabilities else ""
        when = ", ".join(f"{_clock(begin)} to {_clock(end)}" for begin, end in self.spans)
        return f"nobody of {' or '.join(self.kinds)}{skilled} is on duty {when}, and the plan needs one"


def roster_gaps(tenant: Tenant) -> list[Gap]:
    """The gaps of a tenant's week, each need once; dates with shifts of their own are not looked at."""
    needs = {
        (need.kinds, need.capabilities): need
        for needs in tenant.plan.entries.values()
        for need in needs
        if not need.optional
    }
    found = ((need, tuple(_uncovered(_on_duty(tenant, need)))) for need in needs.values())
    return [Gap(need.kinds, need.capabilities, spans) for need, spans in found if spans]


def _on_duty(tenant: Tenant, need: Need) -> Iterator[Span]:
    """When some unit that fills the need is on duty."""
    for unit in tenant.units:
        if not need.fits(unit.kind, unit.capabilities):
            continue
        duty = tenant.roster.of(unit.unit_id, unit.kind)
        if duty is None:
            yield 0, WEEK_MINUTES
        else:
            yield from _week(duty)


def _week(duty: Duty) -> Iterator[Span]:
    for shift in duty.shifts:
        for day in shift.days:
            begin, end = day * DAY_MINUTES + shift.from_minute, day * DAY_MINUTES + shift.until_minute
            yield begin, min(end, WEEK_MINUTES)
            if end > WEEK_MINUTES:
                # Sunday's night ends on Monday.
                yield 0, end - WEEK_MINUTES


def _uncovered(spans: Iterable[Span]) -> Iterator[Span]:
    """The week without these; what is open at both its ends is one gap."""
    gaps: list[Span] = []
    reached = 0
    for begin, end in sorted(spans):
        if begin > reached:
            gaps.append((reached, begin))
        reached = max(reached, end)
    if reached < WEEK_MINUTES:
        gaps.append((reached, WEEK_MINUTES))
    if len(gaps) > 1 and gaps[0][0] == 0 and gaps[-1][1] == WEEK_MINUTES:
        gaps = [*gaps[1:-1], (gaps[-1][0], WEEK_MINUTES + gaps[0][1])]
    yield from gaps


def _clock(minute: int) -> str:
    day, rest = divmod(minute % WEEK_MINUTES, DAY_MINUTES)
    return f"{_DAYS[day]} {rest // 60:02}:{rest % 60:02}"
