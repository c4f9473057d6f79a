"""gRPC `Postures`: people declare a major incident, and say that it is over. Both leave a record in the audit, before."""

from typing import Any, Final

from siaga.v1 import decision_pb2, postures_service_pb2_grpc
from siaga.v1 import postures_service_pb2 as api
from siaga_kit.audit import Deed
from siaga_kit.publishing import to_all_partitions

from siaga_classifier.adapters.desk import Desk, decision_id, invalid
from siaga_classifier.core.caller_decisions import Problem

SERVICE: Final = "siaga.v1.Postures"
# Nothing counts in that time. Whoever needs longer declares again, and somebody has looked at it once a week.
LONGEST_MS: Final = 7 * 24 * 3_600_000


class Postures(postures_service_pb2_grpc.PosturesServicer):
    """The service. It answers once the broker has it; the posture is told within seconds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def Declare(self, request: api.DeclareRequest, _context: Any) -> api.DeclareResponse:  # noqa: N802
        """Suspend the centre's sanctions until that time."""
        now_ms = self._desk.now_ms()
        self._desk.admit(request.tenant, request.actor, request.reason)
        if not now_ms < request.until_ms <= now_ms + LONGEST_MS:
            raise invalid(Problem("until_ms", "must lie between now and seven days from now, in epoch milliseconds"))
        made = _decision(request, decision_pb2.DECISION_KIND_SUSPEND, now_ms, request.until_ms)
        await self._decide(made, "posture.declare")
        return api.DeclareResponse(decision=made)

    async def Lift(self, request: api.LiftRequest, _context: Any) -> api.LiftResponse:  # noqa: N802
        """Let the centre's sanctions have consequences again, unless it is flooded."""
        self._desk.admit(request.tenant, request.actor, request.reason)
        made = _decision(request, decision_pb2.DECISION_KIND_RESUME, self._desk.now_ms(), 0)
        await self._decide(made, "posture.lift")
        return api.LiftResponse(decision=made)

    async def _decide(self, made: decision_pb2.CallerDecision, action: str) -> None:
        await self._desk.write_down(
            Deed(made.tenant, made.actor, action, f"tenant/{made.tenant}", made.reason, made.at_ms)
        )
        outgoing = to_all_partitions(self._desk.decisions, made, made.decision_id, made.at_ms)
        await self._desk.publish(outgoing, "try again")


def _decision(
    request: api.DeclareRequest | api.LiftRequest,
    kind: "decision_pb2.DecisionKind.ValueType",
    at_ms: int,
    until_ms: int,
) -> decision_pb2.CallerDecision:
    return decision_pb2.CallerDecision(
        decision_id=decision_id("posture-decision", request.tenant, request.request_id),
        tenant=request.tenant,
        kind=kind,
        actor=request.actor,
        reason=request.reason.strip(),
        at_ms=at_ms,
        until_ms=until_ms,
    )
