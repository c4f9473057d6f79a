"""The book: clocks, due times, what is told and what is kept over a restart."""

from collections.abc import Mapping

import pytest
from ledger_desk import WALL, Desk
from siaga_classifier.ledger.adapters.table_codec import decode_account, encode_key
from siaga_classifier.ledger.book import Caller, Posting, UnknownTenantError
from siaga_classifier.ledger.core.clock import EventClock
from siaga_classifier.ledger.core.entries import Entry
from siaga_classifier.ledger.core.model import State
from siaga_classifier.ledger.core.policy import DAY_MS, HOUR_MS, Policy

POLICIES = {"36.73": Policy(version="a"), "32.14": Policy(version="b", temporary_above=2)}
CALLER = Caller("36.73", "k1")
OTHER = Caller("36.73", "k2")
# Events of 2019, replayed in 2026: event time and wall time are years apart.
T0 = 1_549_818_000_000


def opened(table: dict[bytes, bytes] | None = None, shared: Mapping[str, frozenset[str]] | None = None) -> Desk:
    return Desk(POLICIES, table, shared)


def prank(n: int, at_ms: int = T0) -> Entry:
    return Entry(f"call-{n}", at_ms + n, "answered_prank", confirmed=True)


def sanctioned(desk: Desk, caller: Caller = CALLER) -> None:
    for n in range(6):
        desk.post(caller, prank(n))


def states(postings: list[Posting]) -> list[State | None]:
    return [posting.view.state if posting.view else None for posting in postings]


def test_a_call_that_says_nothing_new_is_no_posting() -> None:
    desk = opened()
    assert desk.post(CALLER, prank(1)) is not None
    assert desk.post(CALLER, prank(1)) is None


def test_every_change_of_counts_is_told_and_a_drill_is_not() -> None:
    desk = opened()
    told = [desk.post(CALLER, Entry(f"c{n}", T0 + n, "abandon")) for n in range(3)]
    assert [posting.view.calls for posting in told if posting and posting.view] == [
        {"abandon": 1},
        {"abandon": 2},
        {"abandon": 3},
    ]
    drill = desk.post(OTHER, Entry("d", T0, "test"))
    assert drill is not None
    assert drill.view is None


def test_a_sanction_ends_when_wall_time_has_carried_event_time_to_its_end() -> None:
    desk = opened()
    sanctioned(desk)
    assert desk.fall_due(WALL + DAY_MS - 1) == []
    ended = desk.fall_due(WALL + DAY_MS)
    assert states(ended) == [State.CLEAN]
    assert desk.fall_due(WALL + DAY_MS + 6) == []


def test_a_sanction_ends_when_another_callers_event_carries_the_clock() -> None:
    desk = opened()
    sanctioned(desk)
    desk.post(OTHER, prank(1, T0 + 2 * DAY_MS))
    assert states(desk.fall_due(WALL)) == [State.CLEAN]


def test_one_centres_clock_does_not_move_anothers() -> None:
    desk = opened()
    sanctioned(desk)
    desk.post(Caller("32.14", "k1"), prank(1, T0 + 2 * DAY_MS))
    assert desk.fall_due(WALL) == []


def test_a_sanction_ends_after_a_restart() -> None:
    desk = opened()
    sanctioned(desk)
    again = opened(desk.table)
    assert again.fall_due(WALL + DAY_MS - 1) == []
    assert states(again.fall_due(WALL + DAY_MS)) == [State.CLEAN]


def test_a_sanction_that_fell_due_while_nobody_looked_is_told_as_ended_on_time() -> None:
    desk = opened()
    sanctioned(desk)
    (ended,) = opened(desk.table).fall_due(WALL + 9 * DAY_MS)
    assert ended.view is not None
    assert ended.view.since_ms == T0 + 5 + DAY_MS


