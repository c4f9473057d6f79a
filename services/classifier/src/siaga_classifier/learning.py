"""Assessments in, examples out: what operators said of calls, masked, where the centre consents; and an alarm for misses.

It keeps nothing of a call: the example is a function of its latest assessment, and the last one of a call holds, so that a
corrected label replaces what was learnt from it. That a real call was missed is told whether the centre consents or not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from siaga.v1 import assessment_pb2
from siaga_contracts import catalogue
from siaga_contracts.catalogue import Topic
from siaga_kit import telemetry
from siaga_kit.errors import is_transient
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.stage import Item, Result
from siaga_tenants import Gazetteer, Tenants, normalise_name

from siaga_classifier.adapters.example_codec import example_message, labelled_of
from siaga_classifier.adapters.missed_store import MissedStore
from siaga_classifier.core.learning import Labelled
from siaga_classifier.core.words.masking import Known, masked

log = structlog.get_logger()

# How old the count of missed calls may be that a supervisor sees; they are looked at by people, not by the second.
WATCH_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Consent:
    """What a tenant allows to be learnt, and what its texts are masked by."""

    learns: bool
    known: Known


def consents(tenants: Tenants, words_known: Callable[[str], frozenset[str]]) -> Mapping[str, Consent]:
    """By tenant code, whether it consents; `words_known` are those of its rules."""
    return {
        code: Consent(tenant.learning, Known(words_known(code), _PlaceNames(tenant.gazetteer).hold))
        for code, tenant in tenants.items()
    }


class _PlaceNames:
    """The names of a tenant's areas, compared without their spaces: people write Sumurpecung and Sumur Pecung."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._names = frozenset(_squeezed(area.name) for area in gazetteer.areas)

    def hold(self, name: str) -> bool:
        return _squeezed(name) in self._names


class Learning:
    """The processor of the stage over assessments."""

    def __init__(
        self,
        store: MissedStore,
        consents: Mapping[str, Consent],
        examples: Topic = catalogue.LABELLED_EXAMPLES,
    ) -> None:
        self._store = store
        self._consents = consents
        self._examples = examples

    async def process(self, batch: Sequence[Item[assessment_pb2.CallAssessment]]) -> Result:
        """One example per labelled call of the batch, from the latest that is told of it."""
        latest: dict[str, tuple[Labelled, Item[assessment_pb2.CallAssessment]]] = {}
        for item in batch:
            call = labelled_of(item.message)
            if call is not None:
                latest[call.call_id] = (call, item)
        if not latest:
            return Result()
        outgoing = [made for call, item in latest.values() if (made := self._example(call, item)) is not None]
        calls = [call for call, _ in latest.values()]
        return Result(outgoing, partial(self._note, calls))

    def _example(self, call: Labelled, item: Item[assessment_pb2.CallAssessment]) -> Outgoing | None:
        consent = self._consents.get(call.tenant)
        if consent is None or not consent.learns or not (call.teaches or call.confidential):
            return None
        text = masked(call.text, consent.known)
        message = example_message(call, text, item.message.words if call.words else None)
        return Outgoing(
            self._examples, call.call_id, message, message.example_id, call.event_at_ms, item.record.traceparent
        )

    async def _note(self, calls: Iterable[Labelled]) -> None:
        missed = [(call.tenant, call.call_id) for call in calls if call.missed_real]
        others = [(call.tenant, call.call_id) for call in calls if not call.missed_real]
        for tenant, call_id in await self._store.note(missed, others):
            log.error("a real call was missed by the machine", tenant=tenant, call_id=call_id)


class MissedWatch:
    """Tells how many missed calls each tenant has: as a metric, and as a note that `siaga status` shows."""

    def __init__(self, runtime: Runtime, store: MissedStore, tenants: Iterable[str]) -> None:
        self._runtime = runtime
        self._store = store
        self._tenants = tuple(tenants)
        self._counts: dict[str, int] = {}
        runtime.health.tell("missed_real", self.note)

    def note(self) -> str | None:
        """What a supervisor should look at; None when there is nothing."""
        found = [f"{tenant} {count}" for tenant, count in self._counts.items() if count]
        if not found:
            return None
        return f"real calls that the machine alone would only have recorded: {', '.join(found)}; `siaga model report`"

    async def run(self) -> None:
        """Count again and again until the process stops; a Redis that is away is the stages' trouble to tell."""
        gauge = telemetry.gauge("siaga.classifier.missed_real")
        while True:
            try:
                self._counts = await self._store.count(self._tenants)
            except Exception as error:
                if not is_transient(error):
                    raise
            for tenant, count in self._counts.items():
                gauge.set(count, {"siaga.tenant": tenant})
            if await self._runtime.sleep(WATCH_S):
                return


def _squeezed(name: str) -> str:
    return normalise_name(name).replace(" ", "")
