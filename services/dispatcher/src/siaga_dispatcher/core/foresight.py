"""What a call will most likely lead to looking for, so that it is loaded together with the call.

A guess: nothing is decided by it, and a decision that needs more than was foreseen has it loaded afterwards.
"""

from dataclasses import dataclass
from typing import Final

from siaga_tenants.model import Need

from siaga_dispatcher.core.accounts import UNCLEAR
from siaga_dispatcher.core.assessments import PRIORITY_UNSTATED
from siaga_dispatcher.core.staffing import needs_of, open_needs, search_point
from siaga_dispatcher.core.values import Assessment, Incident, Position, Rules


@dataclass(frozen=True, slots=True)
class Foresight:
    """Units of these kinds around this point; the needs say how many will do. No needs = nobody is looked for."""

    needs: tuple[Need, ...] = ()
    around: Position | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds that may fill a need."""
        return tuple(sorted({kind for need in self.needs for kind in need.kinds}))


NOTHING: Final = Foresight()


def foresee(assessment: Assessment, rules: Rules) -> Foresight:
    """The needs of an incident of its own at the place of the call."""
    if not assessment.wants_help:
        return NOTHING
    around = assessment.place.position or rules.centre
    if around is None:
        return NOTHING
    priority = PRIORITY_UNSTATED if assessment.priority is None else assessment.priority
    return Foresight(rules.plan.needs(assessment.type or UNCLEAR, priority.name), around)


def lacking(incident: Incident, rules: Rules) -> Foresight:
    """What an incident still lacks."""
    return Foresight(open_needs(incident, needs_of(incident, rules)), search_point(incident, rules))
