"""SIP itself: what each message says of a call, in every writing a probe may have it in."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from siaga_intake.core.events import Accepted, CallEvent, Channel, HangupBy, Ignored, Refusal, Trust
from siaga_intake.core.switches import sip_text
from siaga_intake.core.switches.sip_text import Message

Events = Callable[[str, Any], tuple[CallEvent, ...]]
Take = Callable[[str, Any], Any]
DATA = Path(__file__).parent / "data" / "sip_ng911"
AT = 1_710_123_330_000
NUMBER = "+6281234567890"
HEADERS = (
    f"From: <sip:{NUMBER}@trunk.example>;tag=a1", "To: <sip:112@centre.example>", "Call-ID: b7c1@10.0.0.5", "CSeq: 1 INVITE",
)  # fmt: skip
PLACE = (
    '<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple><status><geopriv><location-info>'
    "<Point><pos>-6.1149 106.1502</pos></Point></location-info></geopriv></status></tuple></presence>"
)
PROVIDER = (
    "<EmergencyCallData.ProviderInfo><DataProviderString>Seluler</DataProviderString></EmergencyCallData.ProviderInfo>"
)


def sip(start: str, *headers: str, body: str = "") -> dict[str, Any]:
    """A message with the usual headers, but for those of the same name that are given."""
    given = {each.partition(":")[0] for each in headers}
    kept = [each for each in HEADERS if each.partition(":")[0] not in given]
    return {"start_line": start, "headers": [*kept, *headers], "body": body, "at": AT / 1000}


def multipart(*parts: tuple[str, str], boundary: str = "x") -> str:
    return "".join(f"--{boundary}\r\n{head}\r\n\r\n{text}\r\n" for head, text in parts) + f"--{boundary}--\r\n"


INVITE = sip("INVITE sip:112@centre.example SIP/2.0")


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        (INVITE, ["RINGING"]),
        (sip("INVITE urn:service:sos.fire SIP/2.0"), ["RINGING"]),
        (sip("SIP/2.0 180 Ringing"), ["RINGING"]),
        (sip("SIP/2.0 200 OK"), ["SIP_ANSWERED"]),
        (sip("SIP/2.0 486 Busy Here"), ["ENDED"]),
        (sip("CANCEL sip:112@centre.example SIP/2.0", "CSeq: 1 CANCEL"), ["ENDED"]),
        (sip("BYE sip:112@centre.example SIP/2.0", "CSeq: 2 BYE"), ["ENDED"]),
        (sip("MESSAGE urn:service:sos SIP/2.0", "CSeq: 1 MESSAGE", "Content-Type: text/plain", body="tolong"), ["MESSAGE"]),
        (sip("INVITE sip:112@c SIP/2.0", "Content-Type: application/pidf+xml", body=PLACE), ["RINGING", "POSITION"]),
    ],
)  # fmt: skip
def test_what_a_message_says(told: Callable[..., Any], message: dict[str, Any], kinds: list[str]) -> None:
    assert told("sip", message) == [(kind, AT) for kind in kinds]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (sip("INVITE sip:112@c SIP/2.0", "To: <sip:112@c>;tag=b2"), "irrelevant_event"),
        (sip("INVITE sip:recorder@c SIP/2.0", "Require: siprec"), "other_leg"),
        (sip("INVITE sip:112@c SIP/2.0", "Replaces: 98732@c;from-tag=r33th4x0r"), "other_leg"),
        (sip("INVITE sip:0812345@c SIP/2.0", "From: <sip:112@c>;tag=1", "To: <sip:0812345@c>"), "outgoing_call"),
        (sip("CANCEL sip:112@c SIP/2.0", 'Reason: SIP;cause=200;text="Call completed elsewhere"'), "other_leg"),
        (sip("SIP/2.0 100 Trying"), "irrelevant_event"),
        (sip("SIP/2.0 407 Proxy Authentication Required"), "irrelevant_event"),
        (sip("SIP/2.0 200 OK", "CSeq: 2 BYE"), "irrelevant_event"),
        (sip("MESSAGE sip:conference@c SIP/2.0", "To: <sip:conference@c>", body="x"), "irrelevant_event"),
        *((sip(f"{method} sip:112@c SIP/2.0", f"CSeq: 3 {method}"), "irrelevant_event")
          for method in ("ACK", "INFO", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE")),
        (sip("SING sip:112@c SIP/2.0"), "unknown_event"),
    ],
)  # fmt: skip
def test_says_nothing_of_a_call(take: Take, message: dict[str, Any], reason: str) -> None:
    ignored = take("sip", message)
    assert isinstance(ignored, Ignored)
    assert ignored.reason == reason


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({}, "start_line"),
        ({"start_line": "HTTP/1.1 200 OK"}, "start_line"),
        ({"message": "hello"}, "start_line"),
        ({"start_line": 7}, "start_line"),
        (sip("INVITE sip:112@c SIP/2.0", "Call-ID:"), "Call-ID"),
        ({**INVITE, "at": "soon"}, "at"),
    ],
)
def test_a_refusal_names_the_field(take: Take, message: dict[str, Any], field: str) -> None:
    refused = take("sip", message)
    assert isinstance(refused, Refusal)
    assert refused.field == field


@pytest.mark.parametrize(
    ("message", "by", "q850", "status", "reason"),
    [
        (sip("BYE sip:x SIP/2.0", 'Reason: Q.850;cause=16;text="Normal"'), HangupBy.CALLER, 16, 0, "Normal"),
        (sip("BYE sip:x SIP/2.0", "From: <sip:112@c>;tag=9", "To: <sip:1@c>"), HangupBy.CENTRE, 0, 0, ""),
        (sip("BYE sip:x SIP/2.0", "To: <sip:urn%3Aservice%3Asos@c>"), HangupBy.CALLER, 0, 0, ""),
        (sip("BYE sip:x SIP/2.0", "To: <sip:anybody@c>"), HangupBy.UNSPECIFIED, 0, 0, ""),
        (sip("CANCEL sip:x SIP/2.0", "Reason: SIP ;cause=480, Q.850;cause=19"), HangupBy.CALLER, 19, 487, ""),
        (sip("SIP/2.0 486 Busy Here"), HangupBy.SYSTEM, 0, 486, "Busy Here"),
        (sip("SIP/2.0 487 Request Terminated"), HangupBy.CALLER, 0, 487, "Request Terminated"),
        (sip("SIP/2.0 603 Decline", "Reason: Q.850;cause=999"), HangupBy.SYSTEM, 0, 603, "Decline"),
    ],
)
def test_how_it_ended(
    events: Events, message: dict[str, Any], by: HangupBy, q850: int, status: int, reason: str
) -> None:
    hangup = events("sip", message)[-1].hangup
    assert hangup is not None
    assert (hangup.by, hangup.q850, hangup.sip_status, hangup.reason) == (by, q850, status, reason)


@pytest.mark.parametrize(
    ("headers", "trust", "number"),
    [
        ((), Trust.ASSERTED, NUMBER),
        (("P-Asserted-Identity: <tel:+628111111111>",), Trust.UNVERIFIED, "+628111111111"),
        (("From: Anonymous <sip:anonymous@anonymous.invalid>;tag=1", f"P-Asserted-Identity: <tel:{NUMBER}>"),
         Trust.ASSERTED, NUMBER),
        ((f'P-Asserted-Identity: "A, B" <sip:trunk@c>, <tel:{NUMBER};verstat=TN-Validation-Passed>',), Trust.VERIFIED, NUMBER),
        ((f"P-Asserted-Identity: <tel:{NUMBER};verstat=TN-Validation-Failed>",), Trust.UNVERIFIED, NUMBER),
        ((f"Remote-Party-ID: <sip:{NUMBER}@c>;party=calling",), Trust.ASSERTED, NUMBER),
        (("From: <sip:anonymous@anonymous.invalid>;tag=1", "Privacy: id"), Trust.ANONYMOUS, ""),
        (("From: <sip:10.0.0.5>;tag=1",), Trust.ANONYMOUS, ""),
        (("From: <sip:353472104343540@c>;tag=1",), Trust.NO_SIM, ""),
        (("From: <urn:gsma:imei:35347210-434354-0>;tag=1",), Trust.NO_SIM, ""),
        (("From: <sip:" + "9" * 9_000,), Trust.ANONYMOUS, ""),
        (("From: <<<<>>>>",), Trust.ANONYMOUS, ""),
    ],
)  # fmt: skip
def test_who_calls(events: Events, headers: tuple[str, ...], trust: Trust, number: str) -> None:
    caller = events("sip", sip("INVITE sip:112@c SIP/2.0", *headers))[0].caller
    assert caller is not None
    assert (caller.trust, caller.number) == (trust, number)


@pytest.mark.parametrize(
    ("target", "to", "called"),
    [
        ("sip:112@c;user=phone", "<sip:112@c>", "112"),
        ("tel:112", "<tel:112>", "112"),
        ("sip:queue@c", "<urn:service:sos>", "urn:service:sos"),
        ("sip:queue@c", "<sip:+62112@c>", "+62112"),
        ("sip:queue@c", "<sip:desk@c>", "queue"),
        ("nonsense", "", "nonsense"),
    ],
)
def test_what_was_called(events: Events, target: str, to: str, called: str) -> None:
    assert events("sip", sip(f"INVITE {target} SIP/2.0", f"To: {to}"))[0].called == called


@pytest.mark.parametrize("urn", ["urn:service:test:sos", "urn:service:test.sos.fire"])
def test_a_test_of_the_way_is_a_test(events: Events, urn: str) -> None:
    assert events("sip", sip(f"INVITE {urn} SIP/2.0"))[0].test
    assert not events("sip", INVITE)[0].test


def test_where_and_what_else(events: Events) -> None:
    """Nested parts, in whatever case and line ends; data by value and by reference; the emergency network's name."""
    inner = multipart(("content-type: Application/PIDF+XML\r\nContent-ID: <place@c>", PLACE), boundary="in")
    body = multipart(
        ("Content-Type: application/sdp", "v=0"),
        ('Content-Type: multipart/related; boundary="in"', inner),
        ("Content-Type: application/EmergencyCallData.ProviderInfo+xml\r\nContent-ID: <who@c>", PROVIDER),
    )
    headers = (
        "c: multipart/mixed;boundary=x", "Geolocation: <cid:place@c>, <https://lis.example/1>",
        "Call-Info: <cid:who@c>;purpose=EmergencyCallData.ProviderInfo, <https://d.example/2>;purpose=EmergencyCallData.Comment",
        "Call-Info: <urn:emergency:uid:callid:a1b2:edge.example>;purpose=emergency-CallId",
    )  # fmt: skip
    for written in (body, body.replace("\r\n", "\n"), "\r\n" + body, body[:-5]):
        ringing, position = events("sip", sip("INVITE urn:service:sos SIP/2.0", *headers, body=written))
        assert ringing.emergency_id == position.emergency_id == "urn:emergency:uid:callid:a1b2:edge.example"
        assert position.position is not None
        assert (position.position.lat, position.position.lon) == (-6.1149, 106.1502)
        assert position.additional is not None
        assert position.additional.provider == "Seluler"
        assert position.additional.references == ("https://lis.example/1", "https://d.example/2")


