"""One trace from the HTTP request to the sent SMS, over four services and their topics."""

import json
import re
import time
import urllib.request
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_receiver import Receiver
from siaga_kit.embedded.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PHONE, ADDRESS = "81298765432", "Gang Rahasia 7"
WITHIN_S = 30.0
# The way of the call that asks for help, span by span.
WAY = (
    "POST /v1/calls/form",
    "send siaga.call-events.v1",
    "process siaga.call-events.v1",
    "send siaga.call-assessments.v1",
    "process siaga.call-assessments.v1",
    "send siaga.dispatch-orders.v1",
    "process siaga.dispatch-orders.v1",
    "send sms",
)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    made = Receiver()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "300")
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_one_trace_from_the_request_to_the_sms(receiver: Receiver) -> None:
    with Stack() as stack:
        form = {
            "source": "asterisk/pbx1", "call_ref": "1552292130.41", "operator": "op-03", "text": "ibu sesak napas",
            "address": ADDRESS, "lat": -6.1149, "lon": 106.1502, "type": "medical_ambulance", "disposition": "emergency",
        }  # fmt: skip
        leg = {"Event": "Newchannel", "Uniqueid": "1552292130.41", "Linkedid": "1552292130.41"}
        _post(stack, "/v1/switch/asterisk", {**leg, "CallerIDNum": f"+62{PHONE}", "Exten": "112"})
        _post(stack, "/v1/calls/form", form, f"00-{TRACE_ID}-b7ad6b7169203331-01")
        until = time.monotonic() + WITHIN_S
        while WAY not in ways_of(of_trace(receiver)) and time.monotonic() < until:
            time.sleep(0.1)
    spans = of_trace(receiver)
    assert WAY in ways_of(spans), sorted({span.name for span in spans})
    attributes = {each.key for span in spans for each in span.attributes}
    assert "messaging.system" in attributes
    assert not re.search(PHONE.encode(), receiver.raw)
    assert ADDRESS.encode() not in receiver.raw


def of_trace(receiver: Receiver) -> list[Span]:
    return [span for span in list(receiver.spans) if span.trace_id.hex() == TRACE_ID]


def ways_of(spans: Sequence[Span]) -> list[tuple[str, ...]]:
    """How each SMS came about: the spans of the way that it descends from, the first one first.

    One topic is read by several services: of spans of one name only those count that led to the SMS.
    """
    by_id = {span.span_id: span for span in spans}
    ways: list[tuple[str, ...]] = []
    for sms in spans:
        if sms.name != WAY[-1]:
            continue
        way: list[str] = []
        span: Span | None = sms
        while span is not None:
            way.append(span.name)
            span = by_id.get(span.parent_span_id)
        ways.append(tuple(name for name in reversed(way) if name in WAY))
    return ways


def _post(stack: Stack, path: str, body: dict[str, object], traceparent: str | None = None) -> None:
    headers = {"Authorization": f"Bearer {stack.addresses.token}", "Content-Type": "application/json"}
    if traceparent:
        headers["traceparent"] = traceparent
    url = stack.addresses.intake_url + path
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202
