"""Whether one operator confirms far more abuse than the others: a tired one, a mistaken one, or a grudge.

No operator is sanctioned by this. It names who a supervisor should listen in with, and on how many calls it rests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import pstdev
from typing import Final

from siaga_classifier.ledger.core.entries import ANSWERED_PRANK

# Three standard deviations above peers are a supervisor's matter (DOMAIN 5.6): chance alone does so once in 700 times.
SIGMAS: Final = 3.0
# With fewer calls a single bad evening looks like a habit.
MIN_CALLS: Final = 20
# With one colleague alone nobody can tell which of the two is the odd one.
MIN_PEERS: Final = 2


@dataclass(frozen=True, slots=True)
class Answered:
    """One answered call as its latest revision has it; `operator` said what it was."""

    call_id: str
    operator: str
    outcome: str
    revision: int = 1


@dataclass(frozen=True, slots=True)
class OperatorTally:
    """One operator's calls with a disposition, those confirmed as pranks, and how far that is above the peers'."""

    operator: str
    calls: int
    confirmed: int
    # Standard deviations above what the peers' share would give; 0 where it cannot be told.
    sigmas: float = 0.0
    needs_review: bool = False

    @property
    def share(self) -> float:
        """Of the calls, those confirmed as pranks."""
        return self.confirmed / self.calls if self.calls else 0.0


def operator_report(calls: Iterable[Answered]) -> tuple[OperatorTally, ...]:
    """All operators of one centre, the most conspicuous first; repetitions and old revisions of a call count once."""
    latest: dict[str, Answered] = {}
    for call in calls:
        if call.operator and (call.call_id not in latest or call.revision >= latest[call.call_id].revision):
            latest[call.call_id] = call
    counts: dict[str, list[int]] = {}
    for call in latest.values():
        tally = counts.setdefault(call.operator, [0, 0])
        tally[0] += 1
        tally[1] += call.outcome == ANSWERED_PRANK
    tallies = {name: OperatorTally(name, total, confirmed) for name, (total, confirmed) in counts.items()}
    judged = [_judged(tally, tallies) for tally in tallies.values()]
    return tuple(sorted(judged, key=lambda tally: (-tally.sigmas, tally.operator)))


def _judged(tally: OperatorTally, all_of_them: Mapping[str, OperatorTally]) -> OperatorTally:
    """The tally beside the peers': they are taken together without it, or it would hide behind itself."""
    peers = [peer for peer in all_of_them.values() if peer.operator != tally.operator and peer.calls >= MIN_CALLS]
    if tally.calls < MIN_CALLS or len(peers) < MIN_PEERS:
        return tally
    calls = sum(peer.calls for peer in peers)
    # One more call of each kind, so that peers without a single prank still leave room for chance.
    usual = (sum(peer.confirmed for peer in peers) + 1) / (calls + 2)
    # What chance gives with so many calls, and how far the peers differ among themselves.
    spread = sqrt(usual * (1 - usual) / tally.calls + pstdev([peer.share for peer in peers]) ** 2)
    sigmas = (tally.share - usual) / spread
    return OperatorTally(tally.operator, tally.calls, tally.confirmed, round(sigmas, 2), sigmas > SIGMAS)