def test_parts_that_somebody_typed(events: Events) -> None:
    """As a laboratory sent them: all indented, no empty lines, the last boundary like the others."""
    body = (
        "      --x\r\n      Content-Type: application/pdf\r\n      %PDF\r\n      --x\r\n"
        f"      Content-Type: application/pidf+xml\r\n      Content-ID: <place@c>\r\n      {PLACE}\r\n      --x\r\n"
    )
    kind = "Content-Type: multipart/mixed; boundary=x"
    for written in (body, body.replace("      ", "")):
        told = events("sip", sip("INVITE sip:112@c SIP/2.0", kind, "Geolocation: <cid:place@c>", body=written))
        assert [event.kind.name for event in told] == ["RINGING", "POSITION"]


@pytest.mark.parametrize("body", ["", "--", "a --x b", "--x", "--x--", "\n--x\n--x--\n", "x\n --xy\n"])
def test_a_body_that_never_comes_apart_costs_no_call(events: Events, body: str) -> None:
    told = events("sip", sip("INVITE sip:112@c SIP/2.0", "Content-Type: multipart/mixed; boundary=x", body=body))
    assert [event.kind.name for event in told] == ["RINGING"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (PLACE.replace("-6.1149", "north"), "pidf_lo"),
        (PLACE[:120], "pidf_lo"),
        ("", "geolocation"),
        ("\0\1", "pidf_lo"),
    ],
)
def test_a_bad_place_is_a_defect_of_the_call(take: Take, body: str, field: str) -> None:
    kind = "Content-Type: application/pidf+xml"
    taken = take("sip", sip("INVITE sip:112@c SIP/2.0", kind, "Geolocation: <cid:gone@c>", body=body))
    assert isinstance(taken, Accepted)
    assert [event.kind.name for event in taken.events] == ["RINGING"]
    assert any(defect.field.startswith(field) for defect in taken.defects)


