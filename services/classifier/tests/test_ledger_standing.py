"""Every sentence of the sanction rules, by example."""

from dataclasses import replace

import pytest
from siaga_classifier.ledger.core.entries import Entry
from siaga_classifier.ledger.core.memory import Memory, recount, restored
from siaga_classifier.ledger.core.model import Advice, Permanence, Silence, Standing, State
from siaga_classifier.ledger.core.passing import advance
from siaga_classifier.ledger.core.policy import DAY_MS, HOUR_MS, Policy
from siaga_classifier.ledger.core.view import View, advice, view_of

POLICY = Policy(version="2024-1")
T0 = 1_549_818_000_000
MINUTE_MS = 60_000


def prank(n: int, at_ms: int | None = None, *, confirmed: bool = True, backfilled: bool = False) -> Entry:
    at_ms = T0 + n * HOUR_MS if at_ms is None else at_ms
    return Entry(f"call-{n:03}", at_ms, "answered_prank", confirmed=confirmed, backfilled=backfilled)


def call(outcome: str, at_ms: int, n: int = 900, *, confidential: bool = False) -> Entry:
    return Entry(f"call-{n:03}", at_ms, outcome, confidential=confidential)


def menu_pranks(count: int, start_ms: int, every_ms: int = MINUTE_MS) -> list[Entry]:
    return [Entry(f"menu-{n:03}", start_ms + n * every_ms, "ivr_prank") for n in range(count)]


def standing(*entries: Entry, policy: Policy = POLICY) -> Standing:
    return recount(entries, policy)


def view(*entries: Entry, at_ms: int, policy: Policy = POLICY) -> View:
    return view_of(restored(Memory(entries=tuple(sorted(entries, key=lambda e: e.place))), policy), at_ms, policy)


@pytest.mark.parametrize(
    ("pranks", "state", "score"),
    [
        (0, State.CLEAN, 0),
        (1, State.CLEAN, 1),
        (2, State.CLEAN, 2),
        (3, State.WATCH, 3),
        (4, State.WATCH, 4),
        (5, State.WARNED, 5),
        (6, State.TEMPORARY, 6),
        (7, State.TEMPORARY, 7),
        (20, State.TEMPORARY, 20),
    ],
)
def test_states_by_the_number_of_confirmed_pranks_of_one_day(pranks: int, state: State, score: float) -> None:
    now = standing(*(prank(n) for n in range(pranks)))
    assert (now.state, now.score) == (state, score)


def test_a_prank_that_no_operator_confirmed_weighs_nothing() -> None:
    assert standing(*(prank(n, confirmed=False) for n in range(9))).score == 0


@pytest.mark.parametrize(
    "outcome",
    ["abandon", "ghost", "non_emergency", "misdirected", "unserved", "unresolved", "in_progress"],
)
def test_other_outcomes_weigh_nothing(outcome: str) -> None:
    entries = [replace(call(outcome, T0 + n, n), confirmed=True) for n in range(9)]
    # Silence again and again is looked after, and counts nothing all the same.
    assert replace(standing(*entries), silence=Silence()) == Standing()


def test_a_tenant_may_weigh_other_outcomes() -> None:
    policy = replace(POLICY, weights={"abandon": 0.2})
    assert standing(*(call("abandon", T0 + n, n) for n in range(4)), policy=policy).score == pytest.approx(0.8)


@pytest.mark.parametrize(("count", "score"), [(1, 0), (3, 0), (4, 1), (5, 2), (8, 5)])
def test_the_first_three_menu_pranks_of_a_day_are_free(count: int, score: float) -> None:
    assert standing(*menu_pranks(count, T0)).score == score


@pytest.mark.parametrize(("gap_ms", "score"), [(DAY_MS - 1, 1), (DAY_MS, 0)])
def test_the_free_menu_pranks_are_those_of_the_24_hours_that_end_with_the_call(gap_ms: int, score: float) -> None:
    first, *others = menu_pranks(4, T0 + DAY_MS)
    early = replace(first, event_at_ms=others[-1].event_at_ms - gap_ms)
    assert standing(early, *others).score == score


def test_drills_count_nowhere() -> None:
    drills = [call("test", T0 + n, n) for n in range(9)]
    assert standing(*drills) == Standing()
    assert view(*drills, at_ms=T0 + DAY_MS).calls == {}


def test_a_drill_is_no_real_call() -> None:
    assert standing(*(prank(n) for n in range(6)), call("test", T0 + 6 * HOUR_MS)).state is State.TEMPORARY


