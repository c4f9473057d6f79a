"""Incidents from the topic, as far as their callers are concerned."""

from siaga.v1 import incident_pb2
from siaga_contracts.callers import e164

from siaga_notifier.core.feedback import Caller, Report


def report_of(message: incident_pb2.Incident) -> Report:
    """An incident's callers and how it goes on for them."""
    numbers = {account.call_id: account.callback_number for account in message.work.accounts}
    if not numbers and len(message.call_ids) == 1:
        # Of a single call the incident itself says all.
        numbers = {message.call_ids[0]: message.work.callback_number}
    assigned = [one for one in message.assignments if not one.ended_by]
    return Report(
        tenant=message.tenant,
        ticket_no=message.ticket_no,
        status=_status(message.status),
        confidential=message.confidential,
        disposition=message.disposition,
        event_at_ms=message.event_at_ms,
        callers=tuple(Caller(call_id, e164(numbers.get(call_id, "")) or "") for call_id in message.call_ids),
        staffed=bool(message.assignments),
        under_way=any(one.en_route_at_ms for one in assigned),
        arrived=any(one.on_scene_at_ms for one in message.assignments),
    )


def _status(value: incident_pb2.IncidentStatus.ValueType) -> str:
    # A status that this release does not know leads to nothing.
    if value not in incident_pb2.IncidentStatus.values():
        return ""
    return incident_pb2.IncidentStatus.Name(value).removeprefix("INCIDENT_STATUS_").lower()
