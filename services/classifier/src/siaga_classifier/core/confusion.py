"""How well the machine did on calls that people have labelled: what they said against what it made of them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.learning import CONFIDENTIAL, Labelled
from siaga_classifier.core.vocabulary import CONFIDENTIAL_TYPES, Advice

# Of confidential cases smaller numbers are not told: in a small town they would name somebody (K6).
FEWEST_CONFIDENTIAL: Final = 10
# What the machine said of a call that had no words to read.
NO_WORDS: Final = "no_words"
_HELPED: Final = frozenset({Advice.DISPATCH, Advice.REVIEW})


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts over labelled calls; pairs are (what people said, what the machine said)."""

    calls: int
    needs: Mapping[tuple[Advice, Advice], int]
    types: Mapping[tuple[str, str], int]
    real: int
    # Real calls that the machine would have sent help to or shown to a person.
    real_found: int
    # Real calls whose priority both have named, and those of which the machine named a lower one.
    prioritised: int
    under_triaged: int
    # (tenant, call_id), the earliest first.
    missed: tuple[tuple[str, str], ...]

    @property
    def recall_real(self) -> float | None:
        """The share of real calls that were found; None without any."""
        return self.real_found / self.real if self.real else None

    @property
    def under_triage(self) -> float | None:
        """The share of real calls of which the machine named too low a priority; None where nobody named one."""
        return self.under_triaged / self.prioritised if self.prioritised else None


def confusion(calls: Iterable[Labelled]) -> Confusion:
    """The counts over these calls, each once."""
    labelled = sorted(calls, key=lambda call: (call.event_at_ms, call.call_id))
    real = [call for call in labelled if call.is_real]
    prioritised = [(call.priority, call.words.priority) for call in real if call.priority and call.words]
    return Confusion(
        calls=len(labelled),
        needs=Counter((call.needed, call.given) for call in labelled),
        types=Counter((call.said_type, _heard_type(call)) for call in labelled if call.said_type),
        real=len(real),
        real_found=sum(call.given in _HELPED for call in real),
        prioritised=len(prioritised),
        under_triaged=sum(heard > said for said, heard in prioritised),
        missed=tuple((call.tenant, call.call_id) for call in labelled if call.missed_real),
    )


def shown(pair: tuple[str, str], count: int) -> str:
    """A count of types as it may be shown."""
    return f"<{FEWEST_CONFIDENTIAL}" if CONFIDENTIAL in pair and count < FEWEST_CONFIDENTIAL else f"{count}"


def _heard_type(call: Labelled) -> str:
    if call.words is None:
        return NO_WORDS
    return CONFIDENTIAL if call.words.type in CONFIDENTIAL_TYPES else call.words.type
