"""A victim of violence calls: their name, number, words, street and place are looked for wherever anything is put.

Only what must hold them does: the call itself on the way to who helps, and the crew's own message.
"""

import asyncio
import base64
import json
import struct
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from otlp_receiver import Receiver
from redis import Redis
from siaga.v1 import incidents_service_pb2, unit_directory_service_pb2
from siaga.v1.incidents_service_pb2_grpc import IncidentsStub
from siaga.v1.unit_directory_service_pb2_grpc import UnitDirectoryStub
from siaga_contracts import catalogue
from siaga_contracts.catalogue import TOPICS, Topic
from siaga_kit import reading
from siaga_kit.embedded.stack import Stack
from siaga_kit.settings import KafkaSettings

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TENANT: Final = "36.73"
REF: Final = "1552292777.12"
WITHIN_S: Final = 60.0
# What is planted, by what it is.
NAME, NUMBER, STREET, WORDS = "Mawarsari Kusumadewi", "81277665544", "Gang Delima Sembunyi 19", "dicekik mantan suami"
LAT, LON = -6.1173219, 106.1563187
PLANTED: Final = {
    "name": NAME, "number": NUMBER, "street": STREET, "words": WORDS, "lat": "6.1173", "lon": "106.1563",
}  # fmt: skip
# These must hold the case, and are for the services alone: what happened on the call, what it is, what the dispatcher
# needs to go on from, and where the crew goes. `units` and `unit-reports` tell where a crew is, not whom it helps.
HOLD_THE_CASE: Final = {
    catalogue.CALL_EVENTS.name: {"name", "number", "street", "words", "lat", "lon"},
    catalogue.CALL_ASSESSMENTS.name: {"name", "number", "street", "words", "lat", "lon"},
    catalogue.INCIDENTS.name: {"street", "lat", "lon"},
    catalogue.DISPATCH_ORDERS.name: {"street", "lat", "lon"},
}


def _forms(datum: str) -> dict[str, bytes]:
    """A datum in every dress that a sink might put on it."""
    plain = datum.encode()
    return {
        "utf-8": plain,
        "utf-16": datum.encode("utf-16-be"),
        "hex": plain.hex().encode(),
        "base64": base64.b64encode(plain)[:-4],
        "json": json.dumps(datum)[1:-1].encode(),
    }


def found_in(data: bytes) -> set[str]:
    """Which planted data stand in the bytes, upper or lower case; doubles are looked for as Protobuf has them, too."""
    lower = data.lower()
    found = {name for name, datum in PLANTED.items() for form in _forms(datum).values() if form.lower() in lower}
    for name, value in (("lat", LAT), ("lon", LON)):
        if _double(value) in data:
            found.add(name)
    return found


def _double(value: float) -> bytes:
    return struct.pack("<d", value)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
        patched.setenv("OTEL_BSP_SCHEDULE_DELAY", "300")
        yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def stack(receiver: Receiver) -> Iterator[Stack]:
    """A stack through which the call went, up to the crews' messages and their answers."""
    with Stack() as running:
        _post(running, "/v1/switch/asterisk", {
            "Event": "Newchannel", "Uniqueid": REF, "Linkedid": REF, "CallerIDNum": f"+62{NUMBER}", "CallerIDName": NAME, "Exten": "112",
        })  # fmt: skip
        _post(running, "/v1/calls/form", {
            "source": "asterisk/pbx1", "call_ref": REF, "operator": "op-03", "disposition": "emergency", "type": "kdrt", "priority": "P1",
            "text": f"{NAME} {WORDS}, hubungi +62{NUMBER}", "address": STREET, "lat": LAT, "lon": LON,
        })  # fmt: skip
        _until(lambda: _sms(running), "no SMS went out")
        _until(lambda: _incidents(running), "no incident")
        yield running


