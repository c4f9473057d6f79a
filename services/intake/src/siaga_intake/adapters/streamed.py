"""Messages of the stream: requests as payloads for a door, what became of them as answers."""

from typing import Any, Final

import msgspec
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from siaga.v1 import intake_service_pb2 as api
from siaga.v1 import place_pb2

from siaga_intake.core import doors
from siaga_intake.core.doors import Door, Taken
from siaga_intake.core.events import Accepted, Ignored, Refusal

_BY_PATH: Final = {door.path: door for door in doors.DOORS}


def asked(request: api.PublishRequest) -> tuple[Door, object] | Refusal:
    """Which door a request means, and the payload for it."""
    match request.WhichOneof("payload"):
        case "event":
            return doors.STREAMED, payload(request.event)
        case "raw":
            door = _BY_PATH.get(request.raw.door)
            if door is None:
                return Refusal("raw.door", f"no such door; known are {', '.join(_BY_PATH)}")
            return _raw(door, request.raw.json)
        case _:
            return Refusal("payload", "missing: send event or raw")


def _raw(door: Door, json: bytes) -> tuple[Door, object] | Refusal:
    try:
        pieces = doors.pieces(door, [msgspec.json.decode(json)])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Refusal("raw.json", f"is no JSON: {error}")
    except RecursionError:
        return Refusal("raw.json", "is nested too deeply")
    # There is one answer for one request.
    return (door, pieces[0]) if len(pieces) == 1 else Refusal("raw.json", f"holds {len(pieces)} events: send one")


def payload(message: Message) -> dict[str, object]:
    """What a message says, by its fields' names, as JSON would have it: enumerations by their names, in our short form."""
    told = {field.name: _value(field, value) for field, value in message.ListFields()}
    if isinstance(message, place_pb2.Position):
        # Pontianak lies on the equator: there a latitude of nought is no missing one.
        told |= {"lat": message.lat, "lon": message.lon}
    return told


def _value(field: FieldDescriptor, value: Any) -> object:
    return [_single(field, each) for each in value] if field.is_repeated else _single(field, value)


def _single(field: FieldDescriptor, value: object) -> object:
    if isinstance(value, Message):
        return payload(value)
    if field.enum_type is not None:
        assert isinstance(value, int)
        named = field.enum_type.values_by_number.get(value)
        # A value of a newer contract than ours has no name here.
        return str(value) if named is None else named.name.removeprefix(_prefix(field.enum_type.values[0].name))
    return value


def _prefix(first: str) -> str:
    """What the names of an enumeration have in common: `HANGUP_BY_` of HANGUP_BY_UNSPECIFIED."""
    return first.removesuffix("UNSPECIFIED")


def answer(sequence: int, taken: Taken) -> api.PublishAnswer:
    """What became of the request of that number."""
    match taken:
        case Ignored(reason):
            return api.PublishAnswer(sequence=sequence, ignored=api.EventIgnored(reason=reason))
        case Refusal(field, reason):
            return api.PublishAnswer(sequence=sequence, rejected=api.EventRejected(field=field, reason=reason))
        case Accepted(events, defects):
            accepted = api.EventAccepted(
                call_id=events[0].call_id,
                event_ids=[event.event_id for event in events],
                left_out=[api.EventDefect(field=defect.field, reason=defect.reason) for defect in defects],
            )
            return api.PublishAnswer(sequence=sequence, accepted=accepted)


def unavailable(sequence: int, retry_after_s: int) -> api.PublishAnswer:
    """Nothing of it was taken; it may come again."""
    return api.PublishAnswer(sequence=sequence, unavailable=api.EventUnavailable(retry_after_s=retry_after_s))
