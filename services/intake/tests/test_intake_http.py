"""The front door over real HTTP: answers, refusals, limits, and what reaches the broker."""

import asyncio
import base64
import io
import json
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote, urlencode

import aiohttp
import pytest
import uvicorn
from siaga.v1 import call_pb2
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_intake.adapters.bodies import MAX_BODY_BYTES
from siaga_intake.adapters.http import MAX_EVENTS, FrontDoor
from siaga_intake.adapters.keeping import Keeper
from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.sources import AccessSettings, Sources
from siaga_intake.adapters.spool import Spool
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing
from siaga_kit.service import QuietServer
from siaga_tenants import Conversations, Source, Tenants

NOW_S = 1_710_123_600.5
HANGUP = {"Event": "Hangup", "Uniqueid": "1710123330.41", "Linkedid": "1710123330.41", "Cause": "16"}
CDR = {"switchname": "fs1", "variables": {"uuid": "a1b2", "start_epoch": "1710123330", "end_epoch": "1710123346"}}


@dataclass
class Centre:
    """A running front door, what it has published, and the way to post to it."""

    url: str
    session: aiohttp.ClientSession
    published: list[Outgoing] = field(default_factory=list)
    away: bool = False

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        if self.away:
            raise Transient("away")
        self.published += outgoing

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(self.url + path, data=io.BytesIO(data), headers=named) as response:
            return response.status, await response.json(content_type=None), dict(response.headers)

    @property
    def messages(self) -> list[call_pb2.CallEvent]:
        return [cast("call_pb2.CallEvent", each.message) for each in self.published]


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    sources = (Source("asterisk", "pbx1"), Source("freeswitch", "fs1"), Source("form", "console"))
    drills = (Source("asterisk", "drill", token_sha256="0" * 64, test=True),)
    tenants = {
        "36.73": SimpleNamespace(
            code="36.73", sources=sources, operators=(), timezone="Asia/Jakarta", conversations=Conversations()
        ),
        "32.14": SimpleNamespace(
            code="32.14", sources=drills, operators=(), timezone="Asia/Jakarta", conversations=Conversations()
        ),
    }
    spool = Spool(tmp_path / "spool.sqlite3", max_events=10)
    await spool.open()
    async with aiohttp.ClientSession() as session:
        made = Centre("", session)
        keeper = Keeper(made.publish, spool, CALL_EVENTS)
        access = AccessSettings(allow_anonymous=True)
        reception = Reception(keeper, CALL_EVENTS)
        door = FrontDoor(Sources(cast("Tenants", tenants), access), reception, b"secret", now_s=lambda: NOW_S)
        listening = socket.create_server(("127.0.0.1", 0))
        made.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(door.application(), http="httptools", ws="none", lifespan="off", log_config=None)
        server = QuietServer(config)
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(work) for work in (keeper.run(), keeper.drain(), server.serve_until(stop, [listening]))
        ]
        yield made
        stop.set()
        await tasks[-1]
        keeper.close()
        await asyncio.gather(*tasks)
    await spool.close()


async def test_one_event(centre: Centre) -> None:
    status, answer, _ = await centre.post("/v1/switch/asterisk", HANGUP)
    assert status == 202
    (message,) = centre.messages
    assert answer == {
        "accepted": [{
            "index": 0, "event_id": message.event_id, "call_id": message.call_id, "event_ids": [message.event_id],
        }],
        "ignored": [],
        "rejected": [],
    }  # fmt: skip
    assert (message.tenant, message.source, message.received_at_ms) == ("36.73", "asterisk/pbx1", 1_710_123_600_500)
    assert centre.published[0].key == message.call_id


async def test_a_list_keeps_the_good_and_names_the_bad(centre: Centre) -> None:
    body = [
        HANGUP,
        {"Event": "Newstate"},
        {"Event": "Hangup"},
        7,
        {**HANGUP, "Uniqueid": "1710123330.42", "Linkedid": ""},
    ]
    status, answer, _ = await centre.post("/v1/switch/asterisk", body)
    assert status == 202
    assert [each["index"] for each in answer["accepted"]] == [0, 4]
    assert answer["ignored"] == [{"index": 1, "reason": "irrelevant_event"}]
    assert answer["rejected"] == [
        {"index": 2, "field": "Uniqueid", "reason": "missing"},
        {"index": 3, "field": "", "reason": "must be an object"},
    ]
    assert len(centre.published) == 2


