"""Assignments, candidates, links and timers: the parts of an incident, between messages and values."""

from siaga.v1 import incident_pb2

from siaga_dispatcher.adapters.codec.codes import (
    MESSAGE_STATE,
    MESSAGE_STATE_OF,
    UNIT_KIND,
    UNIT_KIND_OF,
    UNIT_STATUS,
    UNIT_STATUS_OF,
)
from siaga_dispatcher.core.values import Assignment, Candidate, Link, LinkKind, Timer, Told


def assignment_message(assignment: Assignment) -> incident_pb2.Assignment:
    """One unit on the incident."""
    return incident_pb2.Assignment(
        unit_id=assignment.unit_id,
        unit_name=assignment.unit_name,
        unit_kind=UNIT_KIND[assignment.unit_kind],
        order_id=assignment.order_id,
        fence=assignment.fence,
        status=UNIT_STATUS[assignment.status],
        role=assignment.role,
        distance_m=assignment.distance_m,
        eta_s=assignment.eta_s,
        selection_reason=assignment.selection_reason,
        dispatched_at_ms=assignment.dispatched_at_ms,
        acknowledged_at_ms=assignment.acknowledged_at_ms,
        en_route_at_ms=assignment.en_route_at_ms,
        on_scene_at_ms=assignment.on_scene_at_ms,
        clear_at_ms=assignment.clear_at_ms,
        eta_source=assignment.eta_source,
        position_age_s=assignment.position_age_s,
        ended_by=assignment.ended_by,
        stood_down_at_ms=assignment.stood_down_at_ms,
        stand_down_confirmed_at_ms=assignment.stand_down_confirmed_at_ms,
        task_code=assignment.task_code,
        last_word_at_ms=assignment.last_word_at_ms,
        failed_attempts=assignment.failed_attempts,
        told=[
            incident_pb2.CrewTold(state=MESSAGE_STATE[told.state], channel=told.channel, at_ms=told.at_ms)
            for told in assignment.told
        ],
        nobody_left=assignment.nobody_left,
    )


def assignment_of(message: incident_pb2.Assignment) -> Assignment:
    """One unit on the incident, as it was stored."""
    return Assignment(
        message.unit_id,
        message.unit_name,
        UNIT_KIND_OF[message.unit_kind],
        message.order_id,
        message.fence,
        UNIT_STATUS_OF[message.status],
        message.role,
        message.distance_m,
        message.eta_s,
        message.selection_reason,
        message.dispatched_at_ms,
        message.acknowledged_at_ms,
        message.en_route_at_ms,
        message.on_scene_at_ms,
        message.clear_at_ms,
        message.eta_source,
        message.position_age_s if message.HasField("position_age_s") else None,
        message.ended_by,
        message.stood_down_at_ms,
        message.stand_down_confirmed_at_ms,
        message.task_code,
        message.last_word_at_ms,
        tuple(message.failed_attempts),
        tuple(Told(MESSAGE_STATE_OF[told.state], told.channel, told.at_ms) for told in message.told),
        message.nobody_left,
    )


def candidate_message(candidate: Candidate) -> incident_pb2.Candidate:
    """One unit that a choice looked at."""
    return incident_pb2.Candidate(
        unit_id=candidate.unit_id,
        unit_name=candidate.unit_name,
        unit_kind=UNIT_KIND[candidate.unit_kind],
        role=candidate.role,
        verdict=candidate.verdict,
        detail=candidate.detail,
        distance_m=candidate.distance_m,
        eta_s=candidate.eta_s,
        eta_source=candidate.eta_source,
        position_age_s=candidate.position_age_s,
    )


def candidate_of(message: incident_pb2.Candidate) -> Candidate:
    """One unit that a choice looked at, as it was stored."""
    return Candidate(
        message.unit_id,
        message.unit_name,
        UNIT_KIND_OF[message.unit_kind],
        message.role,
        message.verdict,
        message.detail,
        message.distance_m,
        message.eta_s,
        message.eta_source,
        message.position_age_s if message.HasField("position_age_s") else None,
    )


def link_message(link: Link) -> incident_pb2.IncidentLink:
    """How the incident belongs to another."""
    return incident_pb2.IncidentLink(
        incident_id=link.incident_id,
        kind=link.kind,
        ticket_no=link.ticket_no,
        at_ms=link.at_ms,
        detail=link.detail,
        version=link.version,
    )


def link_of(message: incident_pb2.IncidentLink) -> Link:
    """How the incident belongs to another, as it was stored."""
    kind = LinkKind(message.kind)
    return Link(message.incident_id, kind, message.ticket_no, message.at_ms, message.detail, message.version)


def timer_message(timer: Timer) -> incident_pb2.IncidentTimer:
    """What happens by itself when its time comes."""
    return incident_pb2.IncidentTimer(kind=timer.kind, subject=timer.subject, due_ms=timer.due_ms)


def timer_of(message: incident_pb2.IncidentTimer) -> Timer:
    """What happens by itself when its time comes, as it was stored."""
    return Timer(message.kind, message.subject, message.due_ms)
