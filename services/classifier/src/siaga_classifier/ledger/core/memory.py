"""What is remembered of one caller, and how one more call is put into it.

The standing is always that of all remembered calls taken in the order of (event time, call id), whatever the order of
their arrival. Saved standings on the way spare most of that work; `recount` does it all, and must find the same.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Final

from siaga_classifier.ledger.core.model import UNLISTED, Entry, Policy, Standing, State
from siaga_classifier.ledger.core.standing import advance, next_due_ms, step

# A handset under a pillow makes more than a thousand calls in an evening: without a bound its record would grow past
# the broker's limit and every call of it would cost more than the one before. Calls before the newest 512 keep their
# effect and their count, but a later word on them is only heard when it lifts.
MAX_ENTRIES: Final = 512
# A standing is saved this often on the way: a late call or a revision then costs at most this many steps more.
CHECKPOINT_EVERY: Final = 32

# Where everybody begins.
NEW: Final = Standing()

_place = attrgetter("place")


@dataclass(frozen=True, slots=True)
class Memory:
    """The calls of one caller in order; `base` is the standing after those folded away before them."""

    entries: tuple[Entry, ...] = ()
    base: Standing = NEW
    # Folded calls by outcome, and the place of the last of them.
    folded: Mapping[str, int] = field(default_factory=dict)
    folded_to: tuple[int, str] = (0, "")
    # How many changes were taken in; together with the standing's ticks it numbers what is published.
    applied: int = 0
    # (number of entries, standing after them), ascending; the last one covers all entries.
    saved: tuple[tuple[int, Standing], ...] = ()

    @property
    def standing(self) -> Standing:
        """Where the caller stands after the last remembered call."""
        return self.saved[-1][1] if self.saved else self.base


def take_in(memory: Memory, entry: Entry, policy: Policy) -> Memory:
    """The memory with this call or this later word on a call in it; the same object when it says nothing new."""
    entries = memory.entries
    known = _index(entries, entry.call_id)
    if known is not None:
        if not entry.supersedes(entries[known]):
            return memory
        entries = entries[:known] + entries[known + 1 :]
    elif entry.place <= memory.folded_to and not entry.lifts:
        return memory
    at = bisect_left(entries, entry.place, key=_place)
    changed = replace(
        memory,
        entries=(entries := (*entries[:at], entry, *entries[at:])),
        applied=memory.applied + 1,
        saved=_saved(memory, entries, at if known is None else min(at, known), policy),
    )
    return _folded(changed, len(changed.entries) - MAX_ENTRIES, policy)


def forget_before(memory: Memory, start_ms: int, policy: Policy) -> Memory:
    """The memory without the calls before `start_ms`; what they led to stays."""
    return _folded(memory, bisect_left(memory.entries, (start_ms, ""), key=_place), policy)


def recount(entries: Iterable[Entry], policy: Policy, base: Standing = NEW) -> Standing:
    """The standing after these calls, from nothing (or from `base`): what every shortcut must equal."""
    standing = base
    for entry in sorted(entries, key=_place):
        standing = step(standing, entry, policy)
    return standing


def restored(memory: Memory, policy: Policy) -> Memory:
    """A memory read from the table, with its standings counted again."""
    return replace(memory, saved=_saved(memory, memory.entries, 0, policy))


def calls_by_outcome(memory: Memory, at_ms: int, policy: Policy) -> dict[str, int]:
    """Calls by outcome inside the memory window that ends at `at_ms`; folded ones as long as their last is inside."""
    start = bisect_left(memory.entries, (at_ms - policy.memory_ms + 1, ""), key=_place)
    counts = Counter([entry.outcome for entry in memory.entries[start:] if entry.outcome not in UNLISTED])
    if memory.folded_to[0] > at_ms - policy.memory_ms:
        counts.update(memory.folded)
    return dict(counts)


def due_ms(memory: Memory, at_ms: int, policy: Policy) -> int | None:
    """When time alone changes what is to be told of this caller next, seen from `at_ms`; None = never."""
    standing = advance(memory.standing, at_ms, policy)
    next_ms = next_due_ms(standing, policy)
    if next_ms is not None:
        return next_ms
    return None if standing.state is State.PERMANENT else _last_ms(memory) + policy.memory_ms


def is_past(memory: Memory, at_ms: int, policy: Policy) -> bool:
    """Whether nothing of this caller is left to remember: no call in memory, nothing in force."""
    standing = advance(memory.standing, at_ms, policy)
    return (
        standing.state is State.CLEAN
        and next_due_ms(standing, policy) is None
        and _last_ms(memory) + policy.memory_ms <= at_ms
    )


def _index(entries: tuple[Entry, ...], call_id: str) -> int | None:
    ids = [entry.call_id for entry in entries]
    return ids.index(call_id) if call_id in ids else None


def _last_ms(memory: Memory) -> int:
    return memory.entries[-1].event_at_ms if memory.entries else memory.folded_to[0]


def _saved(
    memory: Memory, entries: tuple[Entry, ...], changed_at: int, policy: Policy
) -> tuple[tuple[int, Standing], ...]:
    """The saved standings for these entries, counted again from the first changed one on."""
    saved = [point for point in memory.saved if point[0] <= changed_at]
    counted, standing = saved[-1] if saved else (0, memory.base)
    for entry in entries[counted:]:
        standing = step(standing, entry, policy)
        counted += 1
        # The newest standing is kept until there is a newer one; of the older ones, one every so often.
        if saved and saved[-1][0] - (saved[-2][0] if len(saved) > 1 else 0) < CHECKPOINT_EVERY:
            saved.pop()
        saved.append((counted, standing))
    return tuple(saved)


def _folded(memory: Memory, count: int, policy: Policy) -> Memory:
    """The memory with its oldest `count` entries folded into the base; the standing stays as it is."""
    if count <= 0:
        return memory
    gone = memory.entries[:count]
    listed = Counter([entry.outcome for entry in gone if entry.outcome not in UNLISTED])
    return replace(
        memory,
        entries=memory.entries[count:],
        base=recount(gone, policy, memory.base),
        folded=dict(Counter(memory.folded) + listed),
        folded_to=max(memory.folded_to, gone[-1].place),
        saved=tuple([(covered - count, standing) for covered, standing in memory.saved if covered > count]),
    )
