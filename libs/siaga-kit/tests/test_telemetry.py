"""One trace from the HTTP request to the last record, and no unregistered or personal name in it."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from siaga_kit import logs, names, telemetry


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry._State.tracer = provider.get_tracer("test")
    yield exporter
    telemetry._State.tracer = None


def test_with_tracing_off_the_incoming_trace_is_handed_on() -> None:
    with telemetry.span("x", traceparent="00-aa-bb-01") as traceparent:
        assert traceparent == "00-aa-bb-01"


def test_a_chain_of_spans_is_one_trace(spans: InMemorySpanExporter) -> None:
    with telemetry.span("POST /v1/switch/asterisk", "server", None, {"http.route": "/v1"}) as request:
        sent = telemetry.OpenSpan("send topic", "producer", request, {"topic": "t"})
        received = telemetry.OpenSpan("process topic", "consumer", sent.traceparent, {})
        received.end()
        sent.end()
    made = spans.get_finished_spans()
    assert len({span.context.trace_id for span in made if span.context}) == 1
    by_name = {span.name: span for span in made}
    parent = by_name["process topic"].parent
    context = by_name["send topic"].context
    assert parent is not None
    assert context is not None
    assert parent.span_id == context.span_id


def test_an_error_is_told_by_its_class_only(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="0812"), telemetry.span("x"):
        raise ValueError("+62 0812 3456")
    (made,) = spans.get_finished_spans()
    assert made.status.description == "ValueError"
    assert not made.events


@pytest.mark.parametrize("broken", ["", "garbage", "00-xyz-1-1", "00-" + "0" * 32])
def test_a_broken_traceparent_starts_a_new_trace(spans: InMemorySpanExporter, broken: str) -> None:
    with telemetry.span("x", traceparent=broken):
        pass
    (made,) = spans.get_finished_spans()
    assert made.parent is None


def test_unregistered_names_are_refused(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="not registered"), telemetry.span("x", attributes={"caller.number": "+62"}):
        pass
    with pytest.raises(ValueError, match="not registered"):
        telemetry.counter("siaga.unknown")


def test_no_registered_name_is_personal() -> None:
    words = {word for name in (*names.METRICS, *names.ATTRIBUTES) for word in name.replace("_", ".").split(".")}
    assert not words & {"number", "phone", "msisdn", "caller", "lat", "lon", "text", "address"}


def test_logs_mask_what_is_personal() -> None:
    masked = logs._mask(None, "", {"event": "x", "number": "+6281", "unit": "U1"})
    assert masked == {"event": "x", "number": "***", "unit": "U1"}