def test_abuse_leaves_the_score_when_it_leaves_the_memory() -> None:
    late_ms = T0 + 180 * DAY_MS
    assert standing(*(prank(n, T0 + n) for n in range(5)), prank(9, late_ms + 4)).score == 1
    assert standing(*(prank(n, T0 + n) for n in range(5)), prank(9, late_ms + 3)).score == 2


def test_the_sixth_abuse_starts_a_temporary_sanction_at_its_event_time() -> None:
    told = view(*(prank(n) for n in range(6)), at_ms=T0 + 5 * HOUR_MS)
    begun_ms = T0 + 5 * HOUR_MS
    assert (told.state, told.advice) == (State.TEMPORARY, Advice.SCREEN)
    assert (told.since_ms, told.until_ms, told.cause_call_id) == (begun_ms, begun_ms + DAY_MS, "call-005")


def test_no_sanction_from_the_menu_alone() -> None:
    assert standing(*menu_pranks(30, T0)).state is State.WARNED


def test_the_first_confirmed_abuse_turns_a_high_score_into_a_sanction() -> None:
    now = standing(*menu_pranks(30, T0), prank(1, T0 + HOUR_MS))
    assert (now.state, now.since_ms) == (State.TEMPORARY, T0 + HOUR_MS)


def test_abuse_during_a_temporary_sanction_is_recorded_only() -> None:
    now = standing(*(prank(n) for n in range(12)))
    assert (now.state, now.until_ms, now.score) == (State.TEMPORARY, T0 + 5 * HOUR_MS + DAY_MS, 12)


@pytest.mark.parametrize(("after_ms", "state"), [(DAY_MS - 1, State.TEMPORARY), (DAY_MS, State.CLEAN)])
def test_a_temporary_sanction_ends_on_time(after_ms: int, state: State) -> None:
    told = view(*(prank(n) for n in range(6)), at_ms=T0 + 5 * HOUR_MS + after_ms)
    assert told.state is state
    assert told.score == 6


def test_after_the_end_it_is_clean_since_the_end() -> None:
    told = view(*(prank(n) for n in range(6)), at_ms=T0 + 9 * DAY_MS)
    assert (told.state, told.advice, told.until_ms) == (State.CLEAN, Advice.NORMAL, 0)
    assert told.since_ms == T0 + 5 * HOUR_MS + DAY_MS


def test_the_next_abuse_in_memory_is_permanent_until_two_persons_approve_it() -> None:
    again_ms = T0 + 3 * DAY_MS
    told = view(*(prank(n) for n in range(6)), prank(9, again_ms), at_ms=again_ms)
    assert (told.state, told.advice, told.until_ms) == (State.PERMANENT, Advice.SCREEN, 0)
    assert told.review_by_ms == again_ms + 90 * DAY_MS


@pytest.mark.parametrize(("after_days", "state"), [(179, State.PERMANENT), (181, State.CLEAN)])
def test_a_temporary_sanction_is_forgotten_with_the_memory(after_days: int, state: State) -> None:
    entries = [*(prank(n, T0 + n) for n in range(6)), prank(9, T0 + after_days * DAY_MS)]
    assert standing(*entries).state is state


def test_a_permanent_sanction_outlives_the_memory() -> None:
    told = view(*(prank(n) for n in range(6)), prank(9, T0 + 3 * DAY_MS), at_ms=T0 + 400 * DAY_MS)
    assert (told.state, told.score) == (State.PERMANENT, 0)


@pytest.mark.parametrize("pranks", [0, 3, 6])
@pytest.mark.parametrize(("outcome", "confidential"), [("real", False), ("ghost", True), ("answered_prank", True)])
def test_a_real_or_confidential_call_lifts_at_once(pranks: int, outcome: str, *, confidential: bool) -> None:
    at_ms = T0 + 10 * HOUR_MS
    told = view(*(prank(n) for n in range(pranks)), call(outcome, at_ms, confidential=confidential), at_ms=at_ms)
    assert (told.state, told.advice, told.score) == (State.LIFTED, Advice.NORMAL, 0)
    assert told.protected_until_ms == at_ms + 30 * DAY_MS


def test_a_real_call_lifts_a_permanent_sanction() -> None:
    real = call("real", T0 + 4 * DAY_MS)
    assert standing(*(prank(n) for n in range(6)), prank(9, T0 + 3 * DAY_MS), real).state is State.LIFTED


def test_nothing_counts_while_the_number_is_protected() -> None:
    real = call("real", T0)
    pranks = [prank(n, T0 + DAY_MS + n) for n in range(20)]
    now = standing(real, *pranks)
    assert (now.state, now.score) == (State.LIFTED, 0)


@pytest.mark.parametrize(("after_ms", "score"), [(30 * DAY_MS - 1, 0), (30 * DAY_MS, 1)])
def test_protection_ends_after_30_days(after_ms: int, score: float) -> None:
    now = standing(call("real", T0), prank(1, T0 + after_ms))
    assert now.score == score
    assert advance(now, T0 + 30 * DAY_MS, POLICY).state is State.CLEAN


