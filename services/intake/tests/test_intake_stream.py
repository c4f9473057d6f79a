"""The stream door over real gRPC: every request is answered for, in its order, and what it says is held to the rules."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import grpc
import pytest
from siaga.v1 import call_pb2, common_pb2, place_pb2
from siaga.v1 import intake_service_pb2 as api
from siaga.v1 import intake_service_pb2_grpc as rpc
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_intake.adapters.grpc_door import GROUP, WINDOW, StreamDoor, _Window
from siaga_intake.adapters.keeping import Keeper
from siaga_intake.adapters.limits import Limits
from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.sources import AccessSettings, Sources
from siaga_intake.adapters.spool import Spool
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing
from siaga_tenants import Conversations, Source, Tenants

NOW_S = 1_710_123_600.5
RING_MS = 1_710_123_330_120
LOCAL, PBX1 = "local token", "token of pbx1"
HANGUP = {"Event": "Hangup", "Uniqueid": "1710123330.41", "Linkedid": "1710123330.41", "Cause": "16"}


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def ring(call: int = 1, **more: Any) -> call_pb2.CallEvent:
    return call_pb2.CallEvent(
        kind=call_pb2.CALL_EVENT_KIND_RINGING, source="asterisk/pbx1", call_ref=f"c-{call}", event_at_ms=RING_MS, **more
    )


def sends(sequence: int, event: call_pb2.CallEvent) -> api.PublishRequest:
    return api.PublishRequest(sequence=sequence, event=event)


def raw(sequence: int, door: str, payload: object) -> api.PublishRequest:
    written = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return api.PublishRequest(sequence=sequence, raw=api.RawEvent(door=door, json=written))


@dataclass
class Centre:
    """A running stream door, what it has published, and the way to send to it."""

    stub: rpc.CallIntakeStub
    stop: asyncio.Event
    published: list[Outgoing] = field(default_factory=list)
    away: bool = False
    most_in_one: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        if self.away:
            raise Transient("away")
        self.most_in_one = max(self.most_in_one, len(outgoing))
        await self.go_on.wait()
        self.published += outgoing

    async def send(self, *requests: api.PublishRequest, token: str = LOCAL, **metadata: str) -> list[api.PublishAnswer]:
        named = [(name.replace("_", "-"), value) for name, value in metadata.items()]
        call = self.stub.Publish(iter(requests), metadata=[("authorization", f"Bearer {token}"), *named])
        return [answer async for response in call for answer in response.answers]

    @property
    def messages(self) -> list[call_pb2.CallEvent]:
        return [cast("call_pb2.CallEvent", each.message) for each in self.published]


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    sources = (Source("asterisk", "pbx1", token_sha256=digest(PBX1)), Source("form", "console"))
    tenants = {
        "36.73": SimpleNamespace(
            code="36.73", sources=sources, operators=(), timezone="Asia/Jakarta", conversations=Conversations()
        )
    }
    spool = Spool(tmp_path / "spool.sqlite3", max_events=10)
    await spool.open()
    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        made = Centre(rpc.CallIntakeStub(channel), asyncio.Event())
        made.go_on.set()
        keeper = Keeper(made.publish, spool, CALL_EVENTS)
        access = AccessSettings(local_token_sha256=digest(LOCAL))
        known = Sources(cast("Tenants", tenants), access)
        door = StreamDoor(known, Reception(keeper, CALL_EVENTS), b"secret", Limits(), made.stop, now_s=lambda: NOW_S)
        rpc.add_CallIntakeServicer_to_server(door, server)
        await server.start()
        tasks = [asyncio.create_task(work) for work in (keeper.run(), keeper.drain())]
        yield made
        made.go_on.set()
        await server.stop(0)
        keeper.close()
        await asyncio.gather(*tasks)
    await spool.close()


def results(answers: Sequence[api.PublishAnswer]) -> list[tuple[int, str]]:
    return [(answer.sequence, answer.WhichOneof("result") or "") for answer in answers]


async def test_a_canonical_event_goes_through_whole(centre: Centre) -> None:
    sent = ring(
        event_id="native-7",
        channel=call_pb2.CHANNEL_VOICE,
        caller=call_pb2.Caller(
            key="made up", number="0812-3456-7890", identity_trust=common_pb2.IDENTITY_TRUST_VERIFIED
        ),
        called="112",
        queue=call_pb2.Queue(name="112-utama", left_reason=call_pb2.QUEUE_LEFT_REASON_TIMEOUT, hold_ms=27_000),
        hangup=call_pb2.Hangup(by=call_pb2.HANGUP_BY_SYSTEM, q850=16, sip_status=487, reason="queue timeout"),
        operator="op-03",
        digits="1",
        text="tolong",
        # Pontianak: on the equator.
        position=place_pb2.Position(
            lat=0.0, lon=109.3, radius_m=18, method="GNSS", confidence_percent=95, shape="circle"
        ),
        civic=place_pb2.CivicAddress(country="ID", province="Kalimantan Barat", rt="07"),
        additional=call_pb2.AdditionalData(provider="Operator", languages=["id", "en"]),
        media=[call_pb2.Media(media_id="m-1", kind="image", mime_type="image/jpeg")],
        emergency_id="urn:emergency:uid:callid:1:psap.example",
        backfilled=True,
        test=True,
        received_at_ms=1,
    )
    (answer,) = await centre.send(sends(7, sent))
    (kept,) = centre.messages
    assert results([answer]) == [(7, "accepted")]
    assert (answer.accepted.call_id, list(answer.accepted.event_ids)) == (kept.call_id, [kept.event_id])
    assert (kept.tenant, kept.received_at_ms) == ("36.73", 1_710_123_600_500)
    assert kept.caller.number == "+6281234567890"
    assert kept.caller.key not in ("", "made up")
    for name in (
        "kind", "source", "call_ref", "channel", "event_at_ms", "called", "queue", "hangup", "operator", "digits", "text",
        "civic", "additional", "media", "emergency_id", "backfilled", "test",
    ):  # fmt: skip
        assert getattr(kept, name) == getattr(sent, name), name
    where = kept.position
    assert (where.lat, where.lon, where.radius_m, where.method) == (0.0, 109.3, 18, "GNSS")
    assert (where.confidence_percent, where.shape, where.fixed_at_ms) == (95, "circle", RING_MS)


async def test_a_form_by_the_calls_own_id(centre: Centre) -> None:
    (rung,) = await centre.send(sends(1, ring()))
    form = call_pb2.CallEvent(
        kind=call_pb2.CALL_EVENT_KIND_FORM,
        source="form/console",
        call_id=rung.accepted.call_id,
        form=call_pb2.OperatorForm(
            operator="op-03",
            text="rumah terbakar",
            type="fire_building",
            priority=common_pb2.PRIORITY_P1,
            disposition=call_pb2.DISPOSITION_EMERGENCY,
            position=place_pb2.Position(lat=-6.1, lon=106.1),
        ),
    )
    (answer,) = await centre.send(sends(2, form))
    kept = centre.messages[-1]
    assert (answer.accepted.call_id, kept.call_id) == (rung.accepted.call_id, rung.accepted.call_id)
    assert (kept.operator, kept.form.type, kept.form.priority) == ("op-03", "fire_building", common_pb2.PRIORITY_P1)
    assert (kept.form.disposition, kept.form.position.source) == (call_pb2.DISPOSITION_EMERGENCY, "operator")


async def test_the_same_event_twice_is_one(centre: Centre) -> None:
    first, second = await centre.send(sends(1, ring()), sends(2, ring()))
    assert first.accepted == second.accepted
    (http,) = await centre.send(raw(3, "/v1/call-events", {
        "specversion": "1.0", "type": "id.siaga112.call.ended.v1", "source": "asterisk/pbx1", "id": "e-1", "subject": "c-1",
        "data": {"switch": {"kind": "asterisk", "call_ref": "c-1"}},
    }))  # fmt: skip
    assert http.accepted.call_id == first.accepted.call_id


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (call_pb2.CallEvent(source="asterisk/pbx1", call_ref="c"), ("kind", "missing")),
        (ring(caller=call_pb2.Caller(number="0" * 129)), ("caller.number", "longer than 128 characters")),
        (call_pb2.CallEvent(kind=1, call_ref="c"), ("source", "missing")),
        (call_pb2.CallEvent(kind=1, call_ref="c", source="pbx1"), ("source", "must be like asterisk/pbx1")),
        (call_pb2.CallEvent(kind=1, source="asterisk/pbx1"), ("call_ref", "missing, and there is no call_id either")),
        (
            call_pb2.CallEvent(kind=1, source="asterisk/pbx1", call_id="41"),
            ("call_id", "is no call id (a UUID); a switch's name of a call goes into call_ref"),
        ),
        (
            call_pb2.CallEvent(kind=1, source="asterisk/pbx1", call_ref="c", event_at_ms=2_000_000_000_000),
            ("event_at_ms", "is more than a day in the future"),
        ),
        (ring(hangup=call_pb2.Hangup(q850=128)), ("hangup.q850", "must be from 0 to 127")),
        (ring(tenant="32.14"), ("data.tenant", "is not the tenant of this source")),
        (
            call_pb2.CallEvent(kind=12, source="form/1", call_ref="c", form=call_pb2.OperatorForm(type="Api!")),
            ("form.type", "must be a type code like fire_building"),
        ),
    ],
)
async def test_a_bad_event_is_named_and_its_neighbours_are_taken(
    centre: Centre, event: call_pb2.CallEvent, expected: tuple[str, str]
) -> None:
    answers = await centre.send(sends(1, ring(1)), sends(2, event), sends(3, ring(3)))
    assert results(answers) == [(1, "accepted"), (2, "rejected"), (3, "accepted")]
    assert (answers[1].rejected.field, answers[1].rejected.reason) == expected
    assert [kept.call_ref for kept in centre.messages] == ["c-1", "c-3"]


async def test_a_bad_position_is_left_out_and_a_newer_kind_ignored(centre: Centre) -> None:
    newer = call_pb2.CallEvent(kind=99, source="asterisk/pbx1", call_ref="c-2")
    answers = await centre.send(
        sends(1, ring(position=place_pb2.Position(lat=40.7, lon=-74.0))),
        sends(2, newer),
        sends(3, ring(3, position=place_pb2.Position(lat=-6.1, lon=106.1, confidence_percent=101))),
    )
    assert results(answers) == [(1, "accepted"), (2, "ignored"), (3, "accepted")]
    assert [(each.field, each.reason) for each in answers[0].accepted.left_out] == [
        ("position.lat", "outside Indonesia (-11.5 to 6.5)")
    ]
    assert answers[1].ignored.reason == "unknown_event"
    assert [each.field for each in answers[2].accepted.left_out] == ["position.confidence_percent"]
    assert not any(kept.HasField("position") for kept in centre.messages)


async def test_events_as_the_source_writes_them(centre: Centre) -> None:
    answers = await centre.send(
        raw(1, "/v1/switch/asterisk", HANGUP),
        sends(2, ring()),
        raw(3, "/v1/switch/asterisk", {"Event": "FullyBooted"}),
        raw(4, "/v1/switch/nortel", HANGUP),
        raw(5, "/v1/switch/asterisk", b'{"Event": "Hang'),
        raw(6, "/v1/switch/asterisk", [HANGUP]),
        raw(7, "/v1/switch/asterisk", b"[" * 100_000),
        api.PublishRequest(sequence=8),
        raw(
            9, "/v1/channels/whatsapp", {"entry": [{"changes": [{"value": {"statuses": [{"id": "a"}, {"id": "b"}]}}]}]}
        ),
    )
    assert results(answers) == [
        (1, "accepted"), (2, "accepted"), (3, "ignored"), (4, "rejected"), (5, "rejected"), (6, "rejected"), (7, "rejected"),
        (8, "rejected"), (9, "rejected"),
    ]  # fmt: skip
    assert [answer.rejected.field for answer in answers[3:]] == [
        "raw.door",
        "raw.json",
        "",
        "raw.json",
        "payload",
        "raw.json",
    ]
    assert answers[-1].rejected.reason == "holds 2 events: send one"
    assert [kept.kind for kept in centre.messages] == [10, 1]


@pytest.mark.parametrize(
    ("token", "metadata", "code", "reason"),
    [
        ("stolen", {}, grpc.StatusCode.UNAUTHENTICATED, "unknown token"),
        (LOCAL, {"x_siaga_tenant": "99.99"}, grpc.StatusCode.INVALID_ARGUMENT, "X-Siaga-Tenant: no tenant '99.99'"),
        (PBX1, {"x_siaga_tenant": "32.14"}, grpc.StatusCode.INVALID_ARGUMENT, "no tenant '32.14'"),
    ],
)
async def test_who_may_not_speak_is_told_at_once(
    centre: Centre, token: str, metadata: dict[str, str], code: grpc.StatusCode, reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await centre.send(token=token, **metadata)
    assert refused.value.code() is code
    assert reason in (refused.value.details() or "")


async def test_a_source_keeps_to_its_doors_and_its_name(centre: Centre) -> None:
    form = {"source": "asterisk/pbx1", "call_ref": "c-1", "text": "x"}
    other = call_pb2.CallEvent(kind=1, source="asterisk/somebody", call_ref="c-1")
    answers = await centre.send(raw(1, "/v1/calls/form", form), sends(2, other), token=PBX1)
    assert results(answers) == [(1, "rejected"), (2, "accepted")]
    assert answers[0].rejected.reason == "a source of kind asterisk may not use /v1/calls/form"
    assert centre.messages[0].source == "asterisk/pbx1"


async def test_what_arrives_while_others_are_kept_goes_together_and_in_order(centre: Centre) -> None:
    centre.go_on.clear()
    sending = asyncio.create_task(centre.send(*(sends(number, ring(number)) for number in range(3 * GROUP))))
    async with asyncio.timeout(20):
        while not centre.most_in_one:
            await asyncio.sleep(0.01)
    centre.go_on.set()
    answers = await sending
    assert results(answers) == [(number, "accepted") for number in range(3 * GROUP)]
    assert [kept.call_ref for kept in centre.messages] == [f"c-{number}" for number in range(3 * GROUP)]
    assert 1 < centre.most_in_one <= GROUP


async def test_a_stream_is_not_read_further_than_its_window() -> None:
    taken = 0

    async def counted() -> AsyncIterator[api.PublishRequest]:
        nonlocal taken
        for number in range(2 * WINDOW):
            taken += 1
            yield sends(number, ring(number))

    async with _Window(counted(), asyncio.Event()) as window:
        handed_out = await window.next_group()
        for _ in range(3 * WINDOW):
            await asyncio.sleep(0)
        # One more was read, and waits for room.
        assert taken == WINDOW + 1
        handed_out += await window.next_group()
        while group := await window.next_group():
            handed_out += group
    assert [request.sequence for request in handed_out] == list(range(2 * WINDOW))


async def test_with_the_broker_away_the_disk_takes_them_and_when_full_each_is_told(centre: Centre) -> None:
    centre.away = True
    answers = []
    for number in range(12):
        answers += await centre.send(sends(number, ring(number)))
    assert results(answers) == [
        *((number, "accepted") for number in range(10)), *((number, "unavailable") for number in (10, 11)),
    ]  # fmt: skip
    assert answers[-1].unavailable.retry_after_s > 0
    assert centre.published == []
    centre.away = False
    async with asyncio.timeout(20):
        while len(centre.published) < 10:
            await asyncio.sleep(0.01)
        # What was told to come again comes again, and nothing twice.
        while results(await centre.send(sends(10, ring(10)), sends(11, ring(11))))[0][1] != "accepted":
            await asyncio.sleep(0.01)
    assert [kept.call_ref for kept in centre.messages] == [f"c-{number}" for number in range(12)]


async def test_the_word_to_stop_ends_a_stream_after_its_answers(centre: Centre) -> None:
    call = centre.stub.Publish(metadata=[("authorization", f"Bearer {LOCAL}")])
    await call.write(sends(1, ring()))
    response = await call.read()
    assert results(response.answers) == [(1, "accepted")]
    centre.stop.set()
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await call.read()
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
