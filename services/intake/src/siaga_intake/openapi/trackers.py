"""The doors for trackers in the OpenAPI document: what they take, and what they answer."""

from typing import Any, Final

from siaga_intake.adapters.http import MAX_EVENTS
from siaga_intake.adapters.trackers.http import MAX_BODY_BYTES
from siaga_intake.core import rules
from siaga_intake.core.trackers import doors
from siaga_intake.core.trackers.doors import TrackerDoor
from siaga_intake.core.trackers.words import UnitStatus
from siaga_intake.openapi import answers
from siaga_intake.openapi.schemas import Schema, choice, needed, number, of, text, time

TAG: Final = ("units", "Where units are, and what their crews say")
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_RECEIPT: Final = "UnitReceipt"
_LAT: Final = number("Latitude, WGS 84 degrees; 0,0 is no fix.", *rules.LAT_RANGE)
_LON: Final = number("Longitude, WGS 84 degrees.", *rules.LON_RANGE)
_RADIUS: Final = number("Uncertainty in metres; below 0 or left out = not told.", -1, rules.MAX_RADIUS_M)

_WORD: Final = of(
    unit_id=text("The unit."),
    device=text("Or: a device of devices.csv."),
    at=time("When the fix was taken, or the status given. Left out: now."),
    lat=_LAT,
    lon=_LON,
    radius_m=_RADIUS,
    status=choice("What the crew says; `dispatched` is the dispatcher's to give.", UnitStatus),
    status_code=text("Or: a status code of the centre's own vocabulary.", "code"),
    order_id=text("The order that the status answers; left out: the unit's only open one.", "code"),
    text=text("What the crew adds.", "text"),
    id=text("Your own id of the word: the same id twice is one word.", "call_ref"),
)
_OWNTRACKS: Final = of(
    "_type",
    _type=needed("Of `location` the fix is taken; `encrypted` is refused, all others are ignored.", "code"),
    tst=time("When the fix was taken."),
    lat=_LAT,
    lon=_LON,
    acc=_RADIUS,
    topic=text("`owntracks/user/device`: in devices.csv as it is, as `user/device` or as the user.", "call_ref"),
    tid=text("Two letters; for devices.csv where there is no topic."),
)
_FORWARDED: Final = of(
    position=of(
        fixTime=time("When the fix was taken."),
        latitude=_LAT,
        longitude=_LON,
        accuracy=_RADIUS,
        valid={"description": "False: no fix of its own, ignored."},
        outdated={"description": "True: the last fix said again, ignored."},
        attributes=of(alarm={"type": "string", "maxLength": 64, "description": "With `sos`: a mayday of the crew."}),
    ),
    device=of(uniqueId=text("In devices.csv."), name=text("Or this one.")),
    id=text("In an address or form: the tracker's own id, {uniqueId}. uniqueId and deviceid are known too."),
    lat=text("{latitude}", "code"),
    lon=text("{longitude}", "code"),
    timestamp=time("{fixTime}"),
    accuracy=text("{accuracy}", "code"),
    valid=text("{valid}", "code"),
)
# By the path of their door.
SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    doors.OWN.path: {"UnitWord": _WORD},
    doors.OWNTRACKS.path: {"OwnTracksPayload": _OWNTRACKS},
    doors.TRACCAR.path: {"TraccarPosition": _FORWARDED},
}
_TITLES: Final = {
    doors.OWN.path: ("Unit", "Position and status of a unit", "From a crew's app, or a gateway that speaks for a fleet."),
    doors.OWNTRACKS.path: ("OwnTracks", "Posts of OwnTracks", "The phone app's HTTP mode. Answers an empty list."),
    doors.TRACCAR.path: ("Traccar", "Positions that Traccar forwards", "forward.type json, or all in the address."),
}  # fmt: skip


def schemas() -> dict[str, Schema]:
    """The component schemas of these doors."""
    index = {"type": "integer", "minimum": 0}
    taken = of("index", "report_id", "unit_id", index=index, report_id={"type": "string"}, unit_id={"type": "string"})
    receipt = of(
        "accepted",
        "ignored",
        "rejected",
        accepted={"type": "array", "items": taken},
        ignored={"type": "array", "items": {"type": "object"}},
        rejected={"type": "array", "items": {"type": "object"}},
    )
    return {_RECEIPT: receipt, **{name: each for of_door in SCHEMAS.values() for name, each in of_door.items()}}


def paths() -> dict[str, Any]:
    """The paths of these doors."""
    return {door.path: _path(door) for door in doors.DOORS}


def _path(door: TrackerDoor) -> dict[str, Any]:
    (name,) = SCHEMAS[door.path]
    one: Schema = {"$ref": f"#/components/schemas/{name}"}
    content: dict[str, Any] = {
        _JSON: {"schema": {"anyOf": [one, {"type": "array", "maxItems": MAX_EVENTS, "items": one}]}}
    }
    if door.takes_forms:
        content[_FORM] = {"schema": one}
    item = {"post": _operation(door, "post") | {"requestBody": {"required": True, "content": content}}}
    if door.takes_forms:
        item["get"] = _operation(door, "get")
    return item


def _operation(door: TrackerDoor, method: str) -> dict[str, Any]:
    name, summary, told = _TITLES[door.path]
    problems = {status: told for status, told in answers.RESPONSES.items() if status != "202"}
    if door.answers_orders:
        done = {"200": _done("Taken. Nothing is asked of the phone.", {"type": "array", "maxItems": 0})}
    else:
        receipt = {"$ref": f"#/components/schemas/{_RECEIPT}"}
        done = {"202": _done("Taken: a status is on the broker, a position on its way.", receipt)}
    return {
        "operationId": f"{method}{name}",
        "summary": summary if method == "post" else f"{summary}, in the address",
        "description": f"{told} Opened by sources of kind {', '.join(sorted(doors.OPEN_FOR))}. At most"
        f" {MAX_BODY_BYTES:,} bytes.",
        "tags": [TAG[0]],
        "security": [{scheme: []} for scheme in answers.SECURITY],
        "parameters": [*answers.PARAMETERS, *(_query() if method == "get" else [])],
        "responses": done | problems,
    }


def _query() -> list[dict[str, Any]]:
    names = ("id", "lat", "lon", "timestamp", "accuracy", "valid")
    told = _FORWARDED["properties"]
    return [
        {"name": name, "in": "query", "description": told[name]["description"], "schema": {"type": "string"}}
        for name in names
    ]


def _done(told: str, schema: Schema) -> dict[str, Any]:
    return {"description": told, "content": {_JSON: {"schema": schema}}}