def test_a_text_to_112_is_a_written_call(events: Events) -> None:
    body = multipart(
        ("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", "dG9sb25n"),
        ("Content-Type: application/pidf+xml", PLACE),
    )
    message, position = events("sip", sip("MESSAGE sip:112@c SIP/2.0", "Content-Type: multipart/mixed; boundary=x", body=body))  # fmt: skip
    assert (message.text, message.channel, position.channel) == ("tolong", Channel.SMS, Channel.SMS)


RAW = "\r\n".join(("INVITE sip:112@centre.example SIP/2.0", *HEADERS, "Content-Length: 0", "", ""))
WRITINGS: list[dict[str, Any]] = [
    {"message": RAW},
    {"message": RAW.replace("\r\n", "\n")},
    {"message": "\r\n\r\n" + RAW},
    {"message": RAW.replace("Call-ID:", "i:").replace("From:", "f :").replace("To:", "t:\r\n ")},
    {"message": RAW.replace("Call-ID:", "CALL-id   :")},
    {"start_line": INVITE["start_line"], "headers": "\r\n".join(HEADERS)},
    {"start_line": INVITE["start_line"], "headers": [each.split(": ", 1) for each in HEADERS]},
    {"start_line": INVITE["start_line"], "headers": [dict(zip(("name", "value"), each.split(": ", 1), strict=True)) for each in HEADERS]},
    {"start_line": INVITE["start_line"], "headers": dict(each.split(": ", 1) for each in HEADERS)},
    {"start_line": INVITE["start_line"], "headers": [*HEADERS, 7, None, ["x"], "no colon"], "body": None, "truncated": True},
]  # fmt: skip


