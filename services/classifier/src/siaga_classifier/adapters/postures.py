"""gRPC `Postures`: people declare a major incident, and say that it is over. Both leave a record in the audit, before."""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import grpc
from siaga.v1 import decision_pb2, postures_service_pb2_grpc
from siaga.v1 import postures_service_pb2 as api
from siaga_contracts import catalogue, ids
from siaga_contracts.catalogue import Topic
from siaga_kit.audit import AuditLog, Deed, Publish
from siaga_kit.errors import Transient
from siaga_kit.grpc_server import Refused
from siaga_kit.publishing import to_all_partitions

from siaga_classifier.core.caller_decisions import LONGEST_ID, Problem, person_problem

SERVICE: Final = "siaga.v1.Postures"
# Nothing counts in that time. Whoever needs longer declares again, and somebody has looked at it once a week.
LONGEST_MS: Final = 7 * 24 * 3_600_000


class Postures(postures_service_pb2_grpc.PosturesServicer):
    """The service. It answers once the broker has it; the posture is told within seconds."""

    def __init__(
        self,
        audit: AuditLog,
        publish: Publish,
        operators: Mapping[str, frozenset[str]],
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        decisions: Topic = catalogue.CALLER_DECISIONS,
    ) -> None:
        self._audit = audit
        self._publish = publish
        self._operators = operators
        self._now_ms = now_ms
        self._decisions = decisions

    async def Declare(self, request: api.DeclareRequest, _context: Any) -> api.DeclareResponse:  # noqa: N802
        """Suspend the centre's sanctions until that time."""
        now_ms = self._now_ms()
        self._check(request)
        if not now_ms < request.until_ms <= now_ms + LONGEST_MS:
            raise _invalid(Problem("until_ms", "must lie between now and seven days from now, in epoch milliseconds"))
        made = self._decision(request, decision_pb2.DECISION_KIND_SUSPEND, now_ms, request.until_ms)
        await self._decide(made, "posture.declare")
        return api.DeclareResponse(decision=made)

    async def Lift(self, request: api.LiftRequest, _context: Any) -> api.LiftResponse:  # noqa: N802
        """Let the centre's sanctions have consequences again, unless it is flooded."""
        self._check(request)
        made = self._decision(request, decision_pb2.DECISION_KIND_RESUME, self._now_ms(), 0)
        await self._decide(made, "posture.lift")
        return api.LiftResponse(decision=made)

    def _check(self, request: api.DeclareRequest | api.LiftRequest) -> None:
        operators = self._operators.get(request.tenant)
        if operators is None:
            known = ", ".join(sorted(self._operators))
            raise _invalid(Problem("tenant", f"{request.tenant[:32]!r} is not configured; known: {known}"))
        if len(request.request_id) > LONGEST_ID:
            raise _invalid(Problem("request_id", f"has more than {LONGEST_ID} characters; a UUID is enough"))
        problem = person_problem(request.actor, request.reason, operators)
        if problem is not None:
            raise _invalid(problem)

    @staticmethod
    def _decision(
        request: api.DeclareRequest | api.LiftRequest,
        kind: "decision_pb2.DecisionKind.ValueType",
        at_ms: int,
        until_ms: int,
    ) -> decision_pb2.CallerDecision:
        decision_id = (
            ids.derived("posture-decision", request.tenant, request.request_id)
            if request.request_id
            else str(uuid.uuid4())
        )
        return decision_pb2.CallerDecision(
            decision_id=decision_id,
            tenant=request.tenant,
            kind=kind,
            actor=request.actor,
            reason=request.reason.strip(),
            at_ms=at_ms,
            until_ms=until_ms,
        )

    async def _decide(self, made: decision_pb2.CallerDecision, action: str) -> None:
        deed = Deed(made.tenant, made.actor, action, f"tenant/{made.tenant}", made.reason, made.at_ms)
        try:
            await self._audit.write(deed)
        except Transient as error:
            raise Refused(
                grpc.StatusCode.UNAVAILABLE, "the audit cannot be written, and nothing is done unseen; try again"
            ) from error
        try:
            await self._publish(to_all_partitions(self._decisions, made, made.decision_id, made.at_ms))
        except Transient as error:
            raise Refused(grpc.StatusCode.UNAVAILABLE, "the broker did not confirm the decision; try again") from error


def _invalid(problem: Problem) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, f"{problem.field}: {problem.remedy}")