def _post(stack: Stack, path: str, body: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {stack.addresses.token}", "Content-Type": "application/json"}
    request = urllib.request.Request(stack.addresses.intake_url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202


def _until(there: Any, otherwise: str) -> Any:
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        if found := there():
            return found
        time.sleep(0.1)
    raise AssertionError(otherwise)


def _sms(stack: Stack) -> list[dict[str, Any]]:
    url = f"{stack.addresses.smsc_control_url}/messages?after=0&wait_ms=0"
    with urllib.request.urlopen(url, timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)["messages"]
    return found


def _incidents(stack: Stack, **who: str) -> Any:
    with grpc.insecure_channel(stack.addresses.dispatcher_grpc) as channel:
        request = incidents_service_pb2.IncidentsListRequest(tenant=TENANT, **who)
        return IncidentsStub(channel).List(request, timeout=10).incidents


async def _records(stack: Stack, topics: list[Topic]) -> dict[str, bytes]:
    held: dict[str, bytes] = {}
    async for row in reading.records(KafkaSettings(bootstrap=stack.addresses.kafka_bootstrap, replication=1), topics):
        headers = b"".join(name.encode() + b"=" + value + b"\n" for name, value in row.headers)
        held[row.topic] = held.get(row.topic, b"") + b"\n".join((row.key or b"", row.value or b"", headers))
    return held


def test_the_crew_is_told_where_to_go_and_nothing_else(stack: Stack) -> None:
    texts = [message["text"] for message in _sms(stack)]
    assert all(STREET in text and "senyap" in text for text in texts)
    for text in texts:
        assert found_in(text.encode()) <= {"street", "lat", "lon"}
        assert "kdrt" not in text.lower()


def test_no_topic_holds_the_case_but_those_that_must(stack: Stack) -> None:
    held = asyncio.run(_records(stack, list(TOPICS)))
    assert set(HOLD_THE_CASE) <= held.keys()
    told = {name: found_in(data) - HOLD_THE_CASE.get(name, set()) for name, data in held.items()}
    assert {name: found for name, found in told.items() if found} == {}
    # The mirrors for integrators and what a supervisor sees do not even name the kind of case.
    public = (catalogue.PUBLIC_INCIDENTS, catalogue.PUBLIC_UNITS, catalogue.ALERTS)
    assert [topic.name for topic in public if b"kdrt" in held.get(topic.name, b"")] == []


def test_the_topics_that_must_hold_it_do(stack: Stack) -> None:
    """Else the test above would look for what is not there."""
    held = asyncio.run(_records(stack, [catalogue.CALL_EVENTS, catalogue.CALL_ASSESSMENTS, catalogue.DISPATCH_ORDERS]))
    assert found_in(held[catalogue.CALL_EVENTS.name]) >= {"number", "street", "words", "lat", "lon"}
    assert found_in(held[catalogue.DISPATCH_ORDERS.name]) >= {"street", "lat", "lon"}


def test_no_name_of_a_key_in_redis_tells_anything(stack: Stack) -> None:
    with Redis.from_url(stack.addresses.redis_url) as redis:
        names = list(redis.scan_iter("*"))
    assert len(names) > 10
    assert found_in(b"\n".join(names)) == set()


def test_no_log_and_no_trace_tells_anything(stack: Stack, receiver: Receiver) -> None:
    logs = [path for path in Path(stack.home.root).rglob("*.log*") if path.is_file()]
    assert len(logs) > 3
    told = {path.name: found_in(path.read_bytes()) for path in logs if "kafka" not in str(path)}
    assert {name: found for name, found in told.items() if found} == {}
    assert receiver.raw
    assert found_in(receiver.raw) == set()


def test_grpc_tells_it_to_who_says_why_and_to_nobody_else(stack: Stack) -> None:
    (shown,) = _incidents(stack)
    assert shown.type == "confidential"
    assert found_in(shown.SerializeToString()) == set()
    (seen,) = _incidents(stack, actor="op-03", reason="korban menelepon lagi")
    assert seen.place.address == STREET
    held = asyncio.run(_records(stack, [catalogue.AUDIT]))
    assert b"korban menelepon lagi" in held[catalogue.AUDIT.name]
    assert found_in(held[catalogue.AUDIT.name]) == set()
    with grpc.insecure_channel(stack.addresses.dispatcher_grpc) as channel:
        request = unit_directory_service_pb2.UnitDirectoryListRequest(tenant=TENANT)
        units = UnitDirectoryStub(channel).List(request, timeout=10)
    assert found_in(units.SerializeToString()) == set()