async def test_all_refused_is_a_problem_that_names_the_field(centre: Centre) -> None:
    status, answer, headers = await centre.post("/v1/switch/asterisk", {"Event": "Hangup"})
    assert status == 422
    assert headers["Content-Type"] == "application/problem+json"
    assert (answer["status"], answer["title"], answer["field"]) == (422, "Unprocessable Entity", "Uniqueid")
    assert answer["type"]
    assert answer["detail"] == "Uniqueid: missing"
    assert answer["rejected"] == [{"index": 0, "field": "Uniqueid", "reason": "missing"}]
    assert answer["accepted"] == answer["ignored"] == []
    assert centre.published == []


async def test_nothing_to_say_is_taken(centre: Centre) -> None:
    assert (await centre.post("/v1/switch/asterisk", []))[0] == 202
    assert (await centre.post("/v1/switch/asterisk", {"Event": "Newstate"}))[0] == 202
    assert centre.published == []


async def test_every_door(centre: Centre) -> None:
    event = {
        "specversion": "1.0", "type": "id.siaga112.call.ended.v1", "source": "intake/asterisk/pbx1", "id": "1",
        "data": {"switch": {"kind": "asterisk", "call_ref": "1710123330.41"}},
    }  # fmt: skip
    bye = {"method": "BYE", "callid": "x", "sip_code": "200", "time": 1710123548}
    form = {"source": "asterisk/pbx1", "call_ref": "1710123330.41", "disposition": "prank"}
    for path, body in (
        ("/v1/switch/asterisk", HANGUP),
        ("/v1/switch/freeswitch", CDR),
        ("/v1/switch/kamailio", bye),
        ("/v1/call-events", event),
        ("/v1/calls/form", form),
        ("/v1/channels/app", {"report_id": "r", "text": "tolong"}),
        ("/v1/channels/whatsapp", {"entry": [{"changes": [{"value": {"messages": [{"id": "w", "from": "62812"}]}}]}]}),
        ("/v1/channels/sms", {"from": "081234567890", "text": "tolong", "id": "m"}),
        ("/v1/channels/lapor", {"nomor_laporan": "1", "isi_laporan": "banjir"}),
    ):
        status, answer, _ = await centre.post(path, body)
        assert (status, answer["rejected"]) == (202, []), path
    calls = {message.call_id for message in centre.messages if message.call_ref == "1710123330.41"}
    assert len(calls) == 1


async def test_an_sms_is_the_same_by_json_by_form_and_in_the_address(centre: Centre) -> None:
    sms = {"from": "+6281234567890", "text": "kebakaran \u00e9", "id": "m1", "at": "1710123330"}
    form = "application/x-www-form-urlencoded"
    assert (await centre.post("/v1/channels/sms", sms))[0] == 202
    assert (await centre.post("/v1/channels/sms", urlencode(sms).encode(), content_type=form))[0] == 202
    async with centre.session.get(f"{centre.url}/v1/channels/sms?{urlencode(sms)}") as response:
        assert response.status == 202
    first, second, third = centre.messages
    assert first == second == third
    async with centre.session.get(f"{centre.url}/v1/switch/asterisk?Event=Hangup") as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")
    async with centre.session.put(f"{centre.url}/v1/channels/sms") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD, POST")
    many = "&".join(f"f{number}=1" for number in range(200)).encode()
    assert (await centre.post("/v1/channels/sms", many, content_type=form))[0] == 400


async def test_a_platform_that_cannot_mend_is_thanked_for_everything(centre: Centre) -> None:
    post = {"entry": [{"changes": [{"value": {"messages": [{"type": "text"}], "statuses": [{"id": "x"}]}}]}]}
    status, answer, _ = await centre.post("/v1/channels/whatsapp", post)
    assert status == 202
    assert answer["rejected"] == [{"index": 0, "field": "message.id", "reason": "missing"}]
    assert answer["ignored"] == [{"index": 1, "reason": "message_status"}]
    assert (await centre.post("/v1/channels/whatsapp", {"object": "page"}))[0] == 202
    large = b" " * (MAX_BODY_BYTES + 1) + b"{}"
    assert (await centre.post("/v1/channels/whatsapp", large))[0] == 202
    assert (await centre.post("/v1/channels/sms", large))[0] == 413


