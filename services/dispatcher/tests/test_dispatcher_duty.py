"""Who is on duty: by the roster, by the crew's own word, over midnight and holidays; and whose telephone rings."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dispatcher_samples import PLAN, POLICY, TENANT, call, report, unit
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.core.decide import on_assessment, on_unit_report
from siaga_dispatcher.core.directory import listed, unlisted
from siaga_dispatcher.core.duty import addressed, last_change_ms, next_change_ms, standing
from siaga_dispatcher.core.status_codes import EIDO, label_of, shown_status, understood
from siaga_dispatcher.core.values import OrderKind, Rules, Situation, Unit, UnitStatus
from siaga_tenants import Contact, Duty, Roster, Shift, Terms, UnitSpec
from siaga_tenants.roster import EVERY_DAY
from siaga_tenants.terms import OwnStatus
from siaga_tenants.vocabulary import UNIT_STATUSES

JAKARTA = ZoneInfo("Asia/Jakarta")
WEEKDAYS = frozenset(range(5))
DAY_CREW, NIGHT_CREW, OWN = (Contact("sms", f"+62812000000{number}") for number in (7, 8, 1))
OFFICE = Duty((Shift("kantor", WEEKDAYS, 7 * 60, 16 * 60),), {date(2026, 12, 25): ()})
ROUND = Duty(
    (
        Shift("siang", EVERY_DAY, 8 * 60, 20 * 60, (DAY_CREW,)),
        Shift("malam", EVERY_DAY, 20 * 60, 32 * 60, (NIGHT_CREW,)),
    )
)
RULES = Rules(PLAN, POLICY, roster=Roster({"d1": ROUND}, {"satgas": OFFICE}), zone=JAKARTA)


def at(text: str) -> int:
    """Milliseconds of a time in Jakarta; 23 November 2026 is a Monday."""
    return int(datetime.fromisoformat(f"{text}+07:00").timestamp() * 1000)


def satgas(**fields: Any) -> Unit:
    return unit("s1", "satgas", **fields)


@pytest.mark.parametrize(
    ("when", "on"),
    [
        ("2026-11-23T06:59:59", False),
        ("2026-11-23T07:00:00", True),
        ("2026-11-23T15:59:59", True),
        ("2026-11-23T16:00:00", False),
        ("2026-11-28T10:00:00", False),  # a Saturday
        ("2026-12-25T10:00:00", False),  # a Friday, and a holiday
        ("2026-12-24T10:00:00", True),
    ],
)
def test_hours_of_an_office(when: str, on: bool) -> None:
    assert bool(OFFICE.shifts_at(JAKARTA, at(when))) == on
    assert standing(satgas(), RULES, at(when)).free == on


def test_a_shift_reaches_into_the_next_day() -> None:
    (night,) = ROUND.shifts_at(JAKARTA, at("2026-11-24T03:00:00"))
    assert night.name == "malam"
    assert last_change_ms(ROUND, JAKARTA, at("2026-11-24T03:00:00")) == at("2026-11-23T20:00:00")
    assert next_change_ms([ROUND, OFFICE], JAKARTA, at("2026-11-24T03:00:00")) == at("2026-11-24T07:00:00")


def test_without_a_roster_everybody_is_on_duty() -> None:
    off = unit("d9", off_shift=True)
    assert not standing(off, RULES, at("2026-11-23T03:00:00")).off_shift
    assert standing(unit("d9", status=UnitStatus.OFF_DUTY), RULES, 0).status is UnitStatus.OFF_DUTY


def said(u: Unit, status: UnitStatus, when: str, **fields: Any) -> Unit:
    """The unit after its crew's word."""
    now = at(when)
    decision = on_unit_report(
        report(u.unit_id, status, event_at_ms=now, **fields), u, None, Situation((u,), RULES, now)
    )
    return decision.units[0] if decision.units else u


