"""Canonical events as the contract's messages: the one place of intake that knows Protobuf."""

from dataclasses import asdict
from typing import Any

from siaga.v1 import call_pb2, place_pb2
from siaga_contracts.catalogue import Topic
from siaga_kit.records import Outgoing

from siaga_intake.core.events import AdditionalData, CallEvent, Civic, Form, Media, Position


def outgoing(event: CallEvent, topic: Topic, traceparent: str | None) -> Outgoing:
    """The record of one event, keyed by its call."""
    return Outgoing(topic, event.call_id, message(event), event.event_id, event.event_at_ms, traceparent)


def message(event: CallEvent) -> call_pb2.CallEvent:
    """The event as the contract has it."""
    # Our enumerations have the contract's numbers, which its stubs, having types of their own, cannot know: hence Any.
    # What most events lack is left out: naming a field costs a tenth of a microsecond, also an empty one.
    made: dict[str, Any] = {
        "event_id": event.event_id,
        "call_id": event.call_id,
        "tenant": event.tenant,
        "source": event.source,
        "call_ref": event.call_ref,
        "channel": event.channel,
        "kind": event.kind,
        "event_at_ms": event.event_at_ms,
        "received_at_ms": event.received_at_ms,
    }
    if event.called:
        made["called"] = event.called
    if event.operator:
        made["operator"] = event.operator
    if event.digits:
        made["digits"] = event.digits
    if event.text:
        made["text"] = event.text
    if event.backfilled:
        made["backfilled"] = True
    if event.test:
        made["test"] = True
    if event.emergency_id:
        made["emergency_id"] = event.emergency_id
    if (caller := event.caller) is not None:
        made["caller"] = {
            "key": caller.key, "number": caller.number, "identity_trust": caller.trust,
            "contradicted": caller.contradicted,
        }  # fmt: skip
    if (queue := event.queue) is not None:
        made["queue"] = {"name": queue.name, "left_reason": queue.left, "hold_ms": queue.hold_ms}
    if (hangup := event.hangup) is not None:
        made["hangup"] = {
            "by": hangup.by, "q850": hangup.q850, "sip_status": hangup.sip_status, "reason": hangup.reason,
        }  # fmt: skip
    if event.form is not None:
        made["form"] = _form(event.form)
    if event.position is not None:
        made["position"] = _position(event.position)
    if event.civic is not None:
        made["civic"] = _civic(event.civic)
    if event.additional is not None:
        made["additional"] = _additional(event.additional)
    if event.media:
        made["media"] = [_media(each) for each in event.media]
    return call_pb2.CallEvent(**made)


def _civic(civic: Civic) -> place_pb2.CivicAddress:
    return place_pb2.CivicAddress(**asdict(civic))


def _additional(additional: AdditionalData) -> call_pb2.AdditionalData:
    return call_pb2.AdditionalData(**asdict(additional))


def _media(media: Media) -> call_pb2.Media:
    return call_pb2.Media(**asdict(media))


def _form(form: Form) -> call_pb2.OperatorForm:
    made: dict[str, Any] = {
        "priority": form.priority,
        "disposition": form.disposition,
        "callback": form.callback,
        "caller_tags": form.caller_tags,
    }
    return call_pb2.OperatorForm(
        operator=form.operator,
        text=form.text,
        address=form.address,
        position=None if form.position is None else _position(form.position),
        type=form.type,
        callback_reason=form.callback_reason,
        safe_to_contact=form.safe_to_contact,
        **made,
    )


def _position(position: Position) -> place_pb2.Position:
    return place_pb2.Position(
        lat=position.lat,
        lon=position.lon,
        radius_m=position.radius_m,
        fixed_at_ms=position.fixed_at_ms,
        source=position.source,
        method=position.method,
        confidence_percent=position.confidence_percent,
        shape=position.shape,
        floor=position.floor,
    )
