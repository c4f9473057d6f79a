"""The judgement of a call as a value, and what it asks of the call's tenant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.advice import Policy
from siaga_classifier.core.agencies import national_agencies
from siaga_classifier.core.outcome import is_silent_confirmed
from siaga_classifier.core.place import Areas, Place
from siaga_classifier.core.state import CallState, Mark
from siaga_classifier.core.vocabulary import Advice, IdentityTrust, Outcome, Priority
from siaga_classifier.core.words.rules import Reading, Reason

# Of a call without a word.
NO_WORDS: Final = Reading()


@dataclass(frozen=True, slots=True)
class TenantView:
    """What the judgement of a call asks of its tenant."""

    read: Callable[[str], Reading]
    # By type: where no words and no operator say more.
    base_priority: Mapping[str, Priority]
    policy: Policy
    areas: Areas | None
    # Kinds of units that a type and a priority call for, by the response plan.
    agencies: Callable[[str, str], tuple[str, ...]] = national_agencies


@dataclass(frozen=True, slots=True)
class Assessment:
    """The judgement of one call."""

    call_id: str
    state: CallState
    outcome: Outcome
    outcome_basis: Reason
    type: str
    priority: Priority
    confidence: float
    reasons: tuple[Reason, ...]
    advice: Advice
    place: Place
    text: str
    confidential: bool
    operator_confirmed: bool
    # What the words say by themselves, whatever anybody said of them.
    words: Reading = NO_WORDS
    # Kinds of units that the response plan calls for; none where nothing is to be done.
    agencies: tuple[str, ...] = ()
    # What would be done had no operator said what the call was; nothing where none has.
    machine_advice: Advice = Advice.UNSPECIFIED

    @property
    def is_over(self) -> bool:
        return self.outcome is not Outcome.IN_PROGRESS

    @property
    def backfilled(self) -> bool:
        return bool(self.state.marks & Mark.BACKFILLED)

    @property
    def test(self) -> bool:
        return self.outcome is Outcome.TEST

    @property
    def identity_trust(self) -> IdentityTrust:
        return IdentityTrust(self.state.caller[1])

    @property
    def ended_at_ms(self) -> int:
        """The end of the call, or its latest event: the clock of windows and sanctions."""
        return self.state.ended_at_ms or self.state.latest_at_ms

    @property
    def silent_confirmed(self) -> bool:
        """Somebody who may be unable to speak answered."""
        return is_silent_confirmed(self.state)

    @property
    def callback_number(self) -> str:
        """For calling back, where somebody may have to and the wrong person cannot pick up (K3)."""
        if (self.confidential and not self.state.safe_to_contact) or self.advice not in (
            Advice.DISPATCH,
            Advice.REVIEW,
        ):
            return ""
        return self.state.caller_number
