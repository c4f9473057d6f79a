"""The front door: requests in, events kept, answers out. What a payload means is decided in the core."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from siaga_kit import telemetry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from siaga_intake.adapters import bodies, origins, problems
from siaga_intake.adapters.admission import Admission, Turned
from siaga_intake.adapters.bodies import Unreadable
from siaga_intake.adapters.limits import Gate, Limits
from siaga_intake.adapters.problems import problem
from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.sources import Admitted, Sources
from siaga_intake.adapters.spool import Full
from siaga_intake.adapters.straight import Straight
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door, Taken
from siaga_intake.core.events import Accepted, Ignored, Refusal
from siaga_intake.core.fields import Refused
from siaga_intake.core.times import moment

# A larger list would hold the loop, and with it every other caller, for more than some tens of milliseconds.
MAX_EVENTS: Final = 1_000
RETRY_AFTER_S: Final = 5
# The arrival that a recording tells, when a replay posts it again: stands in for times that a payload lacks.
ARRIVED_AT: Final = "X-Siaga-Arrived-At"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """The HTTP side of intake. `now_s` is the wall clock."""

    sources: Sources
    reception: Reception
    secret: bytes
    now_s: Callable[[], float] = time.time
    limits: Limits = field(default_factory=Limits)
    gate: Gate = field(default_factory=Gate)
    # Sees what is no JSON, with tenant, source and reason. Must neither wait nor raise.
    unreadable: Callable[[str, str, str, bytes], None] = lambda *_: None
    # What else stands on this side: hand-shakes, sockets that switches open, documents.
    extra: Sequence[BaseRoute] = ()

    def application(self) -> ASGIApp:
        """The ASGI application."""
        admission = Admission(self.sources, self.now_s, self.limits, self.gate)
        posts = {door.path: self._through(door, admission) for door in doors.DOORS}
        # Posts go straight to their door; here they tell the router which other methods to refuse.
        standing = [Route(door.path, posts[door.path], methods=_methods(door)) for door in doors.DOORS]
        routes = [*self.extra, *standing, Route("/v1/switch/{switch}", _no_such_switch, methods=["POST"])]
        handlers = {HTTPException: problems.on_http_error, Exception: problems.on_fault}
        return Straight(posts, Starlette(routes=routes, exception_handlers=handlers))

    def _through(self, door: Door, admission: Admission) -> Callable[[Request], Awaitable[Response]]:
        async def receive(request: Request) -> Response:
            return await self._receive(request, door, admission)

        async def through(request: Request) -> Response:
            return await admission.through(request, _most_bytes(door), receive)

        return through

    async def _receive(self, request: Request, door: Door, admission: Admission) -> Response:
        try:
            let_in = await admission.admit(request, _most_bytes(door), door.open_for)
            if isinstance(let_in, Turned):
                return let_in.response
            admitted, body = let_in
            payload = self._decoded(request, door, admitted, body)
            origin = self._origin(request, door, admitted)
        except Unreadable as unreadable:
            return problem(unreadable.status, unreadable.reason)
        except Refused as refused:
            return problem(400, refused.reason, refused.field)
        payloads = payload if isinstance(payload, list) else [payload]
        if len(payloads) > MAX_EVENTS:
            return problem(413, f"more than {MAX_EVENTS} events in one list")
        admission.spend(admitted, len(payloads))
        with telemetry.span(
            f"POST {door.path}", "server", request.headers.get("traceparent"),
            {"http.request.method": "POST", "http.route": door.path, "siaga.tenant": origin.centre.tenant},
        ) as traceparent:  # fmt: skip
            return await self._take(door, doors.pieces(door, payloads), origin, traceparent)

    def _decoded(self, request: Request, door: Door, admitted: Admitted, body: bytes) -> object:
        media_type = bodies.FORM if request.method == "GET" else request.headers.get("content-type", _JSON)
        try:
            payload = bodies.decode(
                body,
                media_type,
                fields=door.takes_forms,
                written=door.written,
                beside=request.query_params if request.scope["query_string"] else {},
            )
        except Unreadable as unreadable:
            source = f"{door.kind}/?" if admitted.source is None else admitted.source.name
            self.unreadable(admitted.centre.tenant, source, unreadable.reason, body)
            raise
        return bodies.cloud_event(request.headers, payload) if door is doors.CALL_EVENTS else payload

    def _origin(self, request: Request, door: Door, admitted: Admitted) -> Origin:
        now_ms = int(self.now_s() * 1000)
        arrived = moment({ARRIVED_AT: request.headers.get(ARRIVED_AT)}, ARRIVED_AT, now_ms)
        named = request.headers.get("x-siaga-source", "")
        return origins.origin(
            door, admitted, self.sources, self.secret, named, now_ms, now_ms if arrived is None else arrived
        )

    async def _take(self, door: Door, payloads: Sequence[object], origin: Origin, traceparent: str | None) -> Response:
        try:
            taken = await self.reception.receive(door, payloads, origin, traceparent)
        except Full as full:
            return problem(503, f"{full}; nothing was taken", headers={"Retry-After": str(RETRY_AFTER_S)})
        return _answer(taken, sender_mends=door.sender_mends)


def _most_bytes(door: Door) -> int:
    return door.max_body_bytes or bodies.MAX_BODY_BYTES


def _methods(door: Door) -> list[str]:
    return ["POST", "GET"] if door.takes_addresses else ["POST"]


async def _no_such_switch(_: Request) -> Response:
    return problem(404, f"no such switch; known are {', '.join(doors.SWITCH_DOORS)}")


def _answer(taken: Sequence[Taken], *, sender_mends: bool) -> Response:
    """What became of each payload, by its index; a problem only when none could be taken."""
    accepted: list[dict[str, object]] = []
    ignored: list[dict[str, object]] = []
    rejected: list[dict[str, object]] = []
    for index, each in enumerate(taken):
        match each:
            case Ignored(reason):
                ignored.append({"index": index, "reason": reason})
            case Refusal(field, reason):
                rejected.append({"index": index, "field": field, "reason": reason})
            case Accepted(events, defects):
                event_ids = [event.event_id for event in events]
                told: dict[str, object] = {"index": index, "event_id": event_ids[0], "call_id": events[0].call_id}
                told["event_ids"] = event_ids
                if defects:
                    told["left_out"] = [{"field": defect.field, "reason": defect.reason} for defect in defects]
                accepted.append(told)
    lists: dict[str, object] = {"accepted": accepted, "ignored": ignored, "rejected": rejected}
    if sender_mends and rejected and len(rejected) == len(taken):
        field, reason = str(rejected[0]["field"]), str(rejected[0]["reason"])
        return problem(422, f"{field}: {reason}" if field else reason, field, more=lists)
    return Response(msgspec.json.encode(lists), 202, media_type=_JSON)
