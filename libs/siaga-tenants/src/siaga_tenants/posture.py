"""When a centre counts as pressed: the `posture` of `dispatch.yaml`."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from siaga_tenants.document import Table, Value

_EXAMPLES: Final = {
    "times_usual": "[2, 4, 8]",
    "callers_per_minute": "[5, 10, 20]",
    "unserved_share": "[0.2, 0.4]",
    "wait_seconds": "[60, 180]",
}


@dataclass(frozen=True, slots=True)
class PosturePolicy:
    """When a centre is how hard pressed. Triples are yellow, orange, red; pairs yellow, orange."""

    # Different callers a minute, over five minutes, as a multiple of what is usual at that hour.
    times_usual: tuple[float, float, float] = (2.0, 4.0, 8.0)
    # The same as fixed numbers, whatever is usual.
    callers_per_minute: tuple[float, float, float] | None = None
    # What is usual is never taken for less: with one caller an hour, three would be a flood.
    usual_at_least: float = 1.0
    # Of the callers whose call ended in the last five minutes, those nobody could serve.
    unserved_share: tuple[float, float] = (0.2, 0.4)
    # The longest wait for an operator in the last five minutes.
    wait_seconds: tuple[float, float] = (60.0, 180.0)
    # So many minutes in a row must be calmer before the level falls.
    calm_minutes: int = 10
    # From so many calls on a supervisor is alerted of a caller.
    hot_per_minute: int = 10
    hot_per_hour: int = 30


USUAL_POSTURE: Final = PosturePolicy()


def read_posture(document: Value) -> PosturePolicy:
    """`posture` of `dispatch.yaml`, which may be left out, as may each of its entries."""
    place = document.child("posture")
    if place is document:
        return USUAL_POSTURE
    table = place.table(
        (),
        (
            "times_usual", "callers_per_minute", "usual_at_least", "unserved_share", "wait_seconds", "calm_minutes",
            "hot_per_minute", "hot_per_hour",
        ),
    )  # fmt: skip
    usual = USUAL_POSTURE
    times = _rising(table, "times_usual", 3, 1, 1_000) or usual.times_usual
    fixed = _rising(table, "callers_per_minute", 3, 0.2, 10_000)
    share = _rising(table, "unserved_share", 2, 0.01, 1) or usual.unserved_share
    wait_s = _rising(table, "wait_seconds", 2, 1, 3_600) or usual.wait_seconds
    return PosturePolicy(
        times_usual=(times[0], times[1], times[2]),
        callers_per_minute=(fixed[0], fixed[1], fixed[2]) if fixed else None,
        usual_at_least=table.number("usual_at_least", 0.1, 10_000)
        if "usual_at_least" in table
        else usual.usual_at_least,
        unserved_share=(share[0], share[1]),
        wait_seconds=(wait_s[0], wait_s[1]),
        # A day: whoever wants it red for longer declares it.
        calm_minutes=table.integer("calm_minutes", 1, 1_440, absent=usual.calm_minutes),
        # Two calls a minute are a person who was cut off.
        hot_per_minute=table.integer("hot_per_minute", 3, 1_000, absent=usual.hot_per_minute),
        hot_per_hour=table.integer("hot_per_hour", 5, 10_000, absent=usual.hot_per_hour),
    )


def _rising(table: Table, key: str, count: int, minimum: float, maximum: float) -> tuple[float, ...] | None:
    """So many numbers, each above the one before; None when left out or wrong, which was complained about."""
    if key not in table:
        return None
    numbers = tuple(item.number(minimum, maximum) for item in table.items(key))
    if len(numbers) == count and all(less < more for less, more in pairwise(numbers)):
        return numbers
    table.values[key].wrong(f"must be {count} numbers that rise, like {_EXAMPLES[key]}")
    return None
