"""What an assessed call leads to: nothing, an incident of its own, or more about one that is open."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from siaga_contracts import ids

from siaga_dispatcher.core.decision import Decision, ignore
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.join import find_home
from siaga_dispatcher.core.lifecycle import FINISHED
from siaga_dispatcher.core.staffing import staff
from siaga_dispatcher.core.values import (
    Assessment,
    Change,
    Incident,
    IncidentStatus,
    OrderKind,
    Place,
    Priority,
    Reason,
    Situation,
    Unit,
)

ACTOR: Final = "dispatcher"
# A call that must be answered with help but whose urgency nobody stated: serious until known otherwise.
PRIORITY_UNSTATED: Final = Priority.P2
# Domestic and sexual violence and children are confidential from the first word, and never below P2.
CONFIDENTIAL_TYPES: Final = frozenset({"kdrt", "sexual_violence", "child"})
CONFIDENTIAL_LOWEST: Final = Priority.P2
# Says nothing: it never replaces a type already known.
UNCLEAR: Final = "unclear"
WITHDRAWN: Final = "review.call_reassessed"
# The judgement is final enough to make a person look at an incident that is under way.
NOT_HELP: Final = frozenset(
    {"abandon", "ivr_prank", "answered_prank", "ghost", "non_emergency", "misdirected", "test"}
)  # fmt: skip


def on_assessment(
    assessment: Assessment,
    linked: Incident | None,
    open_incidents: Sequence[Incident],
    situation: Situation,
) -> Decision:
    """Decide about one assessment. `linked` is the incident the call already belongs to.

    Only advice `dispatch` with outcome real opens an incident or sends a unit; a test reaches none. A call that
    already belongs to an incident never opens a second one; found to be a test only now, a person has to look.
    """
    if linked is not None:
        return _again(assessment, linked, situation)
    if assessment.test:
        return ignore("test")
    if not assessment.wants_help:
        return ignore("no_help_needed")
    home = find_home(assessment, open_incidents, situation.rules.policy)
    draft = _joined(assessment, home) if home is not None else _opened(assessment)
    staff(draft, situation)
    if home is not None:
        tell_crews(draft, home, situation.units)
    return draft.decision()


def _draft(before: Incident | None, incident: Incident, assessment: Assessment) -> Draft:
    return Draft(before, incident, assessment.assessment_id, assessment.event_at_ms, ACTOR)


def _opened(assessment: Assessment) -> Draft:
    confidential = _confidential(assessment)
    blank = Incident(
        incident_id=ids.incident_id(assessment.tenant, assessment.call_id),
        tenant=assessment.tenant,
        status=IncidentStatus.VERIFIED,
        type=assessment.type or UNCLEAR,
        priority=_stated(_priority(assessment), PRIORITY_UNSTATED),
        confidential=confidential,
        place=assessment.place,
        opened_at_ms=assessment.event_at_ms,
        event_at_ms=assessment.event_at_ms,
        change=Change("", "", "", 0, ""),
    )
    draft = _draft(None, blank, assessment)
    draft.change(
        "opened",
        "panggilan nyata",
        call_ids=(assessment.call_id,),
        reasons=_reasons(assessment.reasons, confidential=confidential),
        text="" if confidential else assessment.text,
        callback_number="" if confidential else assessment.callback_number,
        last_call_at_ms=assessment.event_at_ms,
        revisions=((assessment.call_id, assessment.revision),),
    )
    return draft


def _joined(assessment: Assessment, home: Incident) -> Draft:
    draft = _draft(home, home, assessment)
    doubt = max(assessment.place.position.radius_m if assessment.place.position else 0.0, 0.0)
    draft.change(
        "call_joined",
        "jenis, waktu, dan tempat sama" + (f"; posisi ±{doubt:.0f} m" if doubt else ""),
        call_ids=(*home.call_ids, assessment.call_id),
        last_call_at_ms=max(home.last_call_at_ms, assessment.event_at_ms),
        revisions=(*home.revisions, (assessment.call_id, assessment.revision)),
    )
    _absorb(draft, assessment)
    return draft


def _again(assessment: Assessment, incident: Incident, situation: Situation) -> Decision:
    if incident.status in FINISHED:
        return ignore("incident_finished")
    if assessment.revision <= incident.revision_of(assessment.call_id):
        return ignore("already_taken_in")
    draft = _draft(incident, incident, assessment)
    if not assessment.wants_help:
        return _withdrawn(draft, assessment)
    _absorb(draft, assessment)
    if draft.incident is incident:
        return ignore("nothing_new")
    staff(draft, situation)
    tell_crews(draft, incident, situation.units)
    return draft.decision()


def tell_crews(draft: Draft, before: Incident, units: Sequence[Unit]) -> None:
    """Units already sent learn of what they read in their order: type, priority, place, text."""
    after = draft.incident
    if _as_read(after) == _as_read(before):
        return
    draft.know(units)
    for assignment in before.active_assignments:
        unit = draft.unit(assignment.unit_id)
        if unit is not None and unit.order_id == assignment.order_id:
            draft.order(OrderKind.UPDATE, unit)


def _as_read(incident: Incident) -> tuple[object, ...]:
    return (
        incident.type,
        incident.further_types,
        incident.priority,
        incident.confidential,
        incident.place,
        incident.text,
    )


def _withdrawn(draft: Draft, assessment: Assessment) -> Decision:
    """The call is now judged to need no help: a person must look, but nothing is cancelled by itself."""
    reason = Reason(WITHDRAWN, f"{assessment.call_id}: {assessment.outcome}")
    if assessment.outcome not in NOT_HELP and assessment.advice != "record":
        return ignore("still_in_question")
    if reason in draft.incident.reasons:
        return ignore("already_flagged")
    draft.change(
        "review_flagged",
        f"panggilan kini dinilai {assessment.outcome}; penanganan diteruskan, perlu diperiksa",
        reasons=(*draft.incident.reasons, reason),
        revisions=_seen(draft.incident, assessment),
    )
    return draft.decision()


def _absorb(draft: Draft, assessment: Assessment) -> None:
    """Take in what a call newly says; each difference is a change of its own. Priority only rises."""
    opener = draft.incident.call_ids[0] == assessment.call_id
    seen = _seen(draft.incident, assessment)
    if _confidential(assessment) and not draft.incident.confidential:
        draft.change(
            "made_confidential",
            "jenis rahasia",
            confidential=True,
            text="",
            callback_number="",
            reasons=_reasons(draft.incident.reasons, confidential=True),
        )
    priority = _priority(assessment)
    if priority is not None and priority < draft.incident.priority:
        was = draft.incident.priority.name
        draft.change("priority_raised", f"{was} → {priority.name}", priority=priority, revisions=seen)
    kind = assessment.type
    if kind and kind != UNCLEAR and kind not in (draft.incident.type, *draft.incident.further_types):
        if opener:
            draft.change("type_changed", f"{draft.incident.type} → {kind}", type=kind, revisions=seen)
        else:
            types = (*draft.incident.further_types, kind)
            draft.change("type_added", f"panggilan lain: {kind}", further_types=types, revisions=seen)
    if opener:
        details = _details(draft.incident, assessment)
        if details:
            draft.change("details_updated", ", ".join(sorted(details)), **details, revisions=seen)


def _details(incident: Incident, assessment: Assessment) -> dict[str, Any]:
    """Place and text as the opening call now tells them, where that is more than was known."""
    details: dict[str, Any] = {}
    place = _better(incident.place, assessment.place)
    if place != incident.place:
        details["place"] = place
    if not incident.confidential:
        if assessment.text and assessment.text != incident.text:
            details["text"] = assessment.text
        if assessment.callback_number and assessment.callback_number != incident.callback_number:
            details["callback_number"] = assessment.callback_number
    return details


def _better(known: Place, told: Place) -> Place:
    address = told.address or known.address
    if told.position is None or told.position == known.position:
        return replace(known, address=address)
    # A vaguer position never replaces a finer one, whoever says it later.
    if known.position is not None and (told.position.radius_m or 0.0) > (known.position.radius_m or 0.0):
        return replace(known, address=address)
    area = told if told.area_code else known
    return Place(told.position, address, area.area_code, area.area_name)


def _seen(incident: Incident, assessment: Assessment) -> tuple[tuple[str, int], ...]:
    others = tuple(pair for pair in incident.revisions if pair[0] != assessment.call_id)
    return (*others, (assessment.call_id, assessment.revision))


def _confidential(assessment: Assessment) -> bool:
    return assessment.confidential or assessment.type in CONFIDENTIAL_TYPES


def _priority(assessment: Assessment) -> Priority | None:
    if _confidential(assessment):
        return min(_stated(assessment.priority, CONFIDENTIAL_LOWEST), CONFIDENTIAL_LOWEST)
    return assessment.priority


def _stated(priority: Priority | None, otherwise: Priority) -> Priority:
    # Not `or`: P0 is zero.
    return otherwise if priority is None else priority


def _reasons(reasons: Sequence[Reason], *, confidential: bool) -> tuple[Reason, ...]:
    """The words that made a rule fire are the victim's words: a confidential incident keeps the rule's name only."""
    if not confidential:
        return tuple(reasons)
    return tuple(reason if reason.rule == WITHDRAWN else replace(reason, detail="") for reason in reasons)
