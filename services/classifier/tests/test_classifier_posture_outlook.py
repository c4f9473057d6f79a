"""What a look at a centre decides: what is told, when sanctions rest, who is hot, and which minutes are over."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.adapters.posture_codec import decode, encode, posture_message, telling_id
from siaga_classifier.core.posture.levels import Held, Level, Measured
from siaga_classifier.core.posture.outlook import Outlook, Saved, Sight, Telling, decide
from siaga_classifier.core.posture.pressure import MINUTE_MS, WINDOW, Minute, Pressure, Thresholds
from siaga_classifier.core.posture.progress import IDLE_MS, KEPT_MINUTES, MOST_BEHIND_MINUTES, Mark, begin, progress
from siaga_classifier.core.posture.standing import (
    HOT_FOR_MS,
    MOST_HOT,
    REST_MS,
    Declared,
    HotCaller,
    Posture,
    Span,
    alerts,
    rests,
    still_hot,
)
from siaga_classifier.core.posture.usual import Usual

THRESHOLDS = Thresholds(callers_per_minute=(4, 8, 16), calm_minutes=3)
START = 60 * 24 * 365 * 49
NOW_MS = 1_784_000_000_000
FLOOD = {START + minute: Minute(calls=90, callers=80) for minute in range(10, 20)}
HOT = HotCaller("k1", "", 40, START * MINUTE_MS, (START + 3) * MINUTE_MS)


def sight(over: int, counts: dict[int, Minute] | None = None, **more: object) -> Sight:
    return Sight(
        FLOOD if counts is None else counts, START + over, START + over + 1, (START + over + 1) * MINUTE_MS, **more
    )


def look(saved: Saved, seen: Sight, now_ms: int = NOW_MS) -> Outlook:
    return decide(saved, seen, THRESHOLDS, now_ms)


def levels(outlook: Outlook) -> list[Level]:
    return [telling.posture.level for telling in outlook.tell]


def test_a_calm_centre_is_told_nothing() -> None:
    outlook = look(Saved(Pressure(START)), sight(60, {}))
    assert (outlook.tell, outlook.rest, outlook.alerts) == ((), (), ())


def test_minute_by_minute_each_change_is_told_once_and_revisions_grow() -> None:
    saved = Saved(Pressure(START))
    told: list[Telling] = []
    rested: list[Span] = []
    for over in range(60):
        outlook = look(saved, sight(over))
        assert look(outlook.saved, sight(over)).tell == ()
        told += outlook.tell
        rested += outlook.rest
        saved = outlook.saved
    assert told[0].posture.level is Level.RED
    assert told[0].posture.suspended
    assert told[-1].posture.level is Level.GREEN
    assert [one.revision for one in told] == sorted({one.revision for one in told})
    assert all(one.posture != other.posture for one, other in pairwise(told))
    # Sanctions rest from the minutes by which the flood was seen until it was over, without a gap.
    assert rested[0][0] == (START + 10 - WINDOW + 1) * MINUTE_MS
    assert all(begin_ms <= end_ms for (_, end_ms), (begin_ms, _) in pairwise(rested))
    red_until_ms = next(one.posture.since_ms for one in told[1:])
    assert rested[-1][1] >= red_until_ms


def test_a_month_in_one_look_tells_the_same_changes_at_the_same_times() -> None:
    one_by_one: list[Telling] = []
    saved = Saved(Pressure(START))
    for over in range(61):
        outlook = look(saved, sight(over))
        one_by_one += outlook.tell
        saved = outlook.saved
    at_once = look(Saved(Pressure(START)), sight(60))
    assert [telling.posture for telling in at_once.tell] == [telling.posture for telling in one_by_one]
    assert all(telling.at_ms == telling.posture.since_ms for telling in at_once.tell)
    # What is past rests exactly as long as it was red.
    (span,) = at_once.rest
    assert span == ((START + 10 - WINDOW + 1) * MINUTE_MS, at_once.tell[1].posture.since_ms)


def test_a_rise_in_a_backlog_is_told_with_its_own_time_and_readings() -> None:
    seen = Sight(FLOOD, START + 5, START + 200, (START + 200) * MINUTE_MS)
    (telling,) = look(Saved(Pressure(START)), seen).tell
    assert (telling.posture.level, telling.posture.since_ms) == (Level.RED, (START + 10) * MINUTE_MS)
    assert telling.at_ms == (START + 11) * MINUTE_MS - 1
    assert telling.readings.callers_per_minute == 16


def test_what_was_lost_with_redis_is_told_under_a_greater_revision() -> None:
    first = look(Saved(Pressure(START)), sight(12)).tell
    again = look(Saved(Pressure(START)), sight(12), NOW_MS + 5_000).tell
    assert again[-1].revision > first[-1].revision


def test_a_declared_incident_is_red_whatever_the_rates_and_ends_by_itself() -> None:
    declared = Declared("op-1", "banjir", NOW_MS, NOW_MS + 3_600_000, "d1")
    outlook = look(Saved(Pressure(START)), sight(30, {}, declared=declared))
    (telling,) = outlook.tell
    assert telling.posture == Posture(Level.RED, NOW_MS, "declared", "op-1")
    # The ledger has it from whoever declared it.
    assert outlook.rest == ()
    assert look(outlook.saved, sight(31, {}, declared=declared), NOW_MS + 3_599_999).tell == ()
    (ended,) = look(outlook.saved, sight(31, {}, declared=declared), NOW_MS + 3_600_000).tell
    assert (ended.posture.level, ended.posture.declared_by) == (Level.GREEN, "")


def test_a_lift_in_a_flood_lets_sanctions_go_on_resting() -> None:
    declared = Declared("op-1", "banjir", NOW_MS, NOW_MS + 3_600_000, "d1")
    flooded = look(Saved(Pressure(START)), sight(12, declared=declared))
    assert flooded.rest
    assert look(flooded.saved, sight(12, declared=declared)).rest == ()
    lifted = replace(declared, at_ms=NOW_MS + 60_000, until_ms=NOW_MS + 60_000, decision_id="d2")
    outlook = look(flooded.saved, sight(12, declared=lifted), NOW_MS + 60_000)
    assert levels(outlook) == [Level.RED]
    assert outlook.tell[0].posture.declared_by == ""
    assert outlook.rest


def test_a_hot_caller_is_one_alert_however_often_it_calls() -> None:
    outlook = look(Saved(Pressure(START)), sight(4, {}, hot=[HOT]))
    assert outlook.alerts == (HOT,)
    assert [telling.posture.hot for telling in outlook.tell] == [(HOT,)]
    assert outlook.tell[0].posture.level is Level.GREEN
    again = look(outlook.saved, sight(9, {}, hot=[replace(HOT, calls=900, last_at_ms=(START + 9) * MINUTE_MS)]))
    assert (again.tell, again.alerts) == ((), ())
    gone = look(again.saved, sight(100, {}, hot=[HOT]))
    assert [telling.posture.hot for telling in gone.tell] == [()]
    assert gone.alerts == ()


def test_who_stays_hot() -> None:
    assert still_hot([HOT], HOT.last_at_ms + HOT_FOR_MS - 1) == (HOT,)
    assert still_hot([HOT], HOT.last_at_ms + HOT_FOR_MS) == ()
    many = [replace(HOT, caller_key=f"k{n}", since_ms=n) for n in range(80)]
    kept = still_hot(many, HOT.last_at_ms)
    assert [hot.since_ms for hot in kept] == list(range(MOST_HOT))
    # However much the others call: whoever was told of stays.
    assert (
        still_hot([replace(hot, calls=9_000 - hot.since_ms) for hot in many], HOT.last_at_ms)[0].alert == kept[0].alert
    )
    anonymous = HotCaller("", "asterisk/pbx1", 40, 1, 2)
    assert alerts([HOT], [HOT, anonymous]) == [anonymous]


@given(
    st.lists(st.sampled_from(list(Level)), min_size=1, max_size=12),
    st.integers(0, 90),
)
def test_every_red_minute_rests(measured: list[Level], rested: int) -> None:
    held = [Held(level, (START + 10 * index) * MINUTE_MS) for index, level in enumerate(measured)]
    head_ms = (START + 10 * len(held)) * MINUTE_MS
    before_ms = (START + rested) * MINUTE_MS if rested else 0
    spans = rests(held, before_ms, head_ms)
    for index, one in enumerate(held):
        if one.level is Level.RED:
            end_ms = held[index + 1].since_ms if index + 1 < len(held) else head_ms
            for at_ms in range(one.since_ms, end_ms, MINUTE_MS):
                assert at_ms < before_ms or any(start <= at_ms < end for start, end in spans)
    assert all(start < end <= head_ms + REST_MS for start, end in spans)


def test_a_minute_is_over_when_all_partitions_that_bring_something_have_passed_it() -> None:
    now_ms = NOW_MS
    minute_ms = START * MINUTE_MS
    marks = {0: Mark(minute_ms + 90 * MINUTE_MS, now_ms - 10), 1: Mark(minute_ms + 3 * MINUTE_MS, now_ms - 900)}
    slow = progress(marks, now_ms)
    assert slow is not None
    assert (slow.over - START, slow.head - START) == (2, 90)
    # The slow one has nothing more to bring.
    later = progress(marks, now_ms + IDLE_MS)
    assert later is not None
    assert later.over - START == 89
    quiet = progress(marks, now_ms + 10 * MINUTE_MS)
    assert quiet is not None
    assert quiet.head - START == 100
    assert progress({}, now_ms) is None


def test_where_a_look_goes_on() -> None:
    assert begin(0, START, START + 5) == START - 1
    assert begin(START, START - 9, START + 5) == START
    far = START + MOST_BEHIND_MINUTES + 1
    assert begin(START, START, far) == far - KEPT_MINUTES


def test_what_is_saved_is_read_again() -> None:
    saved = Saved(
        Pressure(START, Held(Level.ORANGE, 5, "wait", 2, Measured(Level.YELLOW, "rate")), Usual(last_hour=2.5, hour=7)),
        Posture(Level.ORANGE, 5, "wait", "op-1", (HOT,)), 12, 99, "d1",
    )  # fmt: skip
    assert decode(encode(saved)) == saved
    assert decode(b"") is None


def test_the_record_and_its_id() -> None:
    outlook = look(Saved(Pressure(START)), sight(12, hot=[replace(HOT, last_at_ms=(START + 12) * MINUTE_MS)]))
    telling = outlook.tell[-1]
    message = posture_message("36.73", telling)
    assert (message.level, message.sanctions_suspended, message.reason) == (4, True, "rate")
    assert (message.hot_callers[0].caller_key, message.hot_callers[0].calls) == ("k1", 40)
    assert message.callers_per_minute >= 16
    assert telling_id("36.73", 1, telling) == telling_id("36.73", 1, replace(telling, at_ms=1))
    assert telling_id("36.73", 1, telling) != telling_id("36.73", 2, telling)
