"""Which fix a unit is sent to, of those that a call gathers in any order."""

import itertools
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga.v1 import call_pb2, place_pb2
from siaga_classifier.adapters import state_codec
from siaga_classifier.adapters.codec import event_of
from siaga_classifier.adapters.state_codec import SavedCall, decode, encode
from siaga_classifier.core import fixes
from siaga_classifier.core.events import CallEvent, Fix
from siaga_classifier.core.fold import fold, join, state_of
from siaga_classifier.core.state import CallState
from siaga_classifier.core.vocabulary import EventKind

AT_MS = 1_710_123_330_000
MINUTE = 60_000


def told(fix: Fix, at_ms: int, event_id: str = "e") -> CallEvent:
    return CallEvent(f"{event_id}{at_ms}{fix}", "c", "36.73", EventKind.POSITION, at_ms, position=fix)


def best(*told_fixes: tuple[Fix, int]) -> Fix | None:
    """The best of fixes told so many ms after the call began, and the same one in whatever order they come."""
    events = [told(fix, AT_MS + after_ms) for fix, after_ms in told_fixes]
    found = {fold(None, order).best_fix for order in itertools.permutations(events)}
    assert len(found) == 1
    return found.pop()


GNSS = Fix(-6.1, 106.1, 18.0, 0, "aml")
LATER_GNSS = replace(GNSS, lat=-6.2)
STREET = Fix(-6.11, 106.11, 600.0, 0, "pidf_lo")
CELL = Fix(-6.3, 106.3, 4_000.0, 0, "cell")


@pytest.mark.parametrize(
    ("told_fixes", "expected"),
    [
        ([(GNSS, 0), (LATER_GNSS, 10_000)], LATER_GNSS),
        ([(GNSS, 0), (CELL, 0)], GNSS),
        ([(GNSS, 0), (CELL, 14 * MINUTE)], GNSS),
        ([(GNSS, 0), (CELL, 16 * MINUTE)], CELL),
        ([(GNSS, 0), (STREET, 9 * MINUTE)], GNSS),
        ([(GNSS, 0), (STREET, 11 * MINUTE)], STREET),
        ([(STREET, 0), (CELL, 4 * MINUTE)], STREET),
        ([(STREET, 0), (CELL, 6 * MINUTE)], CELL),
        ([(CELL, 0), (GNSS, 10_000), (STREET, 20_000)], GNSS),
        # The same moment: the sharper.
        ([(GNSS, 0), (replace(LATER_GNSS, radius_m=30.0), 0)], GNSS),
    ],
)
def test_the_newest_holds_and_a_sharp_one_counts_as_newer(told_fixes: list[tuple[Fix, int]], expected: Fix) -> None:
    assert best(*told_fixes) == expected


def test_the_operators_pin_comes_first() -> None:
    pin = Fix(-6.5, 106.5, 0.0, 0, "operator")
    assert best((pin, 0), (GNSS, 60 * MINUTE), (CELL, 90 * MINUTE)) == pin


@pytest.mark.parametrize(
    ("unstated", "stated_m", "wins"),
    [
        (Fix(-6.4, 106.4, 0.0, 0, "aml", "GNSS"), 90.0, True),
        (Fix(-6.4, 106.4, 0.0, 0, "whatsapp"), 90.0, True),
        (Fix(-6.4, 106.4, 0.0, 0, "pidf_lo", "Manual"), 90.0, True),
        (Fix(-6.4, 106.4, 0.0, 0, "pidf_lo", "Cell"), 4_000.0, False),
        (Fix(-6.4, 106.4, 0.0, 0, "cell"), 4_000.0, False),
        (Fix(-6.4, 106.4, 0.0, 0, "pidf_lo"), 900.0, False),
        (Fix(-6.4, 106.4, 0.0, 0, "pidf_lo"), 2_000.0, True),
    ],
)
def test_an_unstated_radius_is_that_of_its_kind(unstated: Fix, stated_m: float, wins: bool) -> None:
    stated = Fix(-6.1, 106.1, stated_m, 0, "aml")
    found = best((unstated, 0), (stated, 0))
    assert found is not None
    assert (found.lat == unstated.lat) is wins
    assert found.radius_m == (0.0 if wins else stated_m)