def test_a_restart_tells_nothing_twice_and_nothing_less() -> None:
    straight, restarted = opened(), opened()
    for n in range(9):
        one = straight.post(CALLER, prank(n, T0 + n * 5 * HOUR_MS))
        restarted = opened(restarted.table)
        other = restarted.post(CALLER, prank(n, T0 + n * 5 * HOUR_MS))
        assert one is not None
        assert other is not None
        assert one.view == other.view
        assert one.view is not None
        assert other.view is not None
        assert one.view.revision == other.view.revision
        assert opened(restarted.table).post(CALLER, prank(n, T0 + n * 5 * HOUR_MS)) is None


def test_accounts_are_kept_apart_by_tenant_with_its_policy() -> None:
    desk = opened()
    for n in range(3):
        desk.post(Caller("32.14", "k1"), prank(n))
    last = desk.post(CALLER, prank(7))
    sanction = desk.post(Caller("32.14", "k1"), prank(3))
    assert last is not None
    assert last.view is not None
    assert last.view.score == 1
    assert sanction is not None
    assert sanction.view is not None
    assert (sanction.view.state, sanction.view.policy_version) == (State.TEMPORARY, "b")


def test_a_shared_number_is_watched_at_most() -> None:
    desk = opened(shared={"36.73": frozenset({"k1"})})
    sanctioned(desk)
    account = decode_account(desk.table[encode_key(CALLER)])
    assert len(account.memory.entries) == 6
    last = desk.post(CALLER, prank(6))
    assert last is not None
    assert last.view is not None
    assert last.view.state is State.WATCH


def test_an_unknown_tenant_is_refused_and_leaves_no_trace() -> None:
    desk = opened()
    with pytest.raises(UnknownTenantError):
        desk.post(Caller("99.99", "k1"), prank(1))
    assert desk.table == {}
    assert desk.book.fall_due(WALL + 999 * DAY_MS, 10) == []


def test_a_caller_nobody_remembers_is_forgotten_altogether() -> None:
    desk = opened()
    desk.post(CALLER, Entry("c", T0, "abandon"))
    (gone,) = desk.fall_due(WALL + 180 * DAY_MS)
    assert (gone.account, gone.view) == (None, None)
    assert desk.table == {}
    assert desk.fall_due(WALL + 999 * DAY_MS) == []


def test_due_accounts_come_in_portions() -> None:
    desk = opened()
    for n in range(5):
        sanctioned(desk, Caller("36.73", f"k{n}"))
    assert [len(desk.book.fall_due(WALL + 2 * DAY_MS, 2)) for _ in range(4)] == [2, 2, 1, 0]


def test_the_event_clock_never_goes_back() -> None:
    clock = EventClock(0).heard(T0, WALL - 60_000)
    assert clock.now_ms(WALL) == max(T0 + 60_000, WALL)
    replay = EventClock(T0 - WALL).heard(T0 + 5000, WALL + 10_000)
    assert replay.now_ms(WALL + 10_000) == T0 + 10_000
    assert replay.heard(T0 + 20_000, WALL + 10_000).now_ms(WALL + 10_000) == T0 + 20_000


def test_a_switch_years_ahead_does_not_move_the_clock_but_one_a_day_ahead_does() -> None:
    desk = opened()
    for n in range(6):
        desk.post(CALLER, prank(n, WALL))
    desk.post(OTHER, prank(1, WALL + 3650 * DAY_MS))
    assert desk.fall_due(WALL) == []
    assert opened(desk.table).fall_due(WALL) == []
    desk.post(OTHER, prank(2, WALL + 2 * DAY_MS))
    assert states(desk.fall_due(WALL)) == [State.CLEAN]


def test_a_call_from_before_the_clocks_now_is_judged_at_its_own_time() -> None:
    """A day's calls that arrive late start a sanction that is already over, and the next abuse is a repetition."""
    desk = opened()
    desk.post(OTHER, prank(1, T0 + 3 * DAY_MS))
    sanctioned(desk)
    last = desk.post(CALLER, prank(9))
    assert last is not None
    assert last.view is not None
    assert last.view.state is State.CLEAN
    again = desk.post(CALLER, prank(10, T0 + 2 * DAY_MS))
    assert again is not None
    assert again.view is not None
    assert again.view.state is State.PERMANENT
