"""Traces and metrics by OpenTelemetry: off unless the standard `OTEL_*` variables name a receiver.

A trace goes on through records by their `traceparent` header. We propagate it ourselves: the public instrumentation of
our Kafka client closes its span before the handler runs, and records keys.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

from siaga_kit import names

Kind = Literal["server", "client", "producer", "consumer", "internal"]
Attributes = Mapping[str, str | int | float | bool]

_KINDS: Final[Mapping[Kind, SpanKind]] = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}
_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
# A receiver that is slow or away must never hold up a call: at most this many spans wait, more are dropped.
SPAN_QUEUE: Final = 8192


class _State:
    tracer: trace.Tracer | None = None
    meter: metrics.Meter = metrics.get_meter("siaga112")
    provider: TracerProvider | None = None


def setup(service: str, instance: str) -> None:
    """Start telemetry for this process; traces only when `OTEL_EXPORTER_OTLP_(TRACES_)ENDPOINT` is set."""
    resource = Resource.create({"service.name": f"siaga-{service}", "service.instance.id": instance})
    provider = MeterProvider(resource=resource, metric_readers=[PrometheusMetricReader()])
    _State.meter = provider.get_meter("siaga112")
    _counters.clear()
    _histograms.clear()
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        tracers = TracerProvider(resource=resource)
        tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), max_queue_size=SPAN_QUEUE))
        _State.provider = tracers
        _State.tracer = tracers.get_tracer("siaga112")


def shutdown() -> None:
    """Send what waits, at most for a moment."""
    if _State.provider is not None:
        _State.provider.force_flush(1000)
        _State.provider.shutdown()
        _State.provider = None
        _State.tracer = None


def tracing() -> bool:
    """Whether spans are recorded; callers on the hot path skip their span work when not."""
    return _State.tracer is not None


def _parent(traceparent: str | None) -> Context:
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None:
        return Context()
    context = SpanContext(
        int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=TraceFlags(int(match[3], 16))
    )
    return trace.set_span_in_context(NonRecordingSpan(context), Context())


def _attributes(given: Attributes | None) -> dict[str, str | int | float | bool]:
    for name in given or ():
        if name not in names.ATTRIBUTES:
            raise ValueError(f"attribute {name!r} is not registered in siaga_kit.names.ATTRIBUTES")
    return dict(given or {})


@contextmanager
def span(
    name: str, kind: Kind = "internal", traceparent: str | None = None, attributes: Attributes | None = None
) -> Iterator[str | None]:
    """A span that continues `traceparent`; yields its own traceparent (or, with tracing off, the one given)."""
    tracer = _State.tracer
    if tracer is None:
        yield traceparent
        return
    with tracer.start_as_current_span(
        name,
        _parent(traceparent),
        _KINDS[kind],
        _attributes(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        try:
            yield _header(made)
        except BaseException as error:
            # The class only: a message may quote a number or a text.
            made.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def _header(made: trace.Span) -> str:
    context = made.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


class OpenSpan:
    """A span that another place ends: the stage opens one per record of a batch and ends all with the batch."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, name: str, kind: Kind, traceparent: str | None, attributes: Attributes) -> None:
        assert _State.tracer is not None
        self._span = _State.tracer.start_span(name, _parent(traceparent), _KINDS[kind], _attributes(attributes))
        self.traceparent = _header(self._span)

    def end(self, error: str | None = None) -> None:
        """End it; `error` is the class of what went wrong."""
        if error:
            self._span.set_status(StatusCode.ERROR, error)
        self._span.end()


_counters: dict[str, metrics.Counter] = {}
_histograms: dict[str, metrics.Histogram] = {}


def _registered(name: str) -> str:
    if name not in names.METRICS:
        raise ValueError(f"metric {name!r} is not registered in siaga_kit.names.METRICS")
    return name


def counter(name: str) -> metrics.Counter:
    """A counter by its registered name."""
    if name not in _counters:
        _counters[name] = _State.meter.create_counter(_registered(name), description=names.METRICS[name])
    return _counters[name]


def histogram(name: str) -> metrics.Histogram:
    """A histogram by its registered name."""
    if name not in _histograms:
        _histograms[name] = _State.meter.create_histogram(_registered(name), description=names.METRICS[name])
    return _histograms[name]


def gauge(name: str) -> metrics._Gauge:
    """A gauge by its registered name."""
    return _State.meter.create_gauge(_registered(name), description=names.METRICS[name])
