"""What a decision sees of the world besides the incident."""

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, tzinfo

from siaga_contracts.values import value
from siaga_tenants.model import NO_ROSTER, DispatchPolicy, ResponsePlan, Roster
from siaga_tenants.terms import USUAL_TERMS, Terms

from siaga_dispatcher.core.eta import Eta
from siaga_dispatcher.core.values.incidents import Incident
from siaga_dispatcher.core.values.outcomes import Alert
from siaga_dispatcher.core.values.places import Position
from siaga_dispatcher.core.values.units import Unit


@value(frozen=True, slots=True)
class Rules:
    """A tenant's data that decisions hang on. `centre` stands in for a place that nobody could locate."""

    plan: ResponsePlan
    policy: DispatchPolicy
    centre: Position | None = None
    roster: Roster = NO_ROSTER
    # The clock that shifts begin and end by.
    zone: tzinfo = UTC
    terms: Terms = USUAL_TERMS


@value(frozen=True, slots=True)
class Situation:
    """What a decision sees of the world: the units loaded so far, the tenant's rules, the wall clock (`now`, ms).

    `etas` has driving times by unit where a road network was asked; the others are reckoned by great circle. `kept` are
    the units whose leaving would put a post under its minimum, with the post's name.
    """

    units: tuple[Unit, ...]
    rules: Rules
    now: int
    etas: Mapping[str, Eta] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    # Alerts that hold about the incidents decided on, where the decision may end them.
    alerts: tuple[Alert, ...] = ()
    # Less urgent incidents whose units, among `units`, may be taken where the centre allows it.
    divertible: tuple[Incident, ...] = ()
