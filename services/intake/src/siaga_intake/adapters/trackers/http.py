"""The HTTP side of the doors for trackers: fleets' gateways, phones and crews' apps post here."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from siaga_kit import telemetry
from siaga_kit.errors import Transient
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from siaga_intake.adapters import bodies
from siaga_intake.adapters.admission import Admission, Turned
from siaga_intake.adapters.bodies import Unreadable
from siaga_intake.adapters.http import MAX_EVENTS, RETRY_AFTER_S
from siaga_intake.adapters.problems import problem
from siaga_intake.adapters.trackers.desk import TrackerDesk
from siaga_intake.core.events import Ignored, Refusal
from siaga_intake.core.trackers import doors
from siaga_intake.core.trackers.doors import TrackerDoor
from siaga_intake.core.trackers.words import Taken, UnitWord, Unknown

# A phone's backlog of a day's tunnel has some thousands of bytes; nobody sends a megabyte of positions.
MAX_BODY_BYTES: Final = 256 * 1024
_JSON: Final = "application/json"
# How OwnTracks' phones name themselves where their payload does not.
_USER, _DEVICE = "x-limit-u", "x-limit-d"


@dataclass(frozen=True, slots=True)
class TrackerDoors:
    """Routes beside the front door's own."""

    admission: Admission
    desk: TrackerDesk
    now_s: Callable[[], float] = time.time

    def routes(self) -> list[Route]:
        """One for each door."""
        return [
            Route(door.path, self._through(door), methods=["POST", "GET"] if door.takes_forms else ["POST"])
            for door in doors.DOORS
        ]

    def _through(self, door: TrackerDoor) -> Callable[[Request], Awaitable[Response]]:
        async def receive(request: Request) -> Response:
            return await self._receive(request, door)

        async def through(request: Request) -> Response:
            return await self.admission.through(request, MAX_BODY_BYTES, receive)

        return through

    async def _receive(self, request: Request, door: TrackerDoor) -> Response:
        try:
            let_in = await self.admission.admit(request, MAX_BODY_BYTES, doors.OPEN_FOR)
            if isinstance(let_in, Turned):
                return let_in.response
            admitted, body = let_in
            payloads = _payloads(request, door, body)
        except Unreadable as unreadable:
            return problem(unreadable.status, unreadable.reason)
        if len(payloads) > MAX_EVENTS:
            return problem(413, f"more than {MAX_EVENTS} positions in one list")
        self.admission.spend(admitted, len(payloads))
        source, tenant = admitted.source, admitted.centre.tenant
        fleet = self.desk.devices.fleet(tenant, test=source is not None and source.test)
        with telemetry.span(
            f"{request.method} {door.path}", "server", request.headers.get("traceparent"),
            {"http.request.method": request.method, "http.route": door.path, "siaga.tenant": tenant},
        ) as traceparent:  # fmt: skip
            try:
                taken = await self.desk.receive(
                    door, payloads, fleet, "tracker/?" if source is None else source.name, int(self.now_s() * 1000),
                    traceparent=traceparent,
                )  # fmt: skip
            except Transient:
                reason = (
                    "the broker is away, and a crew's word is not kept here; nothing was taken, send the same again"
                )
                return problem(503, reason, headers={"Retry-After": str(RETRY_AFTER_S)})
        return _answer(taken, door)


def _payloads(request: Request, door: TrackerDoor, body: bytes) -> Sequence[object]:
    asked = request.method == "GET"
    # Apps post nothing at all where they would take a message back from a broker.
    if door.answers_orders and not body.strip():
        return ()
    media_type = bodies.FORM if asked else request.headers.get("content-type", _JSON)
    beside = request.query_params if request.scope["query_string"] and not asked else {}
    if door.takes_forms and not asked and not body.strip():
        # Traccar's phone app posts with all of its fields in the address.
        return (dict(beside),)
    payload = bodies.decode(body, media_type, fields=door.takes_forms)
    payloads = payload if isinstance(payload, list) else [payload]
    return [_named(request, each) for each in payloads] if door is doors.OWNTRACKS else payloads


def _named(request: Request, payload: object) -> object:
    user, device = request.headers.get(_USER), request.headers.get(_DEVICE)
    if not isinstance(payload, dict) or not user or not device or payload.get("topic"):
        return payload
    return {**payload, "topic": f"owntracks/{user}/{device}"}


def _answer(taken: Sequence[Taken], door: TrackerDoor) -> Response:
    """What became of each payload, by its index; a problem only when none could be taken.

    A phone's app sends what is refused for ever again and shows nobody why, so it is thanked for everything, except where
    somebody is just setting it up and looks at it: its device is not known.
    """
    accepted: list[dict[str, object]] = []
    ignored: list[dict[str, object]] = []
    rejected: list[dict[str, object]] = []
    for index, each in enumerate(taken):
        match each:
            case Ignored(reason):
                ignored.append({"index": index, "reason": reason})
            case Refusal(field, reason):
                rejected.append({"index": index, "field": field, "reason": reason})
            case Unknown(found, reason):
                rejected.append({"index": index, "field": "device", "reason": f"{found!r}: {reason}"})
            case UnitWord():
                accepted.append({"index": index, "report_id": each.report_id, "unit_id": each.unit_id})
    lists: dict[str, object] = {"accepted": accepted, "ignored": ignored, "rejected": rejected}
    mends = not door.answers_orders or any(isinstance(each, Unknown) for each in taken)
    if rejected and len(rejected) == len(taken) and mends:
        first = next((each for each in rejected if each["field"] == "device"), rejected[0])
        return problem(422, f"{first['field']}: {first['reason']}", str(first["field"]), more=lists)
    if door.answers_orders:
        return Response(b"[]", 200, media_type=_JSON)
    return Response(msgspec.json.encode(lists), 202, media_type=_JSON)
