"""What is remembered of one caller, and how one more word is put into it.

The standing is always that of all remembered words taken in the order of (event time, id), whatever the order of their
arrival. Saved standings on the way spare most of that work; `recount` does it all, and must find the same.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Final

from siaga_classifier.ledger.core.entries import RESETTING, UNLISTED, Decision, DecisionKind, Entry, Word
from siaga_classifier.ledger.core.model import Standing, State
from siaga_classifier.ledger.core.passing import advance, next_due_ms
from siaga_classifier.ledger.core.policy import Policy
from siaga_classifier.ledger.core.standing import step

# A handset under a pillow makes more than a thousand calls in an evening: without a bound its record would grow past
# the broker's limit and every call of it would cost more than the one before. Words before the newest 512 keep their
# effect and their count, but a later word on them is only heard when it lifts.
MAX_ENTRIES: Final = 512
# Decisions may name many calls: more of them than people ever take about one caller, and the record would not fit either.
MAX_DECISIONS: Final = 64
# A standing is saved this often on the way: a late call or a revision then costs at most this many steps more.
CHECKPOINT_EVERY: Final = 32

# Where everybody begins.
NEW: Final = Standing()

_place = attrgetter("place")


@dataclass(frozen=True, slots=True)
class Memory:
    """The words on one caller in order; `base` is the standing after those folded away before them."""

    entries: tuple[Word, ...] = ()
    base: Standing = NEW
    # Folded calls by outcome, and the place of the last of them.
    folded: Mapping[str, int] = field(default_factory=dict)
    folded_to: tuple[int, str] = (0, "")
    # How many changes were taken in; together with the standing's ticks it numbers what is published.
    applied: int = 0
    # What the last word corrected, when that changed the standing: "call … corrected from … to …".
    correction: str = ""
    corrected_call_id: str = ""
    # (number of entries, standing after them), ascending; the last one covers all entries.
    saved: tuple[tuple[int, Standing], ...] = ()

    @property
    def standing(self) -> Standing:
        """Where the caller stands after the last remembered word."""
        return self.saved[-1][1] if self.saved else self.base

    @property
    def newest_ms(self) -> int:
        """Event time of the last word."""
        return self.entries[-1].event_at_ms if self.entries else self.folded_to[0]


def take_in(memory: Memory, word: Word, policy: Policy) -> Memory:
    """The memory with this word, or this later word on the same call, in it; the same object when it is nothing new."""
    entries = memory.entries
    known = _index(entries, word.word_id)
    before: Word | None = None
    if known is not None:
        before = entries[known]
        if not word.supersedes(before):
            return memory
        entries = entries[:known] + entries[known + 1 :]
        if isinstance(word, Entry) and isinstance(before, Entry) and _stays_exempt(before, entries):
            word = replace(word, exempt=True)
    elif word.place <= memory.folded_to and not word.lifts:
        return memory
    at = bisect_left(entries, word.place, key=_place)
    entries, first = _exempted((*entries[:at], word, *entries[at:]), at if known is None else min(at, known))
    changed = replace(
        memory,
        entries=entries,
        applied=memory.applied + 1,
        correction="",
        corrected_call_id="",
        saved=_saved(memory, entries, first, policy),
    )
    if isinstance(word, Entry) and isinstance(before, Entry):
        changed = _explained(changed, memory.standing, before, word)
    return _folded(changed, _too_many(entries, word), policy)


def forget_before(memory: Memory, start_ms: int, policy: Policy) -> Memory:
    """The memory without the words before `start_ms`; what they led to stays."""
    return _folded(memory, bisect_left(memory.entries, (start_ms, ""), key=_place), policy)


def recount(entries: Iterable[Word], policy: Policy, base: Standing = NEW) -> Standing:
    """The standing after these words, from nothing (or from `base`): what every shortcut must equal."""
    standing = base
    for word in _exempted(tuple(sorted(entries, key=_place)), 0)[0]:
        standing = step(standing, word, policy)
    return standing


def restored(memory: Memory, policy: Policy) -> Memory:
    """A memory read from the table, with its standings counted again."""
    return replace(memory, saved=_saved(memory, memory.entries, 0, policy))


def calls_by_outcome(memory: Memory, at_ms: int, policy: Policy) -> dict[str, int]:
    """Calls by outcome inside the memory window that ends at `at_ms`; folded ones as long as their last is inside."""
    start = bisect_left(memory.entries, (at_ms - policy.memory_ms + 1, ""), key=_place)
    counts, was_reset = _listed(memory.entries[start:])
    if memory.folded_to[0] > at_ms - policy.memory_ms and not was_reset:
        counts.update(memory.folded)
    return dict(counts)


def due_ms(memory: Memory, at_ms: int, policy: Policy) -> int | None:
    """When time alone changes what is to be told of this caller next, seen from `at_ms`; None = never."""
    standing = advance(memory.standing, at_ms, policy)
    next_ms = next_due_ms(standing, policy)
    if next_ms is not None:
        return next_ms
    return None if _is_for_good(standing) else memory.newest_ms + policy.memory_ms


def is_past(memory: Memory, at_ms: int, policy: Policy) -> bool:
    """Whether nothing of this caller is left to remember: no call in memory, nothing in force."""
    standing = advance(memory.standing, at_ms, policy)
    return (
        standing.state is State.CLEAN
        and not _is_for_good(standing)
        and next_due_ms(standing, policy) is None
        and memory.newest_ms + policy.memory_ms <= at_ms
    )


def _is_for_good(standing: Standing) -> bool:
    """Whether only people end what is in force."""
    return standing.state is State.PERMANENT or standing.number.shared


def _index(entries: tuple[Word, ...], word_id: str) -> int | None:
    # Of the many words of a heavy caller none is asked by way of a property: that takes twice as long.
    ids = [entry.call_id if type(entry) is Entry else entry.word_id for entry in entries]
    return ids.index(word_id) if word_id in ids else None


def _too_many(entries: tuple[Word, ...], word: Word) -> int:
    """How many of the oldest are to be folded away now that this one is in."""
    count = len(entries) - MAX_ENTRIES
    if isinstance(word, Decision):
        decisions = [index for index, one in enumerate(entries) if isinstance(one, Decision)]
        if len(decisions) > MAX_DECISIONS:
            count = max(count, decisions[-MAX_DECISIONS])
        if word.kind is DecisionKind.ERASE:
            # What was erased is gone from the table as well, not only from what is told.
            count = max(count, entries.index(word) + 1)
    return count


def _exempted(entries: tuple[Word, ...], first: int) -> tuple[tuple[Word, ...], int]:
    """The entries with what accepted appeals say of them, and the first place at which anything has changed.

    What is once exempt stays so: the appeal may be folded away before its call.
    """
    accepted = [word for word in entries if type(word) is Decision and word.kind is DecisionKind.APPEAL_ACCEPTED]
    if not accepted:
        return entries, first
    marked = list(entries)
    for index, word in enumerate(entries):
        if isinstance(word, Entry) and not word.exempt and any(decision.exempts(word) for decision in accepted):
            marked[index] = replace(word, exempt=True)
            first = min(first, index)
    return tuple(marked), first


def _stays_exempt(call: Entry, entries: tuple[Word, ...]) -> bool:
    """Whether the appeal that exempted the call is folded away; one that is still here is asked again, of the later word."""
    return call.exempt and not any(type(word) is Decision and word.exempts(call) for word in entries)


def _explained(memory: Memory, before: Standing, was: Entry, word: Entry) -> Memory:
    """The memory with why it stands elsewhere now: somebody corrected what a call was."""
    after = memory.standing
    if was.outcome == word.outcome or (after.state, after.score) == (before.state, before.score):
        return memory
    correction = f"call {word.call_id} corrected from {was.outcome} to {word.outcome}"
    return replace(memory, correction=correction, corrected_call_id=word.call_id)


def _saved(
    memory: Memory, entries: tuple[Word, ...], changed_at: int, policy: Policy
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


def _listed(words: Sequence[Word]) -> tuple[Counter[str], bool]:
    """Calls by outcome since the last reset, and whether there was one."""
    resets = [n for n, word in enumerate(words) if type(word) is Decision and word.kind in RESETTING]
    since = words[resets[-1] :] if resets else words
    outcomes = Counter([word.outcome for word in since if type(word) is Entry])
    for unlisted in UNLISTED:
        outcomes.pop(unlisted, None)
    return outcomes, bool(resets)


def _folded(memory: Memory, count: int, policy: Policy) -> Memory:
    """The memory with its oldest `count` entries folded into the base; the standing stays as it is."""
    if count <= 0:
        return memory
    gone = memory.entries[:count]
    base = memory.base
    # Their marks stay as they are: an appeal that exempts one may not be among those that go.
    for word in gone:
        base = step(base, word, policy)
    listed, was_reset = _listed(gone)
    return replace(
        memory,
        entries=memory.entries[count:],
        base=base,
        folded=dict(listed if was_reset else Counter(memory.folded) + listed),
        folded_to=max(memory.folded_to, gone[-1].place),
        saved=tuple([(covered - count, standing) for covered, standing in memory.saved if covered > count]),
    )
