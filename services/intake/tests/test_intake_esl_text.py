"""The event socket's text: whole frames from any cut of the bytes, and events from captures as people make them."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.core.doors import Taken
from siaga_intake.core.events import Accepted, Ignored, Refusal
from siaga_intake.core.switches import esl_capture, esl_text
from siaga_intake.core.switches.esl_text import BODY, Frames, UnframedError

DATA = Path(__file__).parent / "data" / "esl"
PLAIN = (
    "Event-Name: CHANNEL_CREATE\nUnique-ID: a1b2\nCaller-Caller-ID-Name: Budi%20%26%20Siti\n"
    "Caller-Caller-ID-Number: %2B6281234567890\nEvent-Date-Timestamp: 1710123330120000\n\n"
)
JOB = "Event-Name: BACKGROUND_JOB\nJob-UUID: 7f4d\nContent-Length: 12\n\n+OK 7f4de4b\n"
JSON_EVENT = (
    '{"Event-Name":"CUSTOM","Event-Subclass":"callcenter::info","CC-Action":"agent-offering","_body":"a\\n\\nb"}'
)


def framed(content_type: str, body: str) -> str:
    return f"Content-Length: {len(body.encode())}\nContent-Type: {content_type}\n\n{body}"


SESSION = (
    "Content-Type: auth/request\n\n"
    "Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
    + framed("text/event-plain", PLAIN)
    + framed("text/event-plain", JOB)
    + framed("text/event-json", JSON_EVENT)
    + framed("text/disconnect-notice", "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n")
).encode()
TYPES = [
    "auth/request", "command/reply", "text/event-plain", "text/event-plain", "text/event-json", "text/disconnect-notice",
]  # fmt: skip


def read(*chunks: bytes) -> list[esl_text.Frame]:
    frames = Frames()
    return [frame for chunk in chunks for frame in frames.feed(chunk)]


@given(st.lists(st.integers(0, len(SESSION)), max_size=12))
def test_any_cut_gives_the_same_frames(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(SESSION)]
    found = read(*(SESSION[start:end] for start, end in pairwise(places)))
    assert [frame.content_type for frame in found] == TYPES
    assert found == read(SESSION)


def test_events_of_a_session() -> None:
    events = [told for frame in read(SESSION) if (told := esl_text.event(frame)) is not None]
    create, job, custom = events
    assert create["Caller-Caller-ID-Name"] == "Budi & Siti"
    assert create["Caller-Caller-ID-Number"] == "+6281234567890"
    assert (job["Job-UUID"], job[BODY]) == ("7f4d", "+OK 7f4de4b\n")
    assert custom == msgspec.json.decode(JSON_EVENT)


def test_a_wrong_byte_in_a_name_costs_no_event() -> None:
    body = b'{"Event-Name":"HEARTBEAT","Caller-Caller-ID-Name":"Bud\xed"}'
    (frame,) = read(b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body)
    told = esl_text.event(frame)
    assert told is not None
    assert told["Event-Name"] == "HEARTBEAT"


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "99999999999999999999"])
def test_no_event_socket(length: str) -> None:
    with pytest.raises(UnframedError):
        read(f"Content-Length: {length}\n\n".encode())


def test_no_end_of_headers() -> None:
    with pytest.raises(UnframedError):
        read(b"x" * (esl_text.MAX_FRAME_BYTES + 1))


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    try:
        for frame in read(data):
            esl_text.event(frame)
    except UnframedError:
        pass
    list(esl_capture.messages(data.decode("utf-8", "replace")))


# --- captures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(DATA.glob("*.txt")), ids=lambda path: path.name)
def test_real_captures_hold_no_unknown_event(take: Callable[[str, Any], Taken], path: Path) -> None:
    told = list(esl_capture.messages(path.read_text(encoding="utf-8")))
    assert len(told) == 1
    for event in told:
        taken = take("freeswitch", event)
        assert not isinstance(taken, Refusal), (event, taken)
        assert not isinstance(taken, Ignored) or taken.reason != "unknown_event", event


def captured(name: str) -> dict[str, str]:
    (event,) = esl_capture.messages((DATA / f"genesis_{name}.txt").read_text(encoding="utf-8"))
    return dict(event)  # type: ignore[arg-type]


def test_a_description_of_many_lines_stays_one_value() -> None:
    event = captured("channel_create")
    assert event["variable_switch_r_sdp"].startswith("v=0\no=- 3631463817")
    assert event["variable_switch_r_sdp"].endswith("a=rtcp:4017 IN IP4 203.0.113.97")
    assert event["variable_endpoint_disposition"] == "DELAYED NEGOTIATION"
    assert event["Caller-Caller-ID-Name"] == "edev - 100"


def test_bodies_and_lengths_that_no_longer_fit() -> None:
    assert captured("background_job")[BODY].strip() == "+OK 7f4de4bc-17d7-11dd-b7a0-db4edd065621"
    assert captured("mod_audio_stream_play")[BODY].startswith('{"audioDataType":"raw"')
    assert captured("register")["contact"].startswith('"1000" <sip:1000@192.168.1.23')


def test_the_real_call_is_a_call(take: Callable[[str, Any], Taken]) -> None:
    taken = take("freeswitch", captured("channel_create"))
    assert isinstance(taken, Accepted)
    (event,) = taken.events
    assert (event.kind.name, event.call_ref, event.called) == ("RINGING", "d0b1da34-a727-11e4-9728-6f83a2e5e50a", "101")
    assert event.event_at_ms == 1_422_468_044_671


def test_a_key_that_is_a_placeholder_is_left_out(take: Callable[[str, Any], Taken]) -> None:
    taken = take("freeswitch", captured("dtmf"))
    assert isinstance(taken, Accepted)
    assert [(event.kind.name, event.digits) for event in taken.events] == [("IVR_INPUT", "")]
    assert [defect.field for defect in taken.defects] == ["DTMF-Digit"]


@pytest.mark.parametrize(
    "text",
    [
        SESSION.decode(),
        # With the lengths of another file, as after replacing addresses.
        SESSION.decode().replace("Content-Length: ", "Content-Length: 1"),
        SESSION.decode().replace("\n", "\r\n"),
        # A terminal's copy, whose last line's end is missing.
        SESSION.decode().rstrip("\n"),
    ],
    ids=["whole", "wrong lengths", "dos", "cut"],
)
def test_a_session_however_it_was_kept(text: str) -> None:
    told = list(esl_capture.messages(text))
    names = [str(event["Event-Name"]) for event in told if "Event-Name" in event]
    assert names == ["CHANNEL_CREATE", "BACKGROUND_JOB", "CUSTOM"]
    assert [event["Content-Type"] for event in told if "Event-Name" not in event][:2] == TYPES[:2]


@pytest.mark.parametrize(
    "text",
    [
        "    Event-Name: DTMF\n    DTMF-Digit: %23\n    Unique-ID: a\n",
        '[INFO] a line of the log\n{\n "Event-Name": "DTMF",\n "DTMF-Digit": "#",\n "Unique-ID": "a"\n}\n',
        ("Content-Length: 999\nContent-Type: text/event-xml\n\n<event>\n <headers>\n  <Event-Name>DTMF</Event-Name>\n"
        "  <DTMF-Digit>%23</DTMF-Digit>\n  <Unique-ID>a</Unique-ID>\n </headers>\n</event>\n"),
        framed("text/event-xml", "<event><headers><Event-Name>DTMF</Event-Name><DTMF-Digit>%23</DTMF-Digit>"
                                 "<Unique-ID>a</Unique-ID></headers></event>"),
    ],
    ids=["indented", "json after a log line", "xml with another length", "xml"],
)  # fmt: skip
def test_an_event_however_it_was_shown(text: str) -> None:
    (event,) = esl_capture.messages(text)
    assert event == {"Event-Name": "DTMF", "DTMF-Digit": "#", "Unique-ID": "a"}


def test_what_is_no_event_is_told(take: Callable[[str, Any], Taken]) -> None:
    (noise, event) = esl_capture.messages("nothing of a socket\n\nEvent-Name: HEARTBEAT\n")
    assert take("freeswitch", noise) == Refusal("Event-Name", "missing")
    assert event["Event-Name"] == "HEARTBEAT"


def test_an_answer_of_many_lines_belongs_to_its_word() -> None:
    shown = "Content-Type: api/response\nContent-Length: 9\n\nUP 1 day\n\n1 session\n\nEvent-Name: HEARTBEAT\n"
    assert [event.get("Event-Name") for event in esl_capture.messages(shown)] == [None, "HEARTBEAT"]


def test_no_entity_of_xml_is_opened() -> None:
    bomb = '<!DOCTYPE e [<!ENTITY a "x">]><event><headers><Event-Name>&a;</Event-Name></headers></event>'
    assert esl_text.xml_event(bomb) is None


def test_what_a_terminal_shows() -> None:
    shown = (
        "RECV EVENT\nEvent-Name: CHANNEL_CREATE\nUnique-ID: a\nCaller-Caller-ID-Name: Budi S\n\n"
        "RECV EVENT\nEvent-Name: CHANNEL_DESTROY\nUnique-ID: a\n"
    )
    first, second = esl_capture.messages(shown)
    assert (first["Event-Name"], first["Caller-Caller-ID-Name"]) == ("CHANNEL_CREATE", "Budi S")
    assert second["Event-Name"] == "CHANNEL_DESTROY"