def test_the_crews_word_holds_until_the_shift_changes() -> None:
    early = said(satgas(), UnitStatus.OFF_DUTY, "2026-11-23T14:00:00")
    assert standing(early, RULES, at("2026-11-23T15:00:00")).status is UnitStatus.OFF_DUTY
    assert not standing(early, RULES, at("2026-11-23T20:00:00")).free
    morning = standing(standing(early, RULES, at("2026-11-23T16:00:00")), RULES, at("2026-11-24T07:00:00"))
    assert (morning.status, morning.free) == (UnitStatus.AVAILABLE, True)
    late = said(standing(satgas(), RULES, at("2026-11-23T18:00:00")), UnitStatus.AVAILABLE, "2026-11-23T18:00:00")
    assert late.free
    assert standing(late, RULES, at("2026-11-24T06:59:00")).free
    assert standing(late, RULES, at("2026-11-24T12:00:00")).free
    assert not standing(late, RULES, at("2026-11-24T16:00:00")).free


def test_a_word_told_late_does_not_outlive_its_shift() -> None:
    now = at("2026-11-24T09:00:00")
    word = report("s1", UnitStatus.OFF_DUTY, event_at_ms=at("2026-11-23T14:00:00"))
    decision = on_unit_report(word, satgas(), None, Situation((), RULES, now))
    assert decision.units[0].status is UnitStatus.AVAILABLE


def test_a_unit_at_work_stays_at_it_over_the_end_of_its_shift() -> None:
    busy = satgas(status=UnitStatus.ON_SCENE, incident_id="i-1", order_id="o-1")
    after = standing(busy, RULES, at("2026-11-23T17:00:00"))
    assert (after.status, after.incident_id, after.off_shift) == (UnitStatus.ON_SCENE, "i-1", True)
    assert shown_status(after) is UnitStatus.ON_SCENE
    # Clear of its task it goes home, and is not sent again.
    assert not replace(after, status=UnitStatus.AVAILABLE, incident_id="").free
    # Nor does a shift that begins touch what a unit says at its task.
    called_in = satgas(status=UnitStatus.OFF_DUTY, incident_id="i-1", duty_word_at_ms=at("2026-11-22T12:00:00"))
    assert standing(called_in, RULES, at("2026-11-23T09:00:00")) == called_in


def test_a_change_is_found_a_week_away() -> None:
    monday = Duty((Shift("senin", frozenset({0}), 7 * 60, 8 * 60),))
    assert last_change_ms(monday, JAKARTA, at("2026-11-30T06:59:00")) == at("2026-11-23T08:00:00")
    assert next_change_ms([monday], JAKARTA, at("2026-11-23T08:00:00")) == at("2026-11-30T07:00:00")


STATUSES = st.sampled_from(
    [UnitStatus.AVAILABLE, UnitStatus.AVAILABLE_MOBILE, UnitStatus.OFF_DUTY, UnitStatus.ON_SCENE]
)
MOMENTS = st.integers(at("2026-11-20T00:00:00"), at("2027-01-10T00:00:00"))
DUTIES = st.builds(
    Duty,
    st.lists(
        st.builds(
            lambda begin, long, days: Shift("x", frozenset(days), begin, begin + long),
            st.integers(0, 1439),
            st.integers(1, 1440),
            st.sets(st.integers(0, 6)),
        ),
        max_size=4,
    ).map(tuple),
)


@given(DUTIES, MOMENTS, MOMENTS, STATUSES, st.booleans())
def test_standing_is_settled_at_once_and_never_takes_a_task(
    duty: Duty, now: int, word: int, status: UnitStatus, busy: bool
) -> None:
    rules = replace(RULES, roster=Roster({}, {"satgas": duty}))
    before = satgas(status=status, duty_word_at_ms=word, incident_id="i-1" if busy else "")
    after = standing(before, rules, now)
    assert standing(after, rules, now) == after
    assert (after.incident_id, after.order_id, after.version) == (before.incident_id, before.order_id, before.version)
    if busy:
        assert after.status is before.status
    # Nothing changes between two changes of shift.
    assert last_change_ms(duty, JAKARTA, now) <= now < next_change_ms([duty], JAKARTA, now)
    if last_change_ms(duty, JAKARTA, now) > word:
        assert after.off_shift != bool(duty.shifts_at(JAKARTA, now))


@given(DUTIES, MOMENTS)
def test_shifts_change_only_when_they_are_said_to(duty: Duty, now: int) -> None:
    soon = min(next_change_ms([duty], JAKARTA, now), now + 24 * 3_600_000) - 1
    assert duty.shifts_at(JAKARTA, now) == duty.shifts_at(JAKARTA, soon)


