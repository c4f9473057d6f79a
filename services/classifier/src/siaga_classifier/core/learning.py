"""What operators say of calls beside what the machine had made of them: examples to learn from, and calls it missed.

A real call is missed when the machine alone would only have recorded it, or when its words alone were read so. The
list of such calls is empty, or somebody is alarmed.
"""

from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.vocabulary import NO_EVENT_TYPES, Advice, Channel, Disposition, Outcome, Priority

# What stands in the place of a confidential case's type wherever it is counted or learnt from (K4, K6).
CONFIDENTIAL: Final = "confidential"
# What an operator's disposition says that the call needs; what is not in it says nothing about that.
_NEEDS: Final = {
    Disposition.EMERGENCY: Advice.DISPATCH,
    Disposition.GHOST: Advice.REVIEW,
    Disposition.MISDIRECTED: Advice.REVIEW,
    Disposition.PRANK: Advice.RECORD,
    Disposition.FALSE_REPORT: Advice.RECORD,
    Disposition.NON_EMERGENCY: Advice.RECORD,
}
_TYPES: Final = {
    Disposition.PRANK: "prank",
    Disposition.FALSE_REPORT: "prank",
    Disposition.NON_EMERGENCY: "non_emergency",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What rules and model made of the words, whatever anybody said of them."""

    type: str
    priority: Priority
    advice: Advice


@dataclass(frozen=True, slots=True)
class Labelled:
    """A call that an operator has labelled. `type` and `priority` are the operator's own, empty where none was chosen."""

    call_id: str
    tenant: str
    event_at_ms: int
    channel: Channel
    disposition: Disposition
    outcome: Outcome
    type: str
    priority: Priority
    text: str
    confidential: bool
    # What would have been done without the operator's word.
    machine_advice: Advice
    # None = there were no words to read.
    words: Heard | None

    @property
    def is_real(self) -> bool:
        """Whether the operator says that somebody needed help."""
        if self.disposition is Disposition.UNSPECIFIED:
            return bool(self.type) and self.type not in NO_EVENT_TYPES
        return self.disposition is Disposition.EMERGENCY

    @property
    def missed_real(self) -> bool:
        """Whether a real call would have been recorded only, by the machine as a whole or by its reading of the words."""
        return self.is_real and Advice.RECORD in (self.machine_advice, self.words.advice if self.words else None)

    @property
    def needed(self) -> Advice:
        """What the operator's word says that the call needed."""
        return Advice.DISPATCH if self.is_real else _NEEDS.get(self.disposition, Advice.UNSPECIFIED)

    @property
    def given(self) -> Advice:
        """What the machine gave it: by the words where there are any, for an answered call is looked at whatever they say."""
        return self.words.advice if self.words else self.machine_advice

    @property
    def said_type(self) -> str:
        """The operator's type for counting and learning: `confidential` hides which."""
        if self.confidential:
            return CONFIDENTIAL
        return self.type or _TYPES.get(self.disposition, "")

    @property
    def teaches(self) -> bool:
        """Whether there is anything in it to learn from: a text, and something that was said of it."""
        return bool(self.text) and not self.confidential and bool(self.said_type or self.needed)
