"""What an assessed call leads to: nothing, an incident of its own, or more about one that is open."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from siaga_contracts import ids
from siaga_tenants.model import DispatchPolicy

from siaga_dispatcher.core.absorbing import absorb, seen
from siaga_dispatcher.core.accounts import UNCLEAR, told
from siaga_dispatcher.core.confidential import WITHDRAWN, is_confidential, kept_reasons, stated_priority
from siaga_dispatcher.core.decision import Decision, ignore
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.join import Likeness, find_home, find_similar
from siaga_dispatcher.core.lifecycle import FINISHED
from siaga_dispatcher.core.staffing import staff
from siaga_dispatcher.core.telling import tell_crews
from siaga_dispatcher.core.values import (
    Assessment,
    Change,
    Incident,
    IncidentStatus,
    Priority,
    Reason,
    Situation,
)

ACTOR: Final = "dispatcher"
# A call that must be answered with help but whose urgency nobody stated: serious until known otherwise.
PRIORITY_UNSTATED: Final = Priority.P2
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
    policy = situation.rules.policy
    home = find_home(assessment, open_incidents, policy)
    draft = _joined(assessment, home, policy) if home is not None else _opened(assessment)
    staff(draft, situation)
    if home is not None:
        tell_crews(draft, home.incident, situation.units)
        return draft.decision()
    return replace(draft.decision(), alike=bool(find_similar(draft.incident, open_incidents, policy, 1)))


def _draft(before: Incident | None, incident: Incident, assessment: Assessment) -> Draft:
    return Draft(before, incident, assessment.assessment_id, assessment.event_at_ms, ACTOR)


def _opened(assessment: Assessment) -> Draft:
    confidential = is_confidential(assessment)
    blank = Incident(
        incident_id=ids.incident_id(assessment.tenant, assessment.call_id),
        tenant=assessment.tenant,
        status=IncidentStatus.VERIFIED,
        type=assessment.type or UNCLEAR,
        priority=_stated(stated_priority(assessment), PRIORITY_UNSTATED),
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
        reasons=kept_reasons(assessment.reasons, confidential=confidential),
        text="" if confidential else assessment.text,
        callback_number="" if confidential else assessment.callback_number,
        last_call_at_ms=assessment.event_at_ms,
        revisions=((assessment.call_id, assessment.revision),),
    )
    return draft


def _joined(assessment: Assessment, like: Likeness, policy: DispatchPolicy) -> Draft:
    home = like.incident
    draft = _draft(home, home, assessment)
    doubt = assessment.place.position.radius_m if assessment.place.position else 0.0
    calls = (*home.call_ids, assessment.call_id)
    draft.change(
        "call_joined",
        like.reason + (f"; posisi ±{doubt:.0f} m" if doubt > 0 else ""),
        call_ids=calls,
        last_call_at_ms=max(home.last_call_at_ms, assessment.event_at_ms),
        revisions=(*home.revisions, (assessment.call_id, assessment.revision)),
        accounts=told(replace(home, call_ids=calls), assessment),
    )
    absorb(draft, assessment, policy)
    return draft


def _again(assessment: Assessment, incident: Incident, situation: Situation) -> Decision:
    if incident.status in FINISHED:
        return ignore("incident_finished")
    if assessment.revision <= incident.revision_of(assessment.call_id):
        return ignore("already_taken_in")
    draft = _draft(incident, incident, assessment)
    if not assessment.wants_help:
        return _withdrawn(draft, assessment)
    absorb(draft, assessment, situation.rules.policy)
    if draft.incident is incident:
        return ignore("nothing_new")
    staff(draft, situation)
    tell_crews(draft, incident, situation.units)
    return draft.decision()


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
        revisions=seen(draft.incident, assessment),
    )
    return draft.decision()


def _stated(priority: Priority | None, otherwise: Priority) -> Priority:
    # Not `or`: P0 is zero.
    return otherwise if priority is None else priority