def test_earlier_abuse_counts_no_more_after_a_real_call() -> None:
    after_ms = T0 + 40 * DAY_MS
    now = standing(*(prank(n) for n in range(5)), call("real", T0 + DAY_MS), *(prank(9, after_ms),))
    assert (now.state, now.score) == (State.CLEAN, 1)


def test_a_second_real_call_protects_from_then_on() -> None:
    second_ms = T0 + 20 * DAY_MS
    now = standing(call("real", T0, 1), call("real", second_ms, 2))
    assert now.until_ms == second_ms + 30 * DAY_MS


def test_backfilled_calls_count_but_start_no_sanction() -> None:
    assert standing(*(prank(n, backfilled=True) for n in range(9))).state is State.WARNED
    now = standing(*(prank(n, backfilled=True) for n in range(9)), prank(10))
    assert (now.state, now.cause_call_id) == (State.TEMPORARY, "call-010")


def test_a_backfilled_call_makes_nothing_permanent() -> None:
    expired = [prank(n) for n in range(6)]
    filled = prank(20, T0 + 5 * DAY_MS, backfilled=True)
    assert standing(*expired, filled).state is State.CLEAN
    assert standing(*expired, filled, prank(21, T0 + 6 * DAY_MS)).state is State.PERMANENT


@pytest.mark.parametrize("pranks", [3, 5, 6, 30])
def test_a_shared_number_is_never_above_watch(pranks: int) -> None:
    shared = replace(POLICY, shared=True)
    assert standing(*(prank(n) for n in range(pranks)), policy=shared).state is State.WATCH


@pytest.mark.parametrize(
    ("state", "trust", "approved_by", "confirmed_by", "wanted"),
    [
        (State.CLEAN, "verified", (), (), Advice.NORMAL),
        (State.WATCH, "verified", (), (), Advice.NORMAL),
        (State.WARNED, "verified", (), (), Advice.NORMAL),
        (State.LIFTED, "verified", (), (), Advice.NORMAL),
        (State.TEMPORARY, "verified", (), (), Advice.SCREEN),
        (State.PERMANENT, "verified", (), ("op-1", "op-2"), Advice.SCREEN),
        (State.PERMANENT, "verified", ("sup-1",), ("op-1", "op-2"), Advice.SCREEN),
        (State.PERMANENT, "verified", ("sup-1", "sup-1"), ("op-1", "op-2"), Advice.SCREEN),
        (State.PERMANENT, "verified", ("sup-1", "sup-2"), ("op-1",), Advice.SCREEN),
        (State.PERMANENT, "verified", ("sup-1", "sup-2"), ("op-1", "op-2"), Advice.SCREEN_LOW),
        (State.PERMANENT, "asserted", ("sup-1", "sup-2"), ("op-1", "op-2"), Advice.SCREEN_LOW),
        (State.PERMANENT, "unverified", ("sup-1", "sup-2"), ("op-1", "op-2"), Advice.SCREEN),
        (State.PERMANENT, "unspecified", ("sup-1", "sup-2"), ("op-1", "op-2"), Advice.SCREEN),
        (State.TEMPORARY, "unverified", (), (), Advice.SCREEN),
    ],
)
def test_advice(
    state: State, trust: str, approved_by: tuple[str, ...], confirmed_by: tuple[str, ...], wanted: Advice
) -> None:
    stands = Standing(state=state, trust=trust, permanence=Permanence(approved_by, confirmed_by))
    assert advice(stands) is wanted


def test_calls_by_outcome_are_those_in_memory_weighted_or_not() -> None:
    entries = [call("abandon", T0, 1), call("abandon", T0 + DAY_MS, 2), call("ghost", T0 + DAY_MS, 3), prank(4)]
    assert view(*entries, at_ms=T0 + DAY_MS).calls == {"abandon": 2, "ghost": 1, "answered_prank": 1}
    assert view(*entries, at_ms=T0 + 180 * DAY_MS).calls == {"abandon": 1, "ghost": 1, "answered_prank": 1}


def test_durations_and_limits_are_the_policys() -> None:
    policy = replace(POLICY, watch_at=1, warn_at=2, temporary_above=2, temporary_ms=3 * DAY_MS, version="own")
    told = view(*(prank(n) for n in range(3)), at_ms=T0 + 2 * HOUR_MS, policy=policy)
    assert (told.state, told.policy_version) == (State.TEMPORARY, "own")
    assert told.until_ms == T0 + 2 * HOUR_MS + 3 * DAY_MS
