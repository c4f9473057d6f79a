"""The operator's form and the citizens' app."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core.events import Accepted, CallEvent, Channel, Disposition, Kind, Priority, Refusal, Trust

Events = Callable[[str, Any], tuple[CallEvent, ...]]
ARRIVED_MS = 1_710_123_600_000
FORM: dict[str, Any] = {
    "source": "asterisk/pbx1", "call_ref": "1710123330.41", "operator": "op-03", "text": "rumah terbakar, ada orang",
    "address": "Jl. Raya Pandeglang no. 12, dekat masjid", "lat": -6.1149, "lon": 106.1502, "type": "fire_building",
    "priority": "P1", "disposition": "emergency",
}  # fmt: skip
REPORT: dict[str, Any] = {
    "report_id": "r-1", "phone": "081234567890", "text": "pohon tumbang", "lat": -6.1149, "lon": 106.1502,
    "at": "2024-03-11T09:15:30+07:00",
}  # fmt: skip


def test_a_form_is_the_calls_whether_named_by_switch_or_by_id(events: Events) -> None:
    (hangup,) = events("asterisk", {"Event": "Hangup", "Uniqueid": "1710123330.41", "Cause": "16"})
    (by_ref,) = events("form", FORM)
    nameless = {key: value for key, value in FORM.items() if key not in ("source", "call_ref")}
    (by_id,) = events("form", {**nameless, "call_id": hangup.call_id})
    assert by_ref.call_id == by_id.call_id == hangup.call_id
    assert by_ref.source == "asterisk/pbx1"
    assert by_id.source == "form/console"


@pytest.mark.parametrize("source", ["asterisk/pbx1", "asterisk", "asterisk/pbx1.serang.example", "asterisk/42:01"])
def test_any_name_of_the_only_pbx_means_it(events: Events, source: str) -> None:
    (form,) = events("form", {**FORM, "source": source})
    assert form.source == "asterisk/pbx1"


def test_a_form_holds_what_the_operator_wrote(events: Events) -> None:
    (event,) = events("form", FORM)
    form = event.form
    assert (event.kind, event.event_at_ms) == (Kind.FORM, ARRIVED_MS)
    assert form is not None
    assert form.position is not None
    assert (form.text, form.address) == (FORM["text"], FORM["address"])
    assert (form.position.lat, form.position.lon, form.position.source) == (-6.1149, 106.1502, "operator")
    assert (form.type, form.priority, form.disposition) == ("fire_building", Priority.P1, Disposition.EMERGENCY)


def test_a_form_with_only_the_calls_name_is_worth_taking(events: Events) -> None:
    (event,) = events("form", {"source": "asterisk/pbx1", "call_ref": "1"})
    assert event.form is not None
    assert (event.form.disposition, event.form.priority, event.form.position) == (0, 0, None)


def test_the_same_form_again_is_the_same_event_and_a_changed_one_is_not(events: Events) -> None:
    first, again = events("form", FORM)[0], events("form", dict(reversed(FORM.items())))[0]
    changed = events("form", {**FORM, "disposition": "prank"})[0]
    later = events("form", {**FORM, "at": "2024-03-11T09:16:00+07:00"})[0]
    assert first.event_id == again.event_id
    assert len({first.event_id, changed.event_id, later.event_id}) == 3
    assert later.event_at_ms == 1_710_123_360_000


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": ""}, "source"),
        ({"source": "telegraph/1"}, "source"),
        ({"source": "asterisk/"}, "source"),
        ({"call_ref": None}, "call_ref"),
        ({"call_id": "1710123330.41"}, "call_id"),
        ({"disposition": "joke"}, "disposition"),
        ({"disposition": "unspecified"}, "disposition"),
        ({"priority": "P9"}, "priority"),
        ({"type": "Fire!"}, "type"),
        ({"text": "x" * 10_001}, "text"),
        ({"operator": {"name": "op"}}, "operator"),
        ({"at": "2024-03-13T09:15:30+07:00"}, "at"),
    ],
)
def test_a_form_refused_names_the_field(take: Callable[..., Any], changes: dict[str, Any], field: str) -> None:
    refused = take("form", {**FORM, **changes})
    assert isinstance(refused, Refusal)
    assert refused.field == field


def test_an_app_report(events: Events) -> None:
    (event,) = events("app", REPORT)
    assert (event.kind, event.channel, event.source, event.call_ref) == (Kind.MESSAGE, Channel.APP, "app/app1", "r-1")
    assert (event.event_at_ms, event.text) == (1_710_123_330_000, "pohon tumbang")
    assert event.position is not None
    assert event.caller is not None
    assert (event.position.lat, event.position.source, event.position.fixed_at_ms) == (
        -6.1149,
        "app",
        event.event_at_ms,
    )
    assert (event.caller.number, event.caller.trust) == ("+6281234567890", Trust.UNVERIFIED)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lat": None}, "lat"),
        ({"lat": 51.5}, "lat"),
        ({"lon": 16.1}, "lon"),
        ({"lat": "NaN"}, "lat"),
        ({"lat": True}, "lat"),
        ({"radius_m": -1}, "radius_m"),
    ],
)
@pytest.mark.parametrize(("name", "good"), [("form", FORM), ("app", REPORT)])
def test_a_bad_position_is_left_out_and_the_rest_is_taken(
    take: Callable[..., Any], name: str, good: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    taken = take(name, {**good, **changes})
    assert isinstance(taken, Accepted)
    assert [defect.field for defect in taken.defects] == [field]
    (event,) = taken.events
    assert event.position is None
    assert event.form is None or event.form.position is None
    assert event.text or (event.form and event.form.text)


def test_a_report_before_the_first_fix_is_taken_without_a_position(events: Events) -> None:
    (event,) = events("app", {**REPORT, "lat": 0, "lon": 0})
    assert event.position is None


def test_a_report_without_a_number_is_anonymous(events: Events) -> None:
    (event,) = events("app", {"report_id": "r-2", "text": "tolong"})
    assert event.caller is not None
    assert (event.caller.trust, event.event_at_ms) == (Trust.ANONYMOUS, ARRIVED_MS)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"report_id": ""}, "report_id"),
        ({"text": "", "lat": None, "lon": None}, "text"),
        ({"at": "tomorrow"}, "at"),
    ],
)
def test_a_report_refused_names_the_field(take: Callable[..., Any], changes: dict[str, Any], field: str) -> None:
    refused = take("app", {**REPORT, **changes})
    assert isinstance(refused, Refusal)
    assert refused.field == field