def engine(**fields: Any) -> Unit:
    return unit("d1", contacts=(OWN,), **fields)


def test_an_order_rings_only_the_shift_that_is_on_duty() -> None:
    for when, crew in (("2026-11-23T12:00:00", DAY_CREW), ("2026-11-23T23:00:00", NIGHT_CREW)):
        now = at(when)
        decision = addressed(on_assessment(call(), None, (), Situation((engine(),), RULES, now)), RULES, now)
        (order,) = decision.orders
        assert order.unit.contacts == (OWN, crew)
        # What is stored of the unit is its own number alone: the next order asks the roster again.
        assert decision.units[0].contacts == (OWN,)


def test_a_crew_that_stays_over_its_shift_is_still_told_of_its_task() -> None:
    noon, night = at("2026-11-23T19:50:00"), at("2026-11-23T20:10:00")
    first = on_assessment(call(event_at_ms=noon), None, (), Situation((engine(),), RULES, noon))
    assert first.incident is not None
    (sent,) = first.orders
    later = replace(first, orders=(replace(sent, kind=OrderKind.STAND_DOWN, incident=first.incident),))
    assert addressed(later, RULES, night).orders[0].unit.contacts == (OWN, DAY_CREW)


SPEC = UnitSpec("d1", "damkar", "Pos 1", -6.12, 106.15, 50, "surveyed", ("StructureFireEngine",), (OWN,))


def test_a_unit_off_the_list_is_never_sent_and_comes_back_as_it_was() -> None:
    known = listed(TENANT, SPEC, None, 1)
    assert known is not None
    gone = unlisted(replace(known, status=UnitStatus.OUT_OF_SERVICE), 2)
    assert gone is not None
    assert (gone.retired, gone.version, gone.free) == (True, 2, False)
    assert unlisted(gone, 3) is None
    assert shown_status(replace(gone, status=UnitStatus.AVAILABLE)) is UnitStatus.OUT_OF_SERVICE
    back = listed(TENANT, SPEC, gone, 4)
    assert back is not None
    # A broken engine is still broken.
    assert (back.retired, back.version, back.status) == (False, 3, UnitStatus.OUT_OF_SERVICE)


def test_a_unit_off_the_list_keeps_its_task_and_is_not_free_after_it() -> None:
    first = on_assessment(call(), None, (), Situation((engine(),), RULES, 0))
    assert first.incident is not None
    gone = unlisted(first.units[0], 2)
    assert gone is not None
    assert (gone.incident_id, gone.status) == (first.incident.incident_id, UnitStatus.DISPATCHED)
    clear = on_unit_report(report("d1", UnitStatus.CLEAR), gone, first.incident, Situation((gone,), RULES, 0))
    (after,) = clear.units
    assert (after.incident_id, after.free) == ("", False)


TERMS = Terms(
    statuses={"istirahat": OwnStatus("istirahat", "off_duty", "istirahat")}, labels={"en_route": "otw"}
)  # fmt: skip


def test_a_centres_own_status_codes() -> None:
    word = understood(report("s1", None, status_code="istirahat"), TERMS)
    assert word.status is UnitStatus.OFF_DUTY
    assert understood(report("s1", None, status_code="tidur"), TERMS).status is None
    resting = on_unit_report(word, satgas(), None, Situation((), replace(RULES, terms=TERMS), 0)).units[0]
    assert label_of(resting, TERMS) == "istirahat"
    # The code is only a word for what the unit does: when it does something else, it has no say.
    assert label_of(replace(resting, status=UnitStatus.EN_ROUTE), TERMS) == "otw"
    assert label_of(replace(resting, status=UnitStatus.ON_SCENE), TERMS) == "di lokasi"


def test_every_status_has_its_label_and_its_code_for_others() -> None:
    assert set(EIDO) == set(UnitStatus)
    assert set(UNIT_STATUSES) == {status.value for status in UnitStatus}


def test_midnight_is_the_centres_not_the_machines() -> None:
    moment = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)  # Monday 00:30 in Jakarta
    duty = Duty((Shift("x", frozenset({0}), 0, 60),))
    assert duty.shifts_at(JAKARTA, int(moment.timestamp() * 1000))
    assert not duty.shifts_at(UTC, int((moment + timedelta(hours=0)).timestamp() * 1000))
