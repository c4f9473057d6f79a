"""Takes a unit on its way to something less urgent for somebody whose life is at stake; only where the centre allows it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from siaga_tenants.model import Need

from siaga_dispatcher.core.choose import choose
from siaga_dispatcher.core.choosing.selection import Choice, Selection
from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.lifecycle import INCIDENT, Trigger
from siaga_dispatcher.core.values import (
    Assignment,
    Ending,
    Incident,
    Link,
    LinkKind,
    Position,
    Rules,
    Shortfall,
    Situation,
    Unit,
    UnitStatus,
)

# Never one that has arrived: whoever waited has been reached, and would be left.
UNDER_WAY: Final = frozenset({UnitStatus.DISPATCHED, UnitStatus.ACKNOWLEDGED, UnitStatus.EN_ROUTE})


@dataclass(frozen=True, slots=True)
class Diversion:
    """A unit that is taken from another incident; `gain_s` infinite = nobody else could go."""

    choice: Choice
    unit: Unit
    source: Incident
    assignment: Assignment
    gain_s: float


@dataclass(frozen=True, slots=True)
class Staffed:
    """Who goes after all, and what stays open."""

    chosen: tuple[Choice, ...]
    shortfalls: tuple[Shortfall, ...]
    diversions: tuple[Diversion, ...] = ()


def with_diversions(
    incident: Incident,
    needs: Sequence[Need],
    selection: Selection,
    around: Position | None,
    situation: Situation,
    at_ms: int,
) -> Staffed:
    """The choice among free units, with units under way in the place of those that come much later, or of nobody."""
    policy = situation.rules.policy.crews.diversion
    chosen, gaps = list(selection.chosen), list(selection.shortfalls)
    if not policy.allowed or incident.priority.name not in policy.priorities or around is None:
        return Staffed(selection.chosen, selection.shortfalls)
    pool = _pool(incident, situation)
    taken: list[Diversion] = []

    def best(need: Need) -> Choice | None:
        found = choose(
            (replace(need, count=1, optional=False),),
            [freed for freed, _, _, _ in pool.values()],
            around,
            situation.rules.policy,
            at_ms,
            priority=incident.priority,
            etas=situation.etas,
        )
        return found.chosen[0] if found.chosen else None

    def take(choice: Choice, gain_s: float) -> None:
        _, unit, source, assignment = pool.pop(choice.unit.unit_id)
        told = replace(choice, reason=f"{choice.reason}; {_why(source, gain_s)}")
        chosen.append(told)
        taken.append(Diversion(told, unit, source, assignment, gain_s))

    for need in [need for need in needs if not need.optional]:
        for gap in [gap for gap in gaps if gap.role == need.role]:
            choice = best(need)
            if choice is not None:
                gaps.remove(gap)
                take(choice, inf)
        for slow in sorted((one for one in chosen if one.role == need.role), key=lambda one: -one.eta_s):
            choice = best(need)
            if choice is not None and slow.eta_s - choice.eta_s >= policy.gain_s:
                chosen.remove(slow)
                take(choice, slow.eta_s - choice.eta_s)
    return Staffed(tuple(chosen), tuple(gaps), tuple(taken))


def take_from_others(draft: Draft, diversions: Sequence[Diversion]) -> None:
    """Each incident that loses its unit says so, and waits for the next one; its crew gets one order, the new one."""
    sides: dict[str, Draft] = {}
    for diversion in diversions:
        source, unit = diversion.source, diversion.unit
        side = sides.get(source.incident_id)
        if side is None:
            side = sides[source.incident_id] = draft.beside(source, source)
        draft.know((unit,))
        # Its task code is free again; the commit gives it a new one with the new order.
        draft.book.released.append(unit)
        left = replace(
            diversion.assignment, status=UnitStatus.DECLINED, ended_by=Ending.DIVERTED, clear_at_ms=draft.event_at_ms
        )
        target = draft.incident
        where = f"{target.ticket_no or 'insiden baru'} ({target.priority.name})"
        gap = Shortfall(left.role, "all_busy", f"{unit.name} dialihkan ke {where}")
        link = Link(target.incident_id, LinkKind.RELATED, target.ticket_no, draft.event_at_ms, f"{unit.name} dialihkan")
        known = any(one.incident_id == link.incident_id for one in side.incident.links)
        side.change(
            "unit_diverted",
            f"{unit.name}: dialihkan ke {where}{_gain(diversion.gain_s)}",
            assignments=side.incident.with_assignment(left),
            shortfalls=(*side.incident.shortfalls, gap),
            links=side.incident.links if known else (*side.incident.links, link),
        )
        if not side.incident.active_assignments and Trigger.QUEUE in INCIDENT[side.incident.status]:
            side.change("queued", gap.detail, Trigger.QUEUE)


def crew_reason(diversion: Diversion) -> str:
    """What the crew reads: that this task takes the place of the other."""
    return f"DIALIHKAN dari tugas {diversion.unit.task_code} ({diversion.source.ticket_no})"


def diverts(decision: Decision, rules: Rules) -> bool:
    """Whether a decision that looked for units may take some from others."""
    policy = rules.policy.crews.diversion
    after = decision.incident
    urgent = after is not None and after.priority.name in policy.priorities
    return policy.allowed and urgent and decision.search is not None


def may_be_diverted(incident: Incident, from_priorities: Sequence[str]) -> bool:
    """Whether units may be taken from this incident, and it has one that could be."""
    return incident.priority.name in from_priorities and any(
        assignment.status in UNDER_WAY for assignment in incident.active_assignments
    )


def _pool(incident: Incident, situation: Situation) -> dict[str, tuple[Unit, Unit, Incident, Assignment]]:
    """Units that may be taken, as if they were free, with where they are from."""
    units = {unit.unit_id: unit for unit in situation.units}
    pool: dict[str, tuple[Unit, Unit, Incident, Assignment]] = {}
    for source in situation.divertible:
        if source.incident_id == incident.incident_id or source.priority <= incident.priority:
            continue
        for assignment in source.active_assignments:
            unit = units.get(assignment.unit_id)
            if assignment.status in UNDER_WAY and unit is not None and unit.order_id == assignment.order_id:
                freed = replace(unit, status=UnitStatus.AVAILABLE, incident_id="", order_id="")
                if not any(one.unit_id == unit.unit_id for one in incident.assignments):
                    pool[unit.unit_id] = (freed, unit, source, assignment)
    return pool


def _why(source: Incident, gain_s: float) -> str:
    return f"dialihkan dari {source.ticket_no} ({source.priority.name}){_gain(gain_s)}"


def _gain(gain_s: float) -> str:
    return ", tidak ada unit lain" if gain_s == inf else f", {gain_s / 60:.0f} menit lebih cepat"