@pytest.mark.parametrize("writing", WRITINGS)
def test_one_message_in_many_writings(events: Events, writing: dict[str, Any]) -> None:
    """The same message, by another probe or at another moment, is the same event."""
    (event,) = events("sip", writing)
    assert event.event_id == events("sip", INVITE)[0].event_id
    assert event.caller == events("sip", INVITE)[0].caller


def test_the_date_of_a_message_is_its_time(told: Callable[..., Any]) -> None:
    dated = {
        key: value
        for key, value in sip("BYE sip:x SIP/2.0", "Date: Mon, 11 Mar 2024 02:15:30 GMT").items()
        if key != "at"
    }
    assert told("sip", dated) == [("ENDED", AT)]
    undated = {**dated, "headers": [*HEADERS, "Date: yesterday"]}
    assert told("sip", undated) == [("ENDED", 1_710_123_600_000)]


def test_a_call_of_an_endless_name_is_not_lost(events: Events) -> None:
    first, again = (events("sip", sip("INVITE sip:112@c SIP/2.0", f"Call-ID: {'x' * 5_000}"))[0] for _ in range(2))
    assert first.call_id == again.call_id
    assert len(first.call_ref) <= 255


def test_values_of_a_header_are_parted_by_commas_outside_quotes_and_brackets() -> None:
    assert sip_text.listed('"A, B" <sip:a,b@c>;x=1 , <tel:1>,, "un\\"quoted, " d') == (
        '"A, B" <sip:a,b@c>;x=1', "<tel:1>", '"un\\"quoted, " d',
    )  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.text(max_size=200),
    head=st.sampled_from(["", "INVITE sip:112@c SIP/2.0\r\n", RAW, "SIP/2.0 200 OK\nCSeq: 1 INVITE\n"]),
)
def test_any_text_is_answered_for(take: Take, raw: str, head: str) -> None:
    assert isinstance(take("sip", {"message": head + raw}), Accepted | Ignored | Refusal)


@given(
    kind=st.text(max_size=40), body=st.text(max_size=300), head=st.sampled_from(["", "multipart/mixed; boundary=x;"])
)
def test_any_body_comes_apart(kind: str, body: str, head: str) -> None:
    for written in (body, f"{body} --x {body}", f"{body}\n--x\n\n{body}"):
        for part in Message("INVITE a SIP/2.0", (("content-type", head + kind),), written).parts():
            assert part.text.strip()


def test_the_capture_of_a_laboratory(take: Take) -> None:
    """308 requests of conformance tests, many with a fault on purpose: each is answered for, and no call is lost."""
    lines = gzip.decompress((DATA / "sip_messages.jsonl.gz").read_bytes()).splitlines()
    results = [take("sip", json.loads(line)) for line in lines]
    assert len(results) == 308
    assert [each for each in results if isinstance(each, Refusal)] == []
    assert "unknown_event" not in {each.reason for each in results if isinstance(each, Ignored)}
    accepted = [each for each in results if isinstance(each, Accepted)]
    kinds = Counter(event.kind.name for each in accepted for event in each.events)
    assert (kinds["RINGING"], kinds["ENDED"], kinds["MESSAGE"]) == (175, 27, 1)
    assert sum(1 for each in accepted for event in each.events if event.additional is not None) >= 20
    assert sum(1 for each in accepted if each.defects) >= 20


def test_a_boundary_that_begins_no_line_is_none() -> None:
    assert sip_text.parts("multipart/mixed; boundary=x", "a --x b\r\nc") == ()
