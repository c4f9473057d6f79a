"""Fills an incident's needs: the step that all decisions share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from siaga_contracts.values import changed
from siaga_tenants.model import Need

from siaga_dispatcher.core.choose import Choice, Selection, choose
from siaga_dispatcher.core.decision import Search
from siaga_dispatcher.core.divert import crew_reason, take_from_others, with_diversions
from siaga_dispatcher.core.draft import Draft, order_id_of
from siaga_dispatcher.core.lifecycle import Trigger
from siaga_dispatcher.core.own_areas import held_back
from siaga_dispatcher.core.values import (
    Assignment,
    Candidate,
    Ending,
    Incident,
    IncidentStatus,
    OrderKind,
    Position,
    Rules,
    Shortfall,
    Situation,
    Unit,
    UnitStatus,
)


def needs_of(incident: Incident, rules: Rules) -> tuple[Need, ...]:
    """Everything the incident calls for: its type's needs, and those of types that came with joined calls.

    Two types that ask for the same role and the same units share it; the same role by other units is a need of its own.
    """
    merged: dict[str, Need] = {}
    for kind in (incident.type, *incident.further_types):
        for need in rules.plan.needs(kind, incident.priority.name):
            role = need.role
            known = merged.get(role)
            if known is not None and (known.kinds, known.capabilities) != (need.kinds, need.capabilities):
                role = "-".join((role, *need.kinds, *need.capabilities))
                known = merged.get(role)
            own = need if role == need.role else replace(need, role=role)
            merged[role] = own if known is None else _both(known, need)
    return tuple(merged.values())


def _both(known: Need, need: Need) -> Need:
    """One need for two that ask for the same: what is required stays so, however many another would like."""
    if known.optional != need.optional:
        return need if known.optional else known
    return replace(known, count=max(known.count, need.count))


def declined_by(incident: Incident) -> frozenset[str]:
    """Who left this incident without having served it: not asked again."""
    return frozenset(a.unit_id for a in incident.assignments if a.status is UnitStatus.DECLINED)


def open_needs(incident: Incident, needs: Sequence[Need]) -> tuple[Need, ...]:
    """What is not yet filled: who was there and has cleared has filled its need, a crew in distress or moved on has not."""
    gone = (UnitStatus.DECLINED, UnitStatus.MAYDAY)
    served = [a for a in incident.assignments if a.status not in gone and a.ended_by != Ending.MOVED]
    remaining = (
        (need, need.count - sum(a.role == need.role and a.unit_kind in need.kinds for a in served)) for need in needs
    )
    return tuple(need if count == need.count else replace(need, count=count) for need, count in remaining if count > 0)


def search_point(incident: Incident, rules: Rules) -> Position | None:
    """Where units are counted from; None = nothing on a map is known.

    With only an address that no map knows, the tenant's centre serves: the crew can read the address, and any unit is
    better than none.
    """
    if incident.place.position is not None:
        return incident.place.position
    return rules.centre if somewhere(incident) else None


def somewhere(incident: Incident) -> bool:
    """Whether a crew could be told where to go, be it by an address only."""
    place = incident.place
    return place.position is not None or bool(place.address or place.area_code)


def select(
    incident: Incident, needs: Sequence[Need], situation: Situation, units: Sequence[Unit], at_ms: int
) -> tuple[Selection, Search]:
    """Which of the units would fill the needs at the time of that event, and what the choice would like to know besides."""
    rules, around = situation.rules, search_point(incident, situation.rules)
    selection = choose(
        needs, units, around, rules.policy, at_ms,
        priority=incident.priority, excluded=declined_by(incident), etas=situation.etas, kept=situation.kept,
        held=held_back(incident.place.area_code, units, rules.policy.own_areas),
    )  # fmt: skip
    return selection, Search(frozenset(kind for need in needs for kind in need.kinds), around, selection.enough_m)


def staff(draft: Draft, situation: Situation, needs: Sequence[Need] | None = None) -> None:
    """Assign free units to what is open; note what stays open, and what the search should look at next."""
    incident = draft.incident
    rules, candidates = situation.rules, situation.units
    wanted = open_needs(incident, needs_of(incident, rules)) if needs is None else tuple(needs)
    if wanted and not somewhere(incident):
        _note_shortfalls(draft, unlocated(wanted))
        return
    if not wanted:
        _note_shortfalls(draft, ())
        return
    draft.know(candidates)
    selection, draft.search = select(incident, wanted, situation, candidates, draft.event_at_ms)
    staffed = with_diversions(
        incident, wanted, selection, search_point(incident, rules), situation, draft.event_at_ms
    )  # fmt: skip
    if staffed.chosen:
        take_from_others(draft, staffed.diversions)
        reasons = {one.unit.unit_id: crew_reason(one) for one in staffed.diversions}
        assign(draft, staffed.chosen, staffed.shortfalls, selection.candidates(), reasons)
    else:
        _note_shortfalls(draft, selection.shortfalls, selection)


def unlocated(needs: Iterable[Need]) -> tuple[Shortfall, ...]:
    """The gaps of an incident about which nobody can tell a crew where it is."""
    return tuple(Shortfall(need.role, "place_unknown", "lokasi belum diketahui") for need in needs if not need.optional)


def note_open(draft: Draft, rules: Rules, why: str) -> None:
    """What is open is written down as missing, so that it is searched for with the next look at those who wait."""
    missing = [need for need in open_needs(draft.incident, needs_of(draft.incident, rules)) if not need.optional]
    _note_shortfalls(draft, tuple(Shortfall(need.role, "no_candidate", why) for need in missing))


def assign(
    draft: Draft,
    chosen: Sequence[Choice],
    shortfalls: Sequence[Shortfall],
    candidates: tuple[Candidate, ...] = (),
    reasons: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Bind the chosen units to the incident and order them to go, telling a crew the reason where there is one.

    `candidates` are what the choice looked at.
    """
    bound: list[Assignment] = []
    for choice in chosen:
        draft.know((choice.unit,))
        unit = changed(
            choice.unit,
            fence=choice.unit.fence + 1,
            incident_id=draft.incident.incident_id,
            task_code="",
            status=UnitStatus.DISPATCHED,
        )
        order_id = order_id_of(OrderKind.DISPATCH, draft.incident, unit)
        unit = draft.put(unit, order_id=order_id)
        bound.append(
            Assignment(
                unit.unit_id,
                unit.name,
                unit.kind,
                order_id,
                unit.fence,
                UnitStatus.DISPATCHED,
                choice.role,
                choice.distance_m,
                choice.eta_s,
                _reason(choice, located=draft.incident.place.position is not None),
                draft.event_at_ms,
                eta_source=choice.eta.source,
                position_age_s=choice.position_age_s,
            )
        )
        draft.order(OrderKind.DISPATCH, unit, reasons.get(unit.unit_id, ""))
    draft.change(
        "units_assigned",
        "; ".join(assignment.selection_reason for assignment in bound),
        Trigger.ASSIGN,
        assignments=draft.incident.assignments + tuple(bound),
        shortfalls=tuple(shortfalls),
        candidates=candidates,
    )


