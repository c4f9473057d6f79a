"""What a scenario knows about its calls and never posts: the expected outcome of each."""

import gzip
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from siaga_contracts import ids


class CallTruth(msgspec.Struct, frozen=True):
    """One call as it really was."""

    source: str
    call_ref: str
    # E.164; None = withheld or without a SIM.
    caller: str | None
    ended_at_ms: int
    # Outcome names of the contracts, lower case: answered_prank, abandon, ivr_prank, real, …
    outcome: str
    # An operator said so in a form.
    operator_confirmed: bool
    confidential: bool = False
    # Type and priority of a real call; empty for the others.
    type: str = ""
    priority: str = ""

    def call_id(self, tenant: str) -> str:
        return ids.call_id(tenant, self.source, self.call_ref)


class Truth(msgspec.Struct, frozen=True):
    """A scenario's calls, and the published table they were made from."""

    scenario: str
    tenant: str
    calls: list[CallTruth]
    # Published category → calls of this scenario that count there; their sum is the number of calls.
    categories: dict[str, int]
    # Category → count as printed by the centre; empty where the scenario is only a part.
    published: dict[str, int]
    published_total: int

    @property
    def clock_ms(self) -> int:
        """The scenario's end: the last end of a call."""
        return max((call.ended_at_ms for call in self.calls), default=0)

    def expected_outcomes(self) -> Counter[str]:
        """Calls by outcome."""
        return Counter(call.outcome for call in self.calls)

    def wrong_outcomes(self, counted: Mapping[str, str]) -> list[str]:
        """Where a recap (call id → outcome) differs from the truth, one line a call."""
        wrong = []
        for call in self.calls:
            found = counted.get(call.call_id(self.tenant), "missing")
            if found != call.outcome:
                wrong.append(f"{call.source} {call.call_ref}: expected {call.outcome}, found {found}")
        return wrong

    def by_caller(self) -> dict[str, list[CallTruth]]:
        """Calls of each number in the order they ended; calls without a number belong to nobody."""
        return calls_by_caller(self.calls)

    def save(self, path: Path) -> None:
        path.write_bytes(gzip.compress(msgspec.json.encode(self), compresslevel=3, mtime=0))

    @staticmethod
    def load(path: Path) -> "Truth":
        return msgspec.json.decode(gzip.decompress(path.read_bytes()), type=Truth)


def calls_by_caller(calls: Iterable[CallTruth]) -> dict[str, list[CallTruth]]:
    """Calls of each number in the order they ended."""
    found: dict[str, list[CallTruth]] = {}
    for call in calls:
        if call.caller is not None:
            found.setdefault(call.caller, []).append(call)
    for own in found.values():
        own.sort(key=_by_end)
    return found


def _by_end(call: CallTruth) -> tuple[int, str, str]:
    return call.ended_at_ms, call.source, call.call_ref
