"""gRPC `Sanctions`: people look into a caller's standing and decide about it. Both leave a record in the audit, before."""

from typing import Any, Final

import grpc
from redis.asyncio import Redis
from siaga.v1 import decision_pb2, sanction_pb2, sanctions_service_pb2_grpc
from siaga.v1 import sanctions_service_pb2 as api
from siaga_contracts.callers import caller_key, e164
from siaga_kit.audit import Deed
from siaga_kit.grpc_server import Refused
from siaga_kit.records import Outgoing

from siaga_classifier.adapters.advice_store import AdviceStore
from siaga_classifier.adapters.desk import Desk, decision_id, invalid
from siaga_classifier.core.caller_decisions import (
    Decision,
    DecisionKind,
    Known,
    Problem,
    decision_problem,
    is_caller_key,
    objection,
)
from siaga_classifier.core.vocabulary import CallerTag

SERVICE: Final = "siaga.v1.Sanctions"
# Within this a repeated request is answered with the decision that it has made already.
REPEATED_WITHIN_S: Final = 3 * 24 * 3_600
_KINDS: Final = {kind.value: kind for kind in DecisionKind}
_TAGS: Final = {tag.value for tag in CallerTag if tag}


class DecisionMemory:
    """Decisions made lately, by id: a request that comes again is answered, not decided anew."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def get(self, tenant: str, decision_id: str) -> decision_pb2.CallerDecision | None:
        """The decision made under this id."""
        value: bytes | None = await self._redis.get(_key(tenant, decision_id))  # type: ignore[assignment]  # no decoding
        return None if value is None else decision_pb2.CallerDecision.FromString(value)

    async def put(self, made: decision_pb2.CallerDecision) -> None:
        """Remember it, now that the broker has it."""
        key = _key(made.tenant, made.decision_id)
        await self._redis.set(key, made.SerializeToString(), ex=REPEATED_WITHIN_S)


def _key(tenant: str, decision_id: str) -> str:
    return f"{{{tenant}}}:decided:{decision_id}"


class Sanctions(sanctions_service_pb2_grpc.SanctionsServicer):
    """The service. A decision is answered once the broker has it; its effect is the ledger's, within seconds."""

    def __init__(self, desk: Desk, store: AdviceStore, memory: DecisionMemory, secret: bytes) -> None:
        self._desk = desk
        self._store = store
        self._memory = memory
        self._secret = secret

    async def GetCaller(self, request: api.GetCallerRequest, _context: Any) -> api.GetCallerResponse:  # noqa: N802
        """The standing, once it is written down who looks."""
        key = self._asked_for(request)
        await self._write_down(request, "read", key)
        return api.GetCallerResponse(caller_key=key, sanction=await self._store.standing(request.tenant, key))

    async def Decide(self, request: api.DecideRequest, _context: Any) -> api.DecideResponse:  # noqa: N802
        """Publish the decision, once it is written down who decides."""
        key = self._asked_for(request)
        made_id = decision_id("decision", request.tenant, request.request_id)
        made = await self._memory.get(request.tenant, made_id) if request.request_id else None
        if made is None:
            made = await self._decided(request, key, made_id)
        elif made.kind != request.kind or made.caller_key != key:
            raise invalid(Problem("request_id", "was used for another decision; make a new one"))
        return api.DecideResponse(decision=made)

    async def _decided(self, request: api.DecideRequest, key: str, made_id: str) -> decision_pb2.CallerDecision:
        now_ms = self._desk.now_ms()
        decision = _decision(request)
        problem = decision_problem(decision, now_ms)
        if problem is not None:
            raise invalid(problem)
        against = objection(decision, _known(await self._store.standing(request.tenant, key)))
        if against is not None:
            raise Refused(grpc.StatusCode.FAILED_PRECONDITION, against)
        made = decision_pb2.CallerDecision(
            decision_id=made_id,
            tenant=request.tenant,
            caller_key=key,
            kind=request.kind,
            actor=decision.actor,
            reason=decision.reason,
            at_ms=now_ms,
            until_ms=decision.until_ms,
            caller_tags=request.caller_tags,
            call_ids=decision.call_ids,
        )
        await self._write_down(request, f"sanction.{decision.kind.name.lower()}", key)
        again = "try again with the same request_id" if request.request_id else "look before you try again"
        await self._desk.publish([Outgoing(self._desk.decisions, key, made, made_id, now_ms)], again)
        await self._memory.put(made)
        return made

    async def _write_down(self, request: api.GetCallerRequest | api.DecideRequest, action: str, key: str) -> None:
        reason, now_ms = request.reason.strip(), self._desk.now_ms()
        await self._desk.write_down(Deed(request.tenant, request.actor, action, f"caller/{key}", reason, now_ms))

    def _asked_for(self, request: api.GetCallerRequest | api.DecideRequest) -> str:
        """The caller's key, when tenant, person and caller are in order. What is wrong is told without the number."""
        self._desk.admit(request.tenant, request.actor, request.reason)
        match request.WhichOneof("caller"):
            case "number":
                number = e164(request.number)
                if number is None:
                    raise invalid(Problem("number", "is none that a caller could have; write it as 0812… or +62812…"))
                return caller_key(self._secret, request.tenant, number)
            case "caller_key" if is_caller_key(request.caller_key):
                return request.caller_key
            case "caller_key":
                raise invalid(Problem("caller_key", "must be 32 hex digits, as `siaga sanctions show` lists them"))
        raise invalid(Problem("caller", "is missing; give number or caller_key"))


def _decision(request: api.DecideRequest) -> Decision:
    return Decision(
        _KINDS.get(request.kind, DecisionKind.UNSPECIFIED),
        request.actor,
        request.reason.strip(),
        request.until_ms,
        tuple(tag if tag in _TAGS else 0 for tag in request.caller_tags),
        tuple(request.call_ids),
    )


def _known(standing: sanction_pb2.CallerSanction | None) -> Known:
    if standing is None:
        return Known()
    is_open = standing.appeal.state == sanction_pb2.APPEAL_STATE_OPEN
    return Known(int(standing.state), tuple(standing.approved_by), is_open)
