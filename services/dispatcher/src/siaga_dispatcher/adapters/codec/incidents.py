"""Incidents between messages and values."""

from siaga.v1 import assessment_pb2, common_pb2, incident_pb2

from siaga_dispatcher.adapters.codec.assignments import (
    assignment_message,
    assignment_of,
    candidate_message,
    candidate_of,
    link_message,
    link_of,
    timer_message,
    timer_of,
)
from siaga_dispatcher.adapters.codec.calls import account_message, account_of
from siaga_dispatcher.adapters.codec.codes import INCIDENT_STATUS, INCIDENT_STATUS_OF, PRIORITY, PRIORITY_OF, UNIT_KIND
from siaga_dispatcher.adapters.codec.places import place_message, place_of
from siaga_dispatcher.core.redact import PublicView
from siaga_dispatcher.core.values import Change, Incident, Reason, Shortfall


def incident_message(incident: Incident) -> incident_pb2.Incident:
    """The snapshot as the topic has it, with all that is needed to go on from it."""
    change = incident.change
    return incident_pb2.Incident(
        incident_id=incident.incident_id,
        tenant=incident.tenant,
        ticket_no=incident.ticket_no,
        version=incident.version,
        status=INCIDENT_STATUS[incident.status],
        type=incident.type,
        priority=PRIORITY[incident.priority],
        confidential=incident.confidential,
        place=place_message(incident.place),
        call_ids=incident.call_ids,
        assignments=[assignment_message(assignment) for assignment in incident.assignments],
        shortfalls=[
            incident_pb2.Shortfall(role=gap.role, code=gap.code, detail=gap.detail) for gap in incident.shortfalls
        ],
        reasons=[
            assessment_pb2.Reason(rule=reason.rule, detail=reason.detail, weight=reason.weight)
            for reason in incident.reasons
        ],
        disposition=incident.disposition,
        opened_at_ms=incident.opened_at_ms,
        event_at_ms=incident.event_at_ms,
        change=incident_pb2.IncidentChange(
            kind=change.kind,
            actor=change.actor,
            reason=change.reason,
            event_at_ms=change.event_at_ms,
            cause_id=change.cause_id,
            candidates=[candidate_message(candidate) for candidate in change.candidates],
        ),
        text=incident.text,
        further_types=incident.further_types,
        links=[link_message(link) for link in incident.links],
        work=incident_pb2.IncidentWork(
            callback_number=incident.callback_number,
            reopened=incident.reopened,
            last_call_at_ms=incident.last_call_at_ms,
            revisions=[incident_pb2.CallRevision(call_id=call, revision=number) for call, number in incident.revisions],
            timers=[timer_message(timer) for timer in incident.timers],
            accounts=[account_message(account) for account in incident.accounts],
            acted_version=incident.acted_version,
        ),
    )


def answer_message(incident: Incident) -> incident_pb2.Incident:
    """The snapshot for whoever asks: without what only the dispatcher needs to go on."""
    message = incident_message(incident)
    message.ClearField("work")
    return message


def incident_of(message: incident_pb2.Incident) -> Incident:
    """The incident as it was stored."""
    change, work = message.change, message.work
    return Incident(
        incident_id=message.incident_id,
        tenant=message.tenant,
        status=INCIDENT_STATUS_OF[message.status],
        type=message.type,
        priority=PRIORITY_OF[message.priority],
        confidential=message.confidential,
        place=place_of(message.place),
        opened_at_ms=message.opened_at_ms,
        event_at_ms=message.event_at_ms,
        change=Change(
            change.kind,
            change.actor,
            change.reason,
            change.event_at_ms,
            change.cause_id,
            tuple(candidate_of(candidate) for candidate in change.candidates),
        ),
        version=message.version,
        ticket_no=message.ticket_no,
        call_ids=tuple(message.call_ids),
        assignments=tuple(assignment_of(assignment) for assignment in message.assignments),
        shortfalls=tuple(Shortfall(gap.role, gap.code, gap.detail) for gap in message.shortfalls),
        reasons=tuple(Reason(reason.rule, reason.detail, reason.weight) for reason in message.reasons),
        disposition=message.disposition,
        text=message.text,
        further_types=tuple(message.further_types),
        links=tuple(link_of(link) for link in message.links),
        callback_number=work.callback_number,
        reopened=work.reopened,
        last_call_at_ms=work.last_call_at_ms,
        revisions=tuple((one.call_id, one.revision) for one in work.revisions),
        timers=tuple(timer_of(timer) for timer in work.timers),
        accounts=tuple(account_of(account) for account in work.accounts),
        acted_version=work.acted_version,
    )


def public_incident_message(incident: Incident, view: PublicView) -> incident_pb2.PublicIncident:
    """The redacted snapshot."""
    return incident_pb2.PublicIncident(
        incident_id=incident.incident_id,
        tenant=incident.tenant,
        version=incident.version,
        status=INCIDENT_STATUS[incident.status],
        type=view.type,
        priority=common_pb2.PRIORITY_UNSPECIFIED if view.priority is None else PRIORITY[view.priority],
        place=place_message(view.place),
        opened_at_ms=incident.opened_at_ms,
        event_at_ms=incident.event_at_ms,
        unit_kinds=[UNIT_KIND[kind] for kind in view.unit_kinds],
    )
