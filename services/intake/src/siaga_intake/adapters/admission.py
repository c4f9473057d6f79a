"""Letting a request in: room for it, whose it is, and whether that source may send now. The same at every HTTP door."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from siaga_kit import telemetry
from starlette.requests import Request
from starlette.responses import Response

from siaga_intake.adapters import bodies
from siaga_intake.adapters.limits import Gate, Limits
from siaga_intake.adapters.problems import problem
from siaga_intake.adapters.sources import Admitted, Denied, Sources
from siaga_intake.adapters.tls import certificate_of


@dataclass(frozen=True, slots=True)
class Turned:
    """A request that may not go on, with the answer that says why."""

    response: Response


@dataclass(frozen=True, slots=True)
class Admission:
    """What stands before the doors. `now_s` is the wall clock."""

    sources: Sources
    now_s: Callable[[], float]
    limits: Limits
    gate: Gate

    async def through(
        self, request: Request, most_bytes: int, receive: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """What `receive` answers, where there is room for one more request; counts what is turned away."""
        with self.gate.passing(bodies.announced(request, most_bytes)) as room:
            response = await receive(request) if room else _busy()
        if response.status_code >= 400:
            _count_turned_away(response.status_code)
        return response

    async def admit(self, request: Request, most_bytes: int, kinds: frozenset[str]) -> tuple[Admitted, bytes] | Turned:
        """Whose request it is, and its body; `kinds` are those the door is open for. Raises Unreadable."""
        # What is signed, in a request that carries its fields in the address, is these.
        asked = request.method == "GET"
        body = request.url.query.encode() if asked else await bodies.read(request, most_bytes)
        shown = certificate_of(request.scope)
        admitted = self.sources.admit(request.headers.get, body, kinds, self.now_s(), shown)
        if isinstance(admitted, Denied):
            return Turned(_denied(admitted))
        if wait_s := self._wait_s(admitted):
            return Turned(_too_much(wait_s))
        return admitted, body

    def spend(self, admitted: Admitted, events: int) -> None:
        """The source sends so many."""
        if (source := admitted.source) is not None:
            self.limits.spend(admitted.centre.tenant, source.name, events, source.rate_per_s)

    def _wait_s(self, admitted: Admitted) -> int:
        source = admitted.source
        return 0 if source is None else self.limits.wait_s(admitted.centre.tenant, source.name, source.rate_per_s)


def _busy() -> Response:
    return problem(503, "too many requests are under way; nothing was taken", headers={"Retry-After": "1"})


def _too_much(wait_s: int) -> Response:
    reason = f"this source sends more than its limit; nothing was taken, send the same again in {wait_s} s"
    return problem(429, reason, headers={"Retry-After": str(wait_s)})


def _count_turned_away(status: int) -> None:
    telemetry.counter("siaga.intake.turned_away").add(1, {"http.response.status_code": status})


def _denied(denied: Denied) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if denied.status == 401 else None
    return problem(denied.status, denied.reason, denied.field, headers)