async def test_an_event_is_the_same_in_each_mode_of_cloudevents(centre: Centre) -> None:
    data = {"switch": {"kind": "events", "call_ref": "01KEZ8"}, "caller": {"number": "+6281234567890"}}
    attributes = {
        "specversion": "1.0", "type": "id.siaga112.call.ended.v1", "source": "events1", "id": "a b", "time": "2024-03-11T02:15:57Z",
    }  # fmt: skip
    event = {**attributes, "data": data}
    headers = {f"ce_{name}": quote(value) for name, value in attributes.items()}
    assert (await centre.post("/v1/call-events", event, content_type="application/cloudevents+json"))[0] == 202
    batch = "application/cloudevents-batch+json"
    assert (await centre.post("/v1/call-events", [event, event], content_type=batch))[0] == 202
    assert (await centre.post("/v1/call-events", data, content_type="application/json", **headers))[0] == 202
    assert len(centre.messages) == 4
    assert all(message == centre.messages[0] for message in centre.messages)
    status, answer, _ = await centre.post("/v1/call-events", data, **{**headers, "ce_type": ""})
    assert (status, answer["field"]) == (422, "type")


@pytest.mark.parametrize("media_type", ["x-www-form-base64-encoded", "x-www-form-urlencoded"])
@pytest.mark.parametrize("encoded", [False, True])
async def test_freeswitch_forms(centre: Centre, encoded: bool, media_type: str) -> None:
    """The content type is lost with `disable-100-continue`; what the field holds tells by itself."""
    cdr = json.dumps(CDR)
    value = base64.b64encode(cdr.encode()).decode() if encoded else cdr
    status, _, _ = await centre.post(
        "/v1/switch/freeswitch?uuid=a1b2", urlencode({"cdr": value}).encode(), content_type=f"application/{media_type}"
    )
    assert status == 202
    assert [message.call_ref for message in centre.messages] == ["a1b2", "a1b2"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/switch/asterisk", b"", 400),
        ("/v1/switch/asterisk", b"{", 400),
        ("/v1/switch/asterisk", b'"\xff"', 400),
        ("/v1/switch/asterisk", b"[" * 5_000 + b"]" * 5_000, 400),
        ("/v1/switch/asterisk", b"7", 422),
        ("/v1/switch/asterisk", b"[" + b"{}," * MAX_EVENTS + b"{}]", 413),
        ("/v1/switch/asterisk", b" " * (MAX_BODY_BYTES + 1), 413),
        ("/v1/switch/telegraph", b"{}", 404),
        ("/v1/elsewhere", b"{}", 404),
        ("/", b"{}", 404),
    ],
)
async def test_problems(centre: Centre, path: str, body: bytes, status: int) -> None:
    found, answer, headers = await centre.post(path, body)
    assert found == status
    assert headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= answer.keys()
    assert centre.published == []


