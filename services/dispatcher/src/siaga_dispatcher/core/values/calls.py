"""What a call is, as the classifier sees it."""

from typing import Final

from siaga_contracts.values import value

from siaga_dispatcher.core.values.places import Place
from siaga_dispatcher.core.values.terms import Priority

NOWHERE: Final = Place()


@value(frozen=True, slots=True)
class Reason:
    """One reason of a decision, for people."""

    rule: str
    detail: str = ""
    weight: float = 0.0


@value(frozen=True, slots=True)
class Assessment:
    """What a call is now, as the classifier sees it; None = not told."""

    assessment_id: str
    call_id: str
    tenant: str
    revision: int
    event_at_ms: int
    advice: str
    outcome: str
    type: str
    priority: Priority | None
    confidential: bool
    test: bool
    place: Place = NOWHERE
    text: str = ""
    callback_number: str = ""
    operator: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def wants_help(self) -> bool:
        """Only this ever opens an incident or moves a unit.

        The advice alone counts: it is given after an operator's word, or without one where the tenant's policy lets a
        channel and type go by themselves. A second opinion here would leave such a report to nobody.
        """
        return self.advice == "dispatch" and not self.test
