"""The doors of positions, what stands behind them, and captured files of them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_contracts import ids
from siaga_intake.core.captured import Broken, Piece
from siaga_intake.core.doors import Taken
from siaga_intake.core.events import Accepted, CallEvent, Ignored, Kind, Refusal
from siaga_intake.core.position import captures

NUMBER = "+6281234567890"
SMS = 'A"ML=1;lt=-6.11490;lg=+106.15020;rd=18;top=20240311021530;pm=G;mcc=510;mnc=10;ml=83'
TWO_FIXES = (
    '<presence xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml"><gp:geopriv>'
    "<gp:location-info><gml:Point><gml:pos>-6.1 106.1</gml:pos></gml:Point><gml:Point><gml:pos>-6.2 106.2</gml:pos>"
    "</gml:Point><gml:Point><gml:pos>51.5 0.1</gml:pos></gml:Point><civicAddress><A2>Kota Serang</A2></civicAddress>"
    "</gp:location-info></gp:geopriv></presence>"
)
NAMED = {"source": "kamailio/edge1", "call_ref": "b7c1@10.0.0.5"}

Take = Callable[[str, Any], Taken]
Events = Callable[[str, Any], Sequence[CallEvent]]


def test_every_fix_is_an_event_of_the_call_that_is_named(take: Take) -> None:
    taken = take("pidf_lo", {**NAMED, "pidf_lo": TWO_FIXES})
    assert isinstance(taken, Accepted)
    one, other = taken.events
    assert {event.kind for event in taken.events} == {Kind.POSITION}
    assert one.call_id == other.call_id == ids.call_id("36.73", "kamailio/edge1", "b7c1@10.0.0.5")
    assert one.event_id != other.event_id
    assert [event.position.lat for event in taken.events if event.position] == [-6.1, -6.2]
    assert one.civic is not None
    assert other.civic is None
    assert [defect.field for defect in taken.defects] == ["pidf_lo.Point"]


def test_the_same_document_again_is_the_same_events(events: Events) -> None:
    payload = {**NAMED, "pidf_lo": TWO_FIXES, "at": "2024-03-11T02:15:30Z"}
    assert events("pidf_lo", payload) == events("pidf_lo", dict(reversed(payload.items())))


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"call_ref": "x", "pidf_lo": TWO_FIXES}, "source"),
        ({"source": "radio/1", "call_ref": "x", "pidf_lo": TWO_FIXES}, "source"),
        ({"source": "sip/1", "pidf_lo": TWO_FIXES}, "call_ref"),
        (NAMED, "pidf_lo"),
        ({**NAMED, "pidf_lo": 5}, "pidf_lo"),
        ({**NAMED, "pidf_lo": ""}, "pidf_lo"),
        ({**NAMED, "pidf_lo": "<presence/>"}, "pidf_lo.location-info"),
        ({**NAMED, "pidf_lo": TWO_FIXES.replace("-6.", "46.").replace("A2", "x")}, "pidf_lo.Point"),
    ],
)
def test_a_document_that_gives_nothing_is_refused(take: Take, payload: dict[str, Any], field: str) -> None:
    taken = take("pidf_lo", payload)
    assert isinstance(taken, Refusal)
    assert taken.field == field


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("aml", {"from": NUMBER, "text": SMS}),
        ("aml", {"device_number": NUMBER, "location_latitude": -6.1149, "location_longitude": 106.1502}),
        ("sms", {"from": NUMBER, "to": "112", "text": SMS, "id": "m1"}),
    ],
)
def test_aml_is_a_position_of_its_caller(events: Events, name: str, payload: dict[str, Any]) -> None:
    (event,) = events(name, payload)
    assert (event.kind, event.text) == (Kind.POSITION, "")
    assert event.position is not None
    assert (event.position.source, event.position.lat) == ("aml", -6.1149)
    assert event.caller is not None
    assert event.caller.number == NUMBER


def test_a_damaged_aml_at_the_door_of_sms_is_refused_there_too(take: Take) -> None:
    taken = take("sms", {"from": NUMBER, "text": SMS.replace("rd=18;", "")})
    assert isinstance(taken, Refusal)
    assert taken.field == "ml"


def test_a_phone_that_found_nothing_is_ignored(take: Take) -> None:
    payload = {"device_number": NUMBER, "location_latitude": "0.0", "location_longitude": "0.0"}
    assert take("aml", payload) == Ignored("no_position")


def test_a_canonical_event_tells_how_a_place_was_found(events: Events) -> None:
    where = {"source": "cell", "method": "Cell", "lat": -6.12, "lon": 106.15, "radius_m": 1500, "floor": "2"}
    event = {"specversion": "1.0", "type": "id.siaga112.call.position", "source": "events1", "id": "1", "subject": "c"}
    (found,) = events("events", {**event, "time": "2024-03-11T02:15:30Z", "data": {"position": where}})
    assert found.position is not None
    told = (found.position.source, found.position.method, found.position.radius_m, found.position.floor)
    assert told == ("cell", "Cell", 1500.0, "2")


def test_documents_of_a_file() -> None:
    two = '<?xml version="1.0"?><presence/>\n<?xml version="1.0"?>\n<presence></presence>'
    found: list[Any] = list(captures.documents(two))
    assert [each.where for each in found] == ["document 1", "document 2"]
    assert all(each.payload["pidf_lo"].endswith(("/>\n", "</presence>")) for each in found)
    ((piece),) = captures.documents(json.dumps({"pidf_lo": "<presence/>", "call_ref": "x"}))
    assert isinstance(piece, Piece)
    assert piece.payload == {"source": "sip", "call_ref": "x", "pidf_lo": "<presence/>"}


def test_messages_of_a_file() -> None:
    lines = f"{SMS}\n\n2024 {NUMBER}: {SMS}\n{NUMBER} {SMS}\nhalo\ndevice_number=%2B62812&location_latitude=-6.1\n"
    found = list(captures.messages(lines))
    assert [each.where for each in found] == ["line 1", "line 3", "line 4", "line 5", "line 6"]
    payloads = [each.payload for each in found if isinstance(each, Piece)]
    assert payloads == [
        {"from": "unknown", "text": SMS},
        {"from": NUMBER, "text": SMS},
        {"from": NUMBER, "text": SMS},
        {"device_number": "+62812", "location_latitude": "-6.1"},
    ]
    assert [each.reason for each in found if isinstance(each, Broken)] == ["is no AML: neither an SMS nor a form"]


def test_messages_as_json() -> None:
    lines = json.dumps({"text": SMS}) + "\n" + json.dumps({"device_number": "1"})
    payloads = [each.payload for each in captures.messages(lines) if isinstance(each, Piece)]
    assert payloads == [{"from": "unknown", "text": SMS}, {"device_number": "1"}]


@given(st.text(max_size=200))
def test_any_file_comes_apart(text: str) -> None:
    assert all(isinstance(each, Piece | Broken) for each in (*captures.documents(text), *captures.messages(text)))


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent / "data" / "pidf_lo").glob("*.xml")), ids=lambda path: path.stem
)
def test_captures_at_the_door(take: Take, path: Path) -> None:
    documents: list[Any] = list(captures.documents(path.read_text("utf-8")))
    for piece in documents:
        taken = take("pidf_lo", piece.payload)
        assert isinstance(taken, Accepted | Refusal)
        assert isinstance(taken, Accepted) == (
            "<ca:A1>" in piece.payload["pidf_lo"] or "<cl:FLR>" in piece.payload["pidf_lo"]
        )