async def test_a_body_without_a_length_is_bounded_all_the_same(centre: Centre) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * (MAX_BODY_BYTES // 16)

    async with centre.session.post(centre.url + "/v1/switch/asterisk", data=chunks()) as response:
        assert response.status == 413


async def test_wrong_method(centre: Centre) -> None:
    async with centre.session.get(centre.url + "/v1/call-events") as response:
        assert response.status == 405
        assert response.headers["Content-Type"] == "application/problem+json"


async def test_wrong_token(centre: Centre) -> None:
    status, _, headers = await centre.post("/v1/switch/asterisk", HANGUP, authorization="Bearer nonsense")
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_tenant_of_the_header_and_of_the_payload(centre: Centre) -> None:
    event = {
        "specversion": "1.0", "type": "id.siaga112.call.ended.v1", "source": "intake/asterisk/x", "id": "1", "subject": "s",
        "data": {"tenant": "32.14"},
    }  # fmt: skip
    await centre.post("/v1/switch/asterisk", HANGUP, x_siaga_tenant="32.14")
    await centre.post("/v1/call-events", event)
    status, answer, _ = await centre.post("/v1/call-events", event, x_siaga_tenant="36.73")
    assert (status, answer["field"]) == (422, "data.tenant")
    assert [message.tenant for message in centre.messages] == ["32.14", "32.14"]
    assert (await centre.post("/v1/switch/asterisk", HANGUP, x_siaga_tenant="99.99"))[0] == 400


async def test_arrival_told_by_a_recording_stands_in_for_a_missing_time(centre: Centre) -> None:
    await centre.post("/v1/switch/asterisk", HANGUP, x_siaga_arrived_at="2019-02-11T00:00:04+07:00")
    assert centre.messages[0].event_at_ms == 1_549_818_004_000
    assert centre.messages[0].received_at_ms == 1_710_123_600_500
    status, answer, _ = await centre.post("/v1/switch/asterisk", HANGUP, x_siaga_arrived_at="soon")
    assert (status, answer["field"]) == (400, "X-Siaga-Arrived-At")


async def test_the_traceparent_goes_on(centre: Centre) -> None:
    traceparent = f"00-{'a' * 32}-{'b' * 16}-01"
    await centre.post("/v1/switch/asterisk", HANGUP, traceparent=traceparent)
    assert centre.published[0].traceparent == traceparent


async def test_sent_again_it_is_the_same_event(centre: Centre) -> None:
    first = (await centre.post("/v1/switch/asterisk", HANGUP))[1]
    again = (await centre.post("/v1/switch/asterisk", dict(reversed(HANGUP.items()))))[1]
    assert first == again


async def test_broker_away_is_taken_to_disk_until_that_is_full(centre: Centre) -> None:
    centre.away = True
    for number in range(10):
        status, _, _ = await centre.post(
            "/v1/switch/asterisk", {**HANGUP, "Uniqueid": f"1710123330.{number}", "Linkedid": ""}
        )
        assert status == 202
    status, answer, headers = await centre.post("/v1/switch/asterisk", HANGUP)
    assert (status, answer["title"]) == (503, "Service Unavailable")
    assert int(headers["Retry-After"]) > 0

    centre.away = False
    async with asyncio.timeout(10):
        while len(centre.published) < 10:
            await asyncio.sleep(0.01)
    assert [message.call_ref for message in centre.messages] == [f"1710123330.{number}" for number in range(10)]


PIDF_LO = b"""<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gml="http://www.opengis.net/gml"><tuple id="1"><status>
<geopriv xmlns="urn:ietf:params:xml:ns:pidf:geopriv10"><location-info><gml:Point><gml:pos>-6.1149 106.1502</gml:pos>
</gml:Point></location-info></geopriv></status></tuple></presence>"""
AML_FORM = urlencode(
    {"device_number": "+6281234567890", "location_latitude": "-6.1149", "location_longitude": "106.1502"}
)
AML_SMS = b'A"ML=1;lt=-6.11490;lg=+106.15020;rd=18;top=20240311021530;pm=G;mcc=510;mnc=10;ml=83'


@pytest.mark.parametrize(
    ("path", "body", "media_type"),
    [
        ("/v1/positions/pidf-lo?source=kamailio/edge1&call_ref=b7c1@10.0.0.5", PIDF_LO, "application/pidf+xml"),
        ("/v1/positions/pidf-lo?source=kamailio/edge1&call_ref=b7c1@10.0.0.5", PIDF_LO, "text/xml; charset=utf-8"),
        ("/v1/positions/aml", AML_FORM.encode(), "application/x-www-form-urlencoded"),
        ("/v1/positions/aml?from=%2B6281234567890", AML_SMS, "text/plain"),
        ("/v1/positions/aml", json.dumps({"from": "+6281234567890", "text": AML_SMS.decode()}).encode(), "text/plain"),
    ],
)
async def test_positions_as_they_are_written(centre: Centre, path: str, body: bytes, media_type: str) -> None:
    status, answer, _ = await centre.post(path, body, content_type=media_type)
    assert (status, answer["rejected"]) == (202, [])
    (message,) = centre.messages
    assert message.kind == call_pb2.CALL_EVENT_KIND_POSITION
    assert (message.position.lat, message.position.lon) == (-6.1149, 106.1502)


async def test_a_place_never_comes_in_an_address(centre: Centre) -> None:
    async with centre.session.get(f"{centre.url}/v1/positions/aml?{AML_FORM}") as response:
        assert response.status == 405
    assert centre.messages == []


async def test_a_phone_is_thanked_for_a_message_that_cannot_be_used(centre: Centre) -> None:
    status, answer, _ = await centre.post(
        "/v1/positions/aml?from=%2B6281234567890", AML_SMS[:-1], content_type="text/plain"
    )
    assert (status, answer["rejected"][0]["field"]) == (202, "ml")
