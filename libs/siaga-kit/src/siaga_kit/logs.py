"""Structured logs: one JSON object a line, with the trace they belong to, without personal data."""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from opentelemetry import trace

# What may never reach a log, whatever a caller passes: a masked value tells that it was there.
PERSONAL: Final = frozenset({"number", "phone", "caller", "text", "address", "lat", "lon", "caller_number"})


def _mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in PERSONAL & event.keys():
        event[name] = "***"
    return event


def _trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def setup(service: str, level: str) -> None:
    """Logs of this process go to stderr as JSON lines; those of libraries too, from WARNING on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask,
            _trace,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LibraryLine(service))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class _LibraryLine(logging.Formatter):
    """A library's own log line, in the shape of ours."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "event": record.getMessage(),
            "service": self._service,
            "logger": record.name,
            "level": record.levelname.lower(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)
