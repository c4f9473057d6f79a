"""What a caller's abuse leads to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class SanctionPolicy:
    """When a caller's abuse has consequences; `version` goes with every decision made by it.

    `holidays`, `shared_numbers`, `memory_days` and `earlier` are those of the newest version, whatever time is asked for.
    """

    version: str
    watch_at: float = 3
    warn_at: float = 5
    temporary_above: float = 5
    temporary_hours: int = 24
    memory_days: int = 180
    protection_days: int = 30
    review_days: int = 90
    # By outcome name; complete.
    weights: Mapping[str, float] = field(default_factory=dict)
    ivr_prank_free_in_24h: int = 3
    # E.164 numbers of schools, hospitals, switchboards: never above `watch`.
    shared_numbers: tuple[str, ...] = ()
    # What a malicious report counts that moved a unit.
    false_report_weight: float = 1
    # By caller tag: factor on what a call of such a caller counts.
    tag_weights: Mapping[str, float] = field(default_factory=lambda: {"child": 0.5})
    # So many ghost calls in an hour are screened until midnight, and told for a welfare check; 0 = never.
    ghost_screen_at: int = 5
    # So many calls in 24 hours look like a switchboard; 0 = never.
    shared_suspected_at: int = 20
    appeal_working_days: int = 3
    # Days on which appeals are not decided, besides Saturdays and Sundays.
    holidays: tuple[date, ...] = ()
    # First day of this version; None = it always held.
    valid_from: date | None = None
    # The versions before it, oldest first: what happened in their time is judged by them.
    earlier: tuple["SanctionPolicy", ...] = ()
