"""A person sends a unit of their own choosing: it goes, and what the machine would have sent is kept beside it."""

from collections.abc import Sequence
from dataclasses import replace

from siaga_tenants.model import Need

from siaga_dispatcher.core.choose import Choice, Selection, candidate
from siaga_dispatcher.core.choosing import wording
from siaga_dispatcher.core.choosing.matching import obstacle, wanted_of
from siaga_dispatcher.core.choosing.options import options_of
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.positions import position_age_s
from siaga_dispatcher.core.staffing import assign, declined_by, needs_of, open_needs, search_point, select, somewhere
from siaga_dispatcher.core.values import Candidate, Situation, Unit


def send_named(draft: Draft, unit: Unit, actor: str, why: str, situation: Situation) -> None:
    """Send this unit, whatever the choice says against it; the change names that, and whom the choice would have sent.

    The search it leaves widens the advice only: the named unit goes in any case.
    """
    incident = draft.incident
    needs = needs_of(incident, situation.rules)
    open_now = open_needs(incident, needs) or tuple(replace(need, count=1) for need in needs[:1])
    need = next((need for need in open_now if need.fits(unit.kind, unit.capabilities)), None)
    role = need.role if need is not None else unit.kind
    advice = _advice(draft, open_now if need is None else (replace(need, count=1),), situation)
    choice = _choice(unit, role, need, draft, actor, why, advice, situation)
    still_open = open_needs(incident, _without(needs, role))
    gaps = tuple(gap for gap in incident.shortfalls if any(need.role == gap.role for need in still_open))
    assign(draft, (choice,), gaps, _candidates(choice, advice))


def _without(needs: Sequence[Need], role: str) -> tuple[Need, ...]:
    return tuple(replace(need, count=need.count - 1) if need.role == role else need for need in needs)


def _advice(draft: Draft, needs: Sequence[Need], situation: Situation) -> Selection | None:
    """What the choice would be; None where the plan asks for nobody, or nobody knows where to."""
    if not needs or not somewhere(draft.incident):
        return None
    selection, draft.search = select(draft.incident, needs, situation, situation.units, draft.event_at_ms)
    return selection


def _choice(
    unit: Unit,
    role: str,
    need: Need | None,
    draft: Draft,
    actor: str,
    why: str,
    advice: Selection | None,
    situation: Situation,
) -> Choice:
    incident, policy = draft.incident, situation.rules.policy
    around = search_point(incident, situation.rules)
    (option,) = options_of((unit,), around, policy, draft.event_at_ms, situation.etas, declined_by(incident))
    told = f"{unit.name}: dipilih {actor}" + (f" ({why})" if why else "") + f"; {wording.drive(option.eta)}"
    against = "capability_missing" if need is None else obstacle(wanted_of((need,), policy)[0], option)
    if against:
        told += f"; perhatian: {wording.WORDS[against]}"
    if advice is not None and advice.chosen:
        (other, *_) = advice.chosen
        same = other.unit.unit_id == unit.unit_id
        told += "; sama dengan saran" if same else f"; saran: {other.unit.name}, {wording.drive(other.eta)}"
    return Choice(unit, role, option.distance_m, option.eta, position_age_s(unit, draft.event_at_ms), told)


def _candidates(choice: Choice, advice: Selection | None) -> tuple[Candidate, ...]:
    """The person's choice, then the machine's, then whom that passed over."""
    told = (candidate(choice, "chosen", choice.reason),)
    if advice is None:
        return told
    others = (one for one in advice.candidates() if one.unit_id != choice.unit.unit_id)
    return (*told, *(replace(one, verdict="advised") if one.verdict == "chosen" else one for one in others))
