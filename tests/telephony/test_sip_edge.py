"""Calls to 112 through a real Kamailio, as they come out on the topic of call events."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from siaga.v1 import call_pb2, common_pb2

pytestmark = [pytest.mark.telephony, pytest.mark.timeout(120)]

ROOT: Final = Path(__file__).parents[2]
DEPLOYED: Final = ROOT / "deploy" / "kamailio"
HANDBOOK: Final = ROOT / "docs" / "switches" / "kamailio.md"
NUMBER: Final = "+6281234567890"
ANONYMOUS: Final = '"Anonymous" <sip:anonymous@anonymous.invalid>'
IMEI: Final = "<sip:353472104343540@trunk.example>"
PLACE: Final = (-6.1149, 106.1502)
PIDF_LO: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" '
    'xmlns:gml="http://www.opengis.net/gml" xmlns:gs="http://www.opengis.net/pidflo/1.0" '
    'xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" entity="pres:a@trunk.example"><dm:device id="ue1"><gp:geopriv>'
    '<gp:location-info><gs:Circle srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>-6.1149 106.1502</gml:pos>'
    '<gs:radius uom="urn:ogc:def:uom:EPSG::9001">50</gs:radius></gs:Circle></gp:location-info><gp:usage-rules/>'
    "<gp:method>Cell</gp:method></gp:geopriv></dm:device></presence>"
)
SDP: Final = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
# What intake is told of a call that somebody answers.
ANSWERED: Final = ["RINGING", "RINGING", "SIP_ANSWERED", "ENDED"]
CALLER, CENTRE, SYSTEM = (
    call_pb2.HANGUP_BY_CALLER,
    call_pb2.HANGUP_BY_CENTRE,
    call_pb2.HANGUP_BY_SYSTEM,
)


def with_place(document: str) -> dict[str, str]:
    """An INVITE that says where its caller is, beside the usual SDP."""
    body = "".join(
        f"--edge\r\nContent-Type: {kind}\r\nContent-ID: <{name}@trunk.example>\r\n\r\n{text}\r\n"
        for kind, name, text in (("application/sdp", "sdp", SDP), ("application/pidf+xml", "place", document))
    )
    return {"content_type": "multipart/mixed; boundary=edge", "body": f"{body}--edge--\r\n"}


def kind(event: Any) -> str:
    return call_pb2.CallEventKind.Name(event.kind).removeprefix("CALL_EVENT_KIND_")


def once(heard: list[Any]) -> list[Any]:
    """The events in their order, each under its first coming: what was published, but not answered, comes again."""
    first: dict[str, Any] = {}
    for each in heard:
        first.setdefault(each.event.event_id, each.event)
    return list(first.values())


@pytest.fixture
def call(edge: Any, listen: Any) -> Callable[..., Awaitable[list[Any]]]:
    """Place one call and hear what the topic says of it."""

    async def placed(transport: str = "u1", **how: Any) -> list[Any]:
        (call_id,) = await edge.place(edge.call(**how), transport=transport)
        return [heard.event for heard in (await listen([call_id]))[call_id]]

    return placed


@pytest.mark.parametrize(
    ("how", "kinds", "by", "status"),
    [
        ({}, ANSWERED, CALLER, 0),
        ({"plot": "centre_ends", "ends": "hears_goodbye"}, ANSWERED, CENTRE, 0),
        ({"plot": "silent", "gives_up": True}, ["RINGING", "RINGING", "ENDED"], CALLER, 487),
        ({"plot": "busy"}, ["RINGING", "ENDED"], SYSTEM, 486),
        ({"plot": "silent"}, ["RINGING", "RINGING", "ENDED"], SYSTEM, 408),
    ],
    ids=["caller hangs up", "centre hangs up", "cancelled", "busy", "no answer"],
)
async def test_how_a_call_goes(call: Any, how: dict[str, Any], kinds: list[str], by: int, status: int) -> None:
    events = await call(**how)
    assert [kind(event) for event in events] == kinds
    assert (events[-1].hangup.by, events[-1].hangup.sip_status) == (by, status)
    times = [event.event_at_ms for event in events]
    assert times == sorted(times)
    assert all(0 <= event.received_at_ms - event.event_at_ms < 10_000 for event in events)
    assert len({event.event_id for event in events}) == len(events)
    assert {(event.source, event.tenant, event.call_id) for event in events} == {
        ("kamailio/edge1", "36.73", events[0].call_id)
    }
    assert (events[0].called, events[0].caller.number) == ("112", NUMBER)


async def test_the_reason_of_a_goodbye(call: Any) -> None:
    hangup = (await call())[-1].hangup
    assert (hangup.q850, hangup.reason) == (16, "Normal call clearing")


@pytest.mark.parametrize(
    ("how", "trust", "number"),
    [
        ({"headers": (f"P-Asserted-Identity: <sip:{NUMBER}@trunk.example>",)}, "ASSERTED", NUMBER),
        ({"sender": ANONYMOUS, "headers": ("Privacy: id", f"P-Asserted-Identity: <tel:{NUMBER}>")}, "ASSERTED", NUMBER),
        ({"headers": (f"P-Asserted-Identity: <tel:{NUMBER};verstat=TN-Validation-Passed>",)}, "VERIFIED", NUMBER),
        ({"sender": "<sip:081111111111@trunk.example>", "headers": (f"P-Asserted-Identity: <tel:{NUMBER}>",)}, "UNVERIFIED", NUMBER),
        ({"sender": ANONYMOUS, "headers": ("Privacy: id",)}, "ANONYMOUS", ""),
        ({"sender": IMEI}, "NO_SIM", ""),
    ],
    ids=["asserted", "withheld but asserted", "verified", "contradicted", "anonymous", "no SIM"],
)  # fmt: skip
async def test_who_calls(call: Any, how: dict[str, Any], trust: str, number: str) -> None:
    ringing = (await call(**how))[0]
    assert common_pb2.IdentityTrust.Name(ringing.caller.identity_trust) == f"IDENTITY_TRUST_{trust}"
    assert ringing.caller.number == number
    assert bool(ringing.caller.key) == bool(number)


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_where_the_caller_is(call: Any, transport: str) -> None:
    headers = (
        "Geolocation: <cid:place@trunk.example>",
        "Geolocation-Routing: yes",
        "Call-Info: <urn:emergency:uid:callid:a1b2:edge.example>;purpose=emergency-CallId",
    )
    events = await call(transport, headers=headers, **with_place(PIDF_LO))
    assert [kind(event) for event in events] == ["RINGING", "POSITION", *ANSWERED[1:]]
    position = events[1].position
    assert (position.lat, position.lon, position.radius_m, position.method) == (*PLACE, 50, "Cell")
    assert events[0].emergency_id == "urn:emergency:uid:callid:a1b2:edge.example"


@pytest.mark.parametrize(
    "document",
    [
        PIDF_LO.replace("</gml:pos>", ""),
        PIDF_LO[:200],
        PIDF_LO.replace("-6.1149", "north"),
        "\xff\xfe",
        "<!DOCTYPE a>",
    ],
    ids=["ill-formed", "cut off", "no number", "no text", "document type"],
)
async def test_a_garbled_place_leaves_the_call_alone(call: Any, document: str) -> None:
    events = await call(**with_place(document))
    assert [kind(event) for event in events] == ANSWERED
    assert events[0].caller.number == NUMBER


async def test_a_large_invite(call: Any) -> None:
    """Far beyond what Kamailio takes with the sizes that it comes with."""
    events = await call("t1", **with_place(PIDF_LO.replace("<gp:usage-rules/>", f"<!-- {'x' * 20_000} -->")))
    assert kind(events[1]) == "POSITION"


async def test_the_emergency_service_by_its_name(call: Any) -> None:
    assert (await call(target="urn:service:sos"))[0].called == "urn:service:sos"


async def test_the_call_of_the_handbook(edge: Any, listen: Any) -> None:
    (call_id,) = await edge.dial(DEPLOYED / "try-call.xml")
    events = [heard.event for heard in (await listen([call_id]))[call_id]]
    assert [kind(event) for event in events] == ANSWERED
    assert events[0].caller.number == "+6281200000112"


def test_what_the_handbook_adds_in_production_is_valid(tmp_path: Path) -> None:
    """Its snippets, put where it says, are a configuration that Kamailio takes."""
    snippets = re.findall(r"^```\w*\n(.*?)^```$", HANDBOOK.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    modules = [each for each in snippets if "modparam" in each]
    first_lines = [each for each in snippets if "allow_source_address" in each]
    assert (len(modules), len(first_lines)) == (2, 1)
    written = (DEPLOYED / "kamailio.cfg").read_text("utf-8")
    written = written.replace("request_route {", "".join(modules) + "request_route {\n" + first_lines[0])
    (tmp_path / "kamailio.cfg").write_text(written)
    (tmp_path / "settings.cfg").write_text((DEPLOYED / "settings.cfg").read_text("utf-8"))
    argv = ["kamailio", "-c", "-E", "-f", str(tmp_path / "kamailio.cfg"), "-Y", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr


async def test_other_numbers_are_not_ours(edge: Any) -> None:
    assert await edge.place(edge.call(target="sip:108@127.0.0.1"))
    assert "refuses" not in edge.log("kamailio")


async def test_calls_go_through_while_intake_is_away(lonely_edge: Any) -> None:
    """SIP never waits for Siaga112; what happened waits in four queues."""
    await lonely_edge.place(lonely_edge.call(), calls=20, rate=20)
    queues = lonely_edge.rpc("mqueue.get_sizes")["result"]
    waiting = [queue["size"] for queue in queues if queue["name"].startswith("ev")]
    assert len(waiting) == 4
    assert all(waiting)
    # What each queue is at is held beside it.
    assert sum(waiting) < 20 * len(ANSWERED)


async def test_fifty_calls_a_second(edge: Any, listen: Any) -> None:
    """Each call whole and in order. With `-s` it says how long it took from SIP to the topic."""
    count = int(os.environ.get("SIAGA_EDGE_CALLS", "200"))
    placing = asyncio.create_task(edge.place(edge.call(talk_ms=500), calls=count, rate=50))
    await listen.until(lambda _: placing.done(), within_s=30 + count / 50)
    heard = await listen(calls := await placing)
    assert all([kind(event) for event in once(heard[call])] == ANSWERED for call in calls)
    took_ms = sorted(each.at_ms - each.event.event_at_ms for call in calls for each in heard[call])
    p50, p99 = (took_ms[int(len(took_ms) * part)] for part in (0.5, 0.99))
    sys.stdout.write(f"{len(took_ms)} events: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {took_ms[-1]:.1f} ms\n")


async def test_intake_killed_during_a_burst(stack: Any, edge: Any, listen: Any) -> None:
    """kill -9 of intake while calls come in: Kamailio holds the events; nothing lost, doubled or out of order."""
    burst = asyncio.create_task(edge.place(edge.call(), calls=150, rate=50))
    await listen.until(lambda seen: len(seen) >= 100)
    killed = stack.kill("intake")
    calls = await burst
    await asyncio.to_thread(stack.wait_ready, "intake", not_pid=killed)
    heard = await listen(calls)
    for call in calls:
        events = once(heard[call])
        assert [kind(event) for event in events] == ANSWERED
        assert [event.event_at_ms for event in events] == sorted(event.event_at_ms for event in events)


async def test_kamailio_killed_in_mid_call(edge: Any, listen: Any) -> None:
    """kill -9 of Kamailio: the end of a call that it knew is told by the one that is started after it."""
    placing = asyncio.create_task(edge.place(edge.call(talk_ms=4_000)))
    await listen.until(lambda seen: "SIP_ANSWERED" in {kind(each.event) for each in seen})
    edge.kill()
    await asyncio.to_thread(edge.start_kamailio)
    (call_id,) = await placing
    events = [heard.event for heard in (await listen([call_id]))[call_id]]
    assert [kind(event) for event in events] == ANSWERED
    assert events[-1].hangup.by == CALLER


async def test_calls_under_way_are_told_again_under_the_same_names(edge: Any, listen: Any) -> None:
    """What `dlg.list` says, posted to intake, makes no new events of calls that are known."""
    asserted = f"P-Asserted-Identity: <tel:{NUMBER}>"
    placing = asyncio.create_task(edge.place(edge.call(talk_ms=2_000, sender=ANONYMOUS, headers=(asserted,))))
    await listen.until(lambda seen: "SIP_ANSWERED" in {kind(each.event) for each in seen})
    await asyncio.to_thread(edge.tell_calls_under_way)
    (call_id,) = await placing
    events = [heard.event for heard in (await listen([call_id]))[call_id]]
    again = [event for event in events if event.backfilled]
    assert [kind(event) for event in again] == ["RINGING", "SIP_ANSWERED"]
    assert {event.event_id for event in again} < {event.event_id for event in events if not event.backfilled}
    assert {event.caller.number for event in again} == {NUMBER}
