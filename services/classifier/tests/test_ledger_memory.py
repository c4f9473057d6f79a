"""Whatever the order, the repetitions and the shortcuts: the same calls make the same standing."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_samples import last_words
from siaga_classifier.ledger.core.entries import Decision, DecisionKind, Entry, Word
from siaga_classifier.ledger.core.memory import (
    CHECKPOINT_EVERY,
    MAX_ENTRIES,
    Memory,
    due_ms,
    forget_before,
    is_past,
    recount,
    restored,
    take_in,
)
from siaga_classifier.ledger.core.model import Advice, State
from siaga_classifier.ledger.core.passing import advance
from siaga_classifier.ledger.core.policy import DAY_MS, HOUR_MS, Policy
from siaga_classifier.ledger.core.view import View, view_of

# Short enough that examples cross every window of it.
POLICY = Policy(version="t", memory_ms=20 * DAY_MS, protection_ms=4 * DAY_MS)
T0 = 1_549_818_000_000
OUTCOMES = ["answered_prank", "answered_prank", "answered_prank", "ivr_prank", "ivr_prank", "abandon", "test", "real"]


# (choices) of call, half day, outcome, revision, confirmed, confidential, backfilled: one number an entry, because
# drawing seven values each makes the examples ten times as slow.
RADICES = (12, 81, len(OUTCOMES), 3, 2, 12, 5)


def entry_of(number: int) -> Entry:
    digits = []
    for radix in RADICES:
        number, digit = divmod(number, radix)
        digits.append(digit)
    call, half_day, outcome, revision, confirmed, confidential, backfilled = digits
    # Times are coarse, so that equal ones and exact window edges come up.
    return Entry(
        call_id=f"call-{call:02}",
        event_at_ms=T0 + half_day * 12 * HOUR_MS,
        outcome=OUTCOMES[outcome],
        revision=revision + 1,
        confirmed=bool(confirmed),
        confidential=confidential == 0,
        backfilled=backfilled == 0,
    )


def histories() -> st.SearchStrategy[list[Entry]]:
    """Words on up to 12 calls: some calls have several revisions, which may move them in time."""
    entries = st.integers(0, math.prod(RADICES) - 1).map(entry_of)
    return st.lists(entries, max_size=30)


def taken_in(entries: Sequence[Word], policy: Policy = POLICY) -> Memory:
    memory = Memory()
    for entry in entries:
        memory = take_in(memory, entry, policy)
    return memory


@given(histories())
def test_the_shortcuts_equal_the_full_recount(entries: list[Entry]) -> None:
    memory = Memory()
    for n, entry in enumerate(entries, 1):
        memory = take_in(memory, entry, POLICY)
        assert memory.standing == recount(last_words(entries[:n]), POLICY)


@given(histories().flatmap(lambda e: st.tuples(st.just(e), st.permutations(e + e[::2]))), st.integers(0, 100))
def test_arrival_order_and_repetition_do_not_matter(both: tuple[list[Entry], list[Entry]], days: int) -> None:
    straight, shuffled = both
    at_ms = T0 + days * DAY_MS
    assert view_of(taken_in(straight), at_ms, POLICY) == view_of(taken_in(shuffled), at_ms, POLICY)
    assert taken_in(straight).entries == taken_in(shuffled).entries


@given(histories())
def test_a_repeated_word_changes_nothing_at_all(entries: list[Entry]) -> None:
    memory = taken_in(entries)
    for entry in entries:
        assert take_in(memory, entry, POLICY) is memory


@given(histories())
def test_a_memory_read_back_stands_where_it_stood(entries: list[Entry]) -> None:
    memory = taken_in(entries)
    assert restored(replace(memory, saved=()), POLICY).standing == memory.standing


@given(histories(), st.integers(0, 90))
def test_forgetting_calls_keeps_what_they_led_to(entries: list[Entry], days: int) -> None:
    memory = taken_in(entries)
    kept = forget_before(memory, T0 + days * DAY_MS, POLICY)
    assert kept.standing == memory.standing
    assert restored(kept, POLICY).standing == memory.standing


@given(histories())
def test_no_sanction_without_an_operator_inv_3(entries: list[Entry]) -> None:
    unconfirmed = [replace(entry, confirmed=False) for entry in entries]
    memory = Memory()
    for entry in unconfirmed:
        memory = take_in(memory, entry, POLICY)
        assert memory.standing.state not in (State.TEMPORARY, State.PERMANENT)


@given(histories(), st.booleans(), st.integers(0, 79))
def test_a_real_or_confidential_call_lifts_and_protects_inv_4(
    entries: list[Entry], confidential: bool, half_days: int
) -> None:
    at_ms = T0 + half_days * 12 * HOUR_MS
    help_call = Entry("help", at_ms, "ghost" if confidential else "real", confidential=confidential)
    known = [entry for entry in entries if entry.event_at_ms < at_ms + POLICY.protection_ms]
    memory = take_in(taken_in(known), help_call, POLICY)
    for hours in (0, 1, 4 * 24 - 1):
        told = view_of(memory, at_ms + hours * HOUR_MS, POLICY)
        assert (told.state, told.advice) == (State.LIFTED, Advice.NORMAL)
        assert told.protected_until_ms >= at_ms + POLICY.protection_ms


@given(histories(), st.lists(st.integers(0, 130), max_size=6))
def test_time_in_steps_is_time_in_one_inv_5(entries: list[Entry], days: list[int]) -> None:
    standing = recount(entries, POLICY)
    stepped = standing
    for day in sorted(days):
        stepped = advance(stepped, T0 + day * DAY_MS, POLICY)
    assert stepped == advance(standing, T0 + max(days, default=0) * DAY_MS, POLICY)


@given(histories())
def test_every_sanction_has_a_due_time_and_is_over_then_inv_7(entries: list[Entry]) -> None:
    memory = taken_in(entries)
    if memory.standing.state is not State.TEMPORARY:
        return
    ends_ms = memory.standing.until_ms
    at_ms = memory.entries[-1].event_at_ms
    while (due := due_ms(memory, at_ms, POLICY)) is not None and due < ends_ms:
        at_ms = due
    assert due == ends_ms
    assert view_of(memory, ends_ms - 1, POLICY).state is State.TEMPORARY
    assert view_of(memory, ends_ms, POLICY).state is State.CLEAN


@given(histories(), st.integers(0, 40))
def test_revisions_number_what_is_told(entries: list[Entry], days: int) -> None:
    told: dict[int, View] = {}
    memory, number = Memory(), 0
    for entry in entries:
        memory = take_in(memory, entry, POLICY)
        newest_ms = memory.entries[-1].event_at_ms
        for at_ms in (newest_ms, newest_ms + days * DAY_MS):
            view = view_of(memory, at_ms, POLICY)
            # Never back to a lower number, unless it is the same memory seen from an earlier time.
            assert view.revision >> 10 >= number >> 10
            number = view.revision
            calls = replace(view, calls={}, event_at_ms=0)
            assert told.setdefault(view.revision, calls) == calls


@given(histories())
def test_time_forgets_everybody_but_the_permanent(entries: list[Entry]) -> None:
    memory = taken_in(entries)
    if not memory.entries:
        return
    at_ms = memory.entries[-1].event_at_ms
    for _ in range(200):
        due = due_ms(memory, at_ms, POLICY)
        if due is None or is_past(memory, due, POLICY):
            break
        assert due > at_ms
        at_ms = due
    assert is_past(memory, due, POLICY) if due is not None else memory.standing.state is State.PERMANENT


def test_a_record_stays_bounded_and_loses_no_count() -> None:
    calls = MAX_ENTRIES + 100
    entries = [Entry(f"call-{n:05}", T0 + n * 1000, "ghost") for n in range(calls)]
    memory = taken_in(entries)
    assert len(memory.entries) == MAX_ENTRIES
    assert view_of(memory, T0, POLICY).calls == {"ghost": calls}
    # A folded call that comes again is neither counted twice nor remembered again.
    assert take_in(memory, entries[3], POLICY) is memory


def test_what_was_folded_away_still_sanctions() -> None:
    pranks = [Entry(f"a-{n}", T0 + n, "answered_prank", confirmed=True) for n in range(6)]
    many = [Entry(f"b-{n:05}", T0 + DAY_MS * 2 + n, "ghost") for n in range(MAX_ENTRIES + 10)]
    again = Entry("c", T0 + 3 * DAY_MS, "answered_prank", confirmed=True)
    assert taken_in([*pranks, *many, again]).standing.state is State.PERMANENT


def test_a_late_real_call_lifts_even_from_before_what_was_folded() -> None:
    pranks = [Entry(f"a-{n:05}", T0 + n * 1000, "answered_prank", confirmed=True) for n in range(MAX_ENTRIES + 10)]
    memory = take_in(taken_in(pranks), Entry("late", T0 + 5, "real"), POLICY)
    assert memory.standing.state is State.LIFTED


@settings(max_examples=25)
@given(st.lists(st.integers(0, 3 * CHECKPOINT_EVERY), max_size=40))
def test_long_histories_equal_the_recount_wherever_a_word_comes_in(places: list[int]) -> None:
    entries = [
        Entry(f"call-{n:04}", T0 + n * HOUR_MS, "answered_prank" if n % 4 else "ivr_prank", confirmed=n % 3 > 0)
        for n in range(3 * CHECKPOINT_EVERY)
    ]
    late = [
        Entry(f"call-{place:04}", T0 + place * HOUR_MS + 1, "ivr_prank", revision=n + 2)
        for n, place in enumerate(places)
    ]
    words = entries + late
    assert taken_in(words).standing == recount(last_words(words), POLICY)


@pytest.mark.parametrize("newest", [True, False])
def test_the_higher_revision_wins_in_either_order(newest: bool) -> None:
    first = Entry("c", T0, "unresolved", revision=1)
    second = Entry("c", T0 + 5000, "answered_prank", revision=2, confirmed=True)
    words = [first, second] if newest else [second, first]
    assert taken_in(words).entries == (second,)


KINDS = [kind for kind in DecisionKind if kind is not DecisionKind.ERASE]


def decision_of(number: int) -> Decision:
    number, kind = divmod(number, len(KINDS))
    number, call = divmod(number, 12)
    half_day, named = divmod(number, 2)
    return Decision(
        # Derived from what is decided, as the contract has it: the same id is the same decision.
        f"decision-{half_day:02}-{kind:02}-{call:02}-{named}",
        T0 + half_day * 12 * HOUR_MS,
        KINDS[kind],
        f"sup-{call % 3}",
        tags=("child",) if call % 2 else ("mental_health",),
        call_ids=(f"call-{call:02}",) if named else (),
    )


words = st.lists(
    st.integers(0, math.prod(RADICES) - 1).map(entry_of)
    | st.integers(0, math.prod(RADICES) - 1).map(entry_of)
    | st.integers(0, 12 * 2 * 60 * len(KINDS) - 1).map(decision_of),
    max_size=20,
)


@given(words)
def test_with_decisions_the_shortcuts_equal_the_full_recount(said: list[Word]) -> None:
    memory = Memory()
    for n, word in enumerate(said, 1):
        memory = take_in(memory, word, POLICY)
        assert memory.standing == recount(last_words(said[:n]), POLICY)


@given(words.flatmap(lambda w: st.tuples(st.just(w), st.permutations(w + w[::2]))), st.integers(0, 60))
def test_with_decisions_order_and_repetition_do_not_matter(both: tuple[list[Word], list[Word]], days: int) -> None:
    straight, shuffled = both
    at_ms = T0 + days * DAY_MS
    assert view_of(taken_in(straight), at_ms, POLICY) == view_of(taken_in(shuffled), at_ms, POLICY)


def test_a_call_that_turns_out_to_be_later_than_an_accepted_appeal_counts_whatever_came_first() -> None:
    early = Entry("c", T0, "answered_prank", 1, confirmed=True)
    appeal = Decision("d", T0 + 1_000, DecisionKind.APPEAL_ACCEPTED, "sup-1")
    later = Entry("c", T0 + 2_000, "answered_prank", 2, confirmed=True)
    found = []
    for order in ((early, appeal, later), (early, later, appeal)):
        memory = Memory()
        for word in order:
            memory = take_in(memory, word, POLICY)
        found.append(memory.standing)
    assert found[0] == found[1]
    assert found[0].counted