def test_the_time_of_the_fix_counts_and_not_when_it_was_told() -> None:
    old = replace(LATER_GNSS, fixed_at_ms=AT_MS - 5 * MINUTE)
    assert best((GNSS, 0), (old, MINUTE)) == GNSS


def test_a_fix_from_the_future_is_as_new_as_its_message() -> None:
    ahead = replace(GNSS, fixed_at_ms=AT_MS + 365 * 24 * 60 * MINUTE)
    assert best((ahead, 0), (LATER_GNSS, MINUTE)) == LATER_GNSS


FIXES = st.builds(
    Fix,
    st.floats(-95, 95) | st.just(float("nan")),
    st.floats(-185, 185),
    st.floats(0, 1e6) | st.sampled_from([0.0, float("nan"), float("inf")]),
    st.integers(0, 2 * AT_MS),
    st.sampled_from(["operator", "app", "aml", "pidf_lo", "cell", "whatsapp", ""]),
    st.sampled_from(["", "GNSS", "gps", "Wifi", "Cell", "Manual", "x"]),
)
TOLD = st.builds(told, FIXES, st.integers(AT_MS, AT_MS + 60 * MINUTE), st.text(max_size=3))


@given(TOLD, TOLD, TOLD)
def test_any_three_fixes_join_in_any_way(one: CallEvent, two: CallEvent, three: CallEvent) -> None:
    a, b, c = state_of(one), state_of(two), state_of(three)
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c))
    assert join(a, a) == a


@given(st.lists(TOLD, min_size=1, max_size=6))
def test_the_best_is_one_of_those_told_and_an_operators_where_there_is_one(events: list[CallEvent]) -> None:
    found = fold(None, events).best_fix
    usable = [event.position for event in events if event.position and fixes.ranked(event.position, AT_MS)]
    if found is None:
        assert usable == []
        return
    assert found in usable
    assert any(fix.source == "operator" for fix in usable) == (found.source == "operator")


@pytest.mark.parametrize(
    ("kept", "other", "expected"),
    [
        ((1, AT_MS, -18.0, fixes.value(GNSS)), CELL, GNSS),
        ((0, AT_MS, -4_000.0, fixes.value(CELL)), GNSS, GNSS),
        ((1, AT_MS, -0.0, fixes.value(replace(GNSS, radius_m=0.0, source="operator"))), LATER_GNSS, None),
    ],
)
def test_a_state_kept_by_the_older_rule_is_ranked_by_this_one(
    kept: tuple[int, int, float, tuple[float, float, float, int, str]], other: Fix, expected: Fix | None
) -> None:
    state = decode(encode(SavedCall(CallState("36.73", fix=kept)))).state
    found = fold(state, [told(other, AT_MS + MINUTE)]).best_fix
    assert found == (expected or Fix(*kept[3]))


def test_the_older_state_still_reads() -> None:
    _, wire, *rest = msgspec.msgpack.decode(encode(SavedCall(CallState("36.73"))))
    wire[-1] = [1, AT_MS, -18.0, [-6.1, 106.1, 18.0, 0, "aml"]]
    assert state_codec.decode(msgspec.msgpack.encode([2, wire, rest[0][:2], *rest[1:]])).state.best_fix == GNSS


@pytest.mark.parametrize(("country", "kept"), [("ID", True), ("", True), ("US", False)])
def test_an_address_abroad_is_none_here(country: str, kept: bool) -> None:
    civic = place_pb2.CivicAddress(country=country, written="Jl. Mawar 3")
    assert event_of(call_pb2.CallEvent(event_id="e", civic=civic)).civic == ("Jl. Mawar 3" if kept else "")


def test_the_method_comes_over_the_wire() -> None:
    message = call_pb2.CallEvent(event_id="e", position=place_pb2.Position(lat=-6.1, lon=106.1, method="Cell"))
    position = event_of(message).position
    assert position is not None
    assert (position.method, fixes.likely_radius_m(position)) == ("Cell", 5_000.0)
