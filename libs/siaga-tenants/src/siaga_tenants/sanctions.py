"""Reading `sanctions.yaml`: the policy in force, and the versions that were in force before."""

from datetime import date
from itertools import pairwise
from typing import Final

from siaga_tenants.document import Table, Value
from siaga_tenants.model import SanctionPolicy
from siaga_tenants.policies import E164
from siaga_tenants.vocabulary import CALLER_TAGS, COUNTABLE_OUTCOMES, OUTCOMES

DAY: Final = r"\d{4}-\d\d-\d\d"
# What every version says whole.
NEEDED: Final = (
    "version", "watch_at", "warn_at", "temporary_above", "temporary_hours", "memory_days", "protection_days",
    "review_days", "weights", "ivr_prank_free_in_24h",
)  # fmt: skip
# What a version may leave to the national rule.
OPTIONAL: Final = (
    "from", "false_report_weight", "tag_weights", "ghost_screen_at", "shared_suspected_at", "appeal_working_days",
)  # fmt: skip
# What is not of a version but of the centre.
CENTRE: Final = ("shared_numbers", "holidays", "earlier")


def read_sanctions(document: Value) -> SanctionPolicy:
    """`sanctions.yaml`: the policy with all versions before it."""
    table = document.table(NEEDED, (*OPTIONAL, *CENTRE))
    places = table.items("earlier")
    earlier = tuple(_version(place.table(NEEDED, OPTIONAL)) for place in places)
    policy = _version(
        table,
        shared_numbers=tuple(item.text(E164, "a number like +62254200112") for item in table.items("shared_numbers")),
        holidays=tuple([day for item in table.items("holidays") if (day := _day(item)) is not None]),
        earlier=earlier,
    )
    _check_order(document, places, (*earlier, policy))
    return policy


def _version(
    table: Table,
    shared_numbers: tuple[str, ...] = (),
    holidays: tuple[date, ...] = (),
    earlier: tuple[SanctionPolicy, ...] = (),
) -> SanctionPolicy:
    weights = table.table("weights", OUTCOMES)
    tag_weights = table.table("tag_weights", (), CALLER_TAGS)
    usual = SanctionPolicy("")
    policy = SanctionPolicy(
        version=table.text("version", wanted="a version in quotes"),
        watch_at=table.number("watch_at", 1, 1000),
        warn_at=table.number("warn_at", 1, 1000),
        temporary_above=table.number("temporary_above", 1, 1000),
        # Cities block for one to seven days; longer is for people to decide.
        temporary_hours=table.integer("temporary_hours", 1, 168),
        memory_days=table.integer("memory_days", 1, 180),
        protection_days=table.integer("protection_days", 1, 365),
        review_days=table.integer("review_days", 1, 90),
        weights={outcome: weights.number(outcome, 0, COUNTABLE_OUTCOMES.get(outcome, 0)) for outcome in OUTCOMES},
        ivr_prank_free_in_24h=table.integer("ivr_prank_free_in_24h", 0, 100),
        shared_numbers=shared_numbers,
        # No call counts more than one: a threshold is a number of calls.
        false_report_weight=table.number("false_report_weight", 0, 1) if "false_report_weight" in table else 1,
        tag_weights=usual.tag_weights
        if "tag_weights" not in table
        else {tag: tag_weights.number(tag, 0, 1) for tag in CALLER_TAGS if tag in tag_weights},
        ghost_screen_at=table.integer("ghost_screen_at", 0, 100, absent=usual.ghost_screen_at),
        shared_suspected_at=table.integer("shared_suspected_at", 0, 500, absent=usual.shared_suspected_at),
        # Three is what a centre owes the owner of a number; sooner is its own choice.
        appeal_working_days=table.integer("appeal_working_days", 1, 3, absent=usual.appeal_working_days),
        holidays=holidays,
        valid_from=_day(table.values["from"]) if "from" in table else None,
        earlier=earlier,
    )
    if "temporary_above" in table and not policy.watch_at <= policy.warn_at <= policy.temporary_above:
        table.values["temporary_above"].wrong(
            "must be at least warn_at, and warn_at at least watch_at; a caller is warned before anything else happens"
        )
    return policy


def _day(place: Value) -> date | None:
    written = place.text(DAY, 'a day like "2026-12-25" in quotes')
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        place.wrong(f"{written!r} is no day of the calendar")
        return None


def _check_order(document: Value, places: tuple[Value, ...], versions: tuple[SanctionPolicy, ...]) -> None:
    """Versions follow each other in time, and no two have one name."""
    where = (*places, document)
    for (before, after), place in zip(pairwise(versions), where[1:], strict=True):
        if after.valid_from is None or after.valid_from <= (before.valid_from or date.min):
            place.child("from").wrong(
                "must be a day after that of the version before; `earlier` begins with the oldest"
            )
    names = [version.version for version in versions]
    for name, place in zip(names, where, strict=True):
        if name and names.count(name) > 1:
            place.child("version").wrong(f"{name!r} names two versions; every one has its own")
