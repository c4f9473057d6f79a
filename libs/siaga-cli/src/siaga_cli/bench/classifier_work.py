"""What one assessment costs in CPU, without broker and Redis: from the event's bytes to the bytes that are published and saved."""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from statistics import median
from typing import Final

from siaga.v1 import call_pb2
from siaga_classifier.adapters.codec import event_of
from siaga_classifier.adapters.state_codec import Published, SavedCall, decode, encode
from siaga_classifier.assembly import Cause, Teller
from siaga_classifier.core.assess import assess
from siaga_classifier.core.fold import fold
from siaga_classifier.tenants import TenantViews
from siaga_contracts import catalogue
from siaga_kit.embedded.home import project_root
from siaga_tenants import load_tenants

from siaga_cli.bench import call_events

# Kinds of load take turns, so that what else the machine does falls on both alike.
ROUNDS: Final = 5
EVENTS: Final = 1_200


class Work:
    """The way of an event through the classifier's own code, with a saved call in place of Redis."""

    def __init__(self) -> None:
        self._views = TenantViews(load_tenants(project_root() / "tenants"))
        self._teller = Teller(catalogue.CALL_ASSESSMENTS, catalogue.CALLER_OUTCOMES)
        self._saved: dict[str, bytes] = {}

    def assess(self, value: bytes, number: int) -> None:
        """Take one event in: what the stage does with it, batches of one."""
        event = event_of(call_pb2.CallEvent.FromString(value))
        raw = self._saved.get(event.call_id)
        before = decode(raw) if raw else None
        state = fold(before.state if before else None, [event])
        assessment = assess(event.call_id, state, None, self._views.of(event.tenant))
        published = before.published if before else Published()
        told = self._teller.tell(assessment, published, Cause(number))
        for outgoing in told.outgoing:
            if outgoing.message is not None:
                outgoing.message.SerializeToString()
        self._saved[event.call_id] = encode(SavedCall(told.saved.state, told.saved.published))


def assessment_us() -> tuple[float, float]:
    """Microseconds of CPU for one assessment without text, and for one with a text of 200 characters; medians."""
    work = Work()
    without: list[float] = []
    worded: list[float] = []
    for number in range(ROUNDS + 1):
        without.append(_spent_us(work.assess, islice(call_events.voice(f"v{number}"), EVENTS)))
        # Others than in the rounds before: a text that was read is not read again.
        texts = islice(call_events.written(f"w{number}"), number * EVENTS, (number + 1) * EVENTS)
        worded.append(_spent_us(work.assess, texts))
    # The first round warms up.
    return median(without[1:]), median(worded[1:])


def _spent_us(step: Callable[[bytes, int], None], events: Iterator[call_pb2.CallEvent]) -> float:
    values = [event.SerializeToString() for event in events]
    begin_s = time.process_time()
    for number, value in enumerate(values):
        step(value, number)
    return (time.process_time() - begin_s) / len(values) * 1e6
