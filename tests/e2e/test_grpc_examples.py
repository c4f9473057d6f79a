"""The grpcurl examples of docs/grpc.md that speak to the dispatcher, each called as it stands there.

As grpcurl does it: the methods and their messages by the server's reflection, the body from its JSON. So an example with a
field or method that is no more fails, and one that is answered otherwise than the page says.
"""

import json
import re
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import Parse
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from siaga.v1.incidents_service_pb2 import IncidentAction, IncidentsListRequest
from siaga.v1.incidents_service_pb2_grpc import IncidentsStub
from siaga_kit.embedded.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PAGE: Final = Path(__file__).parents[2] / "docs" / "grpc.md"
DISPATCHER: Final = "127.0.0.1:7113 siaga.v1."
SERVICES: Final = ("Dispatch", "Incidents", "UnitDirectory")
TENANT: Final = "36.73"
WITHIN_S: Final = 60.0
CALL_WITHIN_S: Final = 10.0

BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A body is in single quotes, with `'$NAME'` and `'$(new)'` between them.
EXAMPLE: Final = re.compile(
    r"grpcurl -plaintext (?:-max-time \d+ )?-d ((?:'[^']*'|\$\w+|\$\(new\))+)\s+(?:\\\n\s*)?"
    + re.escape(DISPATCHER)
    + r"(\w+)/(\w+)"
)
VARIABLE: Final = re.compile(r"'\$(?:\((new)\)|(\w+))'")
ERROR: Final = re.compile(r"ERROR:\n  Code: (\w+)\n  Message: (.*)\n")

# Two calls for one fire, one for another incident, and one that is confidential.
CALLS: Final = (
    ("41", "81298765432", "fire_building", -6.1149, 106.1502, "rumah terbakar", "Jl. Veteran 1"),
    ("42", "81298765433", "fire_building", -6.1149, 106.1503, "kebakaran rumah", "Jl. Veteran 1"),
    ("43", "81298765434", "medical_ambulance", -6.1300, 106.1602, "sesak napas", "Jl. Ahmad Yani 3"),
    ("44", "81298765435", "kdrt", -6.1200, 106.1702, "dipukul", "Jl. Melati 2"),
)


@dataclass(frozen=True)
class Example:
    """One call; `code` and `said` (what the message begins with) are empty where the page shows no error."""

    service: str
    method: str
    body: str
    code: str = ""
    said: str = ""

    def filled(self, names: dict[str, str]) -> str:
        return VARIABLE.sub(lambda found: uuid.uuid4().hex if found[1] else names[found[2]], self.body)[1:-1]


def examples() -> list[Example]:
    """All of them, in the page's order. An error that follows a block is the answer to its last call."""
    text = PAGE.read_text("utf-8")
    blocks = BLOCK.findall(text)
    found: list[Example] = []
    for (_, block), (_, after) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        calls = [Example(service, method, body) for body, service, method in EXAMPLE.findall(block)]
        if calls and (error := ERROR.match(after)):
            last = calls.pop()
            calls.append(Example(last.service, last.method, last.body, error[1], error[2].partition(":")[0]))
        found += calls
    assert len(found) == text.count(DISPATCHER), "an example is written so that it is not found here"
    return found


@pytest.fixture(scope="module")
def names(stack: Stack) -> dict[str, str]:
    """What the page's shell variables stand for, once the calls have become incidents with units."""
    for call in CALLS:
        _post(stack, *call)
    with grpc.insecure_channel(stack.addresses.dispatcher_grpc) as channel:
        incidents = IncidentsStub(channel)
        until = time.monotonic() + WITHIN_S
        while True:
            answer = incidents.List(IncidentsListRequest(tenant=TENANT, open_only=True), timeout=CALL_WITHIN_S)
            sent = {one.type: one for one in answer.incidents if one.assignments}
            if len(sent) == 3 and len(sent["fire_building"].call_ids) == 2:
                break
            assert time.monotonic() < until, "the calls have become no incidents with units"
            time.sleep(0.1)
    fire = sent["fire_building"]
    return {
        "INCIDENT": fire.incident_id,
        "CALL": fire.call_ids[1],
        "OTHER": sent["medical_ambulance"].incident_id,
        "CONFIDENTIAL": sent["confidential"].incident_id,
    }


@pytest.fixture(scope="module")
def channel(stack: Stack) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(stack.addresses.dispatcher_grpc) as opened:
        yield opened


def test_every_method_and_every_action_has_an_example(channel: grpc.Channel) -> None:
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    there = {(name, method.name) for name in SERVICES for method in pool.FindServiceByName(f"siaga.v1.{name}").methods}
    shown = examples()
    assert there == {(example.service, example.method) for example in shown}
    actions = set(re.findall(r"INCIDENT_ACTION_\w+", " ".join(example.body for example in shown)))
    assert actions == set(IncidentAction.keys()) - {"INCIDENT_ACTION_UNSPECIFIED"}


def test_each_example_is_answered_as_the_page_says(channel: grpc.Channel, names: dict[str, str]) -> None:
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    otherwise: list[str] = []
    for example in examples():
        code, message = _called(channel, pool, example, names)
        if code != example.code or not message.startswith(example.said):
            otherwise.append(f"{example.service}/{example.method} {example.body}: {code or 'OK'} {message}")
    assert not otherwise, "\n".join(otherwise)


def _called(channel: grpc.Channel, pool: DescriptorPool, example: Example, names: dict[str, str]) -> tuple[str, str]:
    """The code of its answer as grpcurl writes it, and the message; both empty = all is well."""
    method = pool.FindServiceByName(f"siaga.v1.{example.service}").FindMethodByName(example.method)
    request, answer_class = GetMessageClass(method.input_type)(), GetMessageClass(method.output_type)
    Parse(example.filled(names), request, descriptor_pool=pool)
    kind = channel.unary_stream if method.server_streaming else channel.unary_unary
    call: Any = kind(
        f"/siaga.v1.{example.service}/{example.method}", type(request).SerializeToString, answer_class.FromString
    )
    try:
        answer = call(request, timeout=CALL_WITHIN_S)
        if method.server_streaming:
            # Ends with an error at the deadline unless all that is there comes, and then the word for it.
            next(one for one in answer if one.caught_up)
            answer.cancel()
    except grpc.RpcError as error:
        refused: Any = error
        return refused.code().name.title().replace("_", ""), refused.details()
    return "", ""


def _post(stack: Stack, ref: str, number: str, kind: str, lat: float, lon: float, text: str, address: str) -> None:
    ref = f"1552292130.{ref}"
    leg = {"Event": "Newchannel", "Uniqueid": ref, "Linkedid": ref, "CallerIDNum": f"+62{number}", "Exten": "112"}
    form = {
        "source": "asterisk/pbx1", "call_ref": ref, "operator": "op-03", "disposition": "emergency",
        "type": kind, "lat": lat, "lon": lon, "text": text, "address": address,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {stack.addresses.token}", "Content-Type": "application/json"}
    for path, body in (("/v1/switch/asterisk", leg), ("/v1/calls/form", form)):
        request = urllib.request.Request(stack.addresses.intake_url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=CALL_WITHIN_S) as answer:
            assert answer.status == 202
