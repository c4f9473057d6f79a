"""Which conversation a message belongs to, and which call a position: in any order, any number of times."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.core.belonging import (
    CALL_OF_POSITION_MS,
    SESSION_KEPT_MS,
    SESSIONS_KEPT,
    Ring,
    Session,
    call_at,
    later,
    merged,
    place,
)
from siaga_intake.core.happening import OfSession

GAP_MS = 100
# Messages of one sender, as (id, time).
MESSAGES = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(1_000, 3_000)), min_size=1, max_size=20, unique_by=lambda told: told[0]
)
Told = list[tuple[int, int]]


def placed(messages: Told, known: tuple[Session, ...] = ()) -> tuple[dict[int, str], tuple[Session, ...]]:
    """The call of each message, as told when it came, and what is known in the end."""
    calls: dict[int, str] = {}
    for name, at_ms in messages:
        session, known = place(known, OfSession("+62", str(name)), at_ms, GAP_MS)
        calls[name] = session.call_ref
    return calls, known


@pytest.mark.parametrize(
    ("times", "conversations"),
    [
        ([1_000], [1]),
        ([1_000, 1_100, 1_200], [3]),
        ([1_000, 1_101], [1, 1]),
        ([1_200, 1_000, 1_100], [1, 2]),
        ([1_100, 1_000, 1_050], [3]),
        ([1_000, 1_150, 1_080], [1, 2]),
    ],
)
def test_messages_within_the_gap_are_one_conversation(times: list[int], conversations: list[int]) -> None:
    calls, known = placed(list(enumerate(times)))
    sizes = [sum(ref == session.call_ref for ref in calls.values()) for session in known]
    assert sorted(sizes) == sorted(conversations)


@given(MESSAGES, st.data())
def test_the_same_message_again_lies_where_it_lay(messages: Told, data: st.DataObject) -> None:
    calls, known = placed(messages)
    again = data.draw(st.lists(st.sampled_from(messages), max_size=10))
    repeated, after = placed(again, known)
    assert after == known
    assert all(calls[name] == call for name, call in repeated.items())


@given(MESSAGES)
def test_in_order_of_their_times_a_gap_and_only_a_gap_divides(messages: Told) -> None:
    calls, _ = placed(ordered := sorted(messages, key=lambda told: told[1]))
    for (one, one_ms), (other, other_ms) in pairwise(ordered):
        assert (calls[one] == calls[other]) == (other_ms - one_ms <= GAP_MS)


@given(MESSAGES)
def test_conversations_never_overlap_and_hold_their_messages(messages: Told) -> None:
    calls, known = placed(messages)
    assert all(one.last_ms < other.first_ms for one, other in pairwise(known))
    spans = {session.call_ref: session for session in known}
    assert all(spans[calls[name]].first_ms <= at_ms <= spans[calls[name]].last_ms for name, at_ms in messages)


@given(MESSAGES, MESSAGES, MESSAGES)
def test_two_memories_know_together_what_each_knows(one: Told, other: Told, third: Told) -> None:
    a, b, c = (placed(each)[1] for each in (one, other, third))
    assert merged(a, b) == merged(b, a)
    assert merged(merged(a, b), c) == merged(a, merged(b, c))
    assert merged(a, a) == a


def test_what_is_remembered_of_a_robot_stays_bounded() -> None:
    _, known = placed([(number, 1_000 + number * 1_000) for number in range(200)])
    assert len(known) == SESSIONS_KEPT
    assert known[-1].call_ref == "199"
    _, known = placed([(1, 1_000), (2, 2_000 + SESSION_KEPT_MS)])
    assert [session.call_ref for session in known] == ["2"]


def test_a_position_belongs_to_the_call_near_its_time() -> None:
    ring = Ring("c1", 10_000_000)
    assert call_at(None, 1) is None
    assert call_at(ring, 10_000_000 + CALL_OF_POSITION_MS) == "c1"
    assert call_at(ring, 10_000_000 - CALL_OF_POSITION_MS) == "c1"
    assert call_at(ring, 10_000_001 + CALL_OF_POSITION_MS) is None


def test_a_call_told_late_does_not_take_the_place_of_a_later_one() -> None:
    early, late = Ring("c1", 1), Ring("c2", 2)
    assert later(early, late) == later(late, early) == later(None, late) == later(late, None) == late
    assert later(None, None) is None