def _reason(choice: Choice, *, located: bool) -> str:
    age = "" if choice.position_age_s is None else f"; posisi {choice.position_age_s:.0f} detik lalu"
    guess = "" if located else "; lokasi belum terpetakan, jarak dari pusat wilayah"
    return f"{choice.reason}{age}{guess}"


def _note_shortfalls(draft: Draft, gaps: tuple[Shortfall, ...], selection: Selection | None = None) -> None:
    """Write down what is missing, once; an incident that has no unit at all waits in the queue."""
    incident = draft.incident
    candidates = selection.candidates() if selection is not None else ()
    waiting = bool(gaps) and not incident.active_assignments
    if waiting and incident.status is not IncidentStatus.QUEUED:
        draft.change("queued", _listed(gaps), Trigger.QUEUE, shortfalls=gaps, candidates=candidates)
    # The counts in the detail change with every unit that moves; only what is missing, and why, is news.
    elif [(gap.role, gap.code) for gap in gaps] != [(gap.role, gap.code) for gap in incident.shortfalls]:
        kind = "shortfall" if gaps else "shortfall_filled"
        draft.change(kind, _listed(gaps), shortfalls=gaps, candidates=candidates)


def _listed(gaps: Sequence[Shortfall]) -> str:
    return "; ".join(f"{gap.role}: {gap.code} ({gap.detail})" for gap in gaps)
