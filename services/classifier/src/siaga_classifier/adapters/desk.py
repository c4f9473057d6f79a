"""The desk at which people decide: who may, what is written down of it before it is done, and that the broker has it."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import grpc
from siaga_contracts import catalogue, ids
from siaga_contracts.catalogue import Topic
from siaga_kit.audit import AuditLog, Deed, Publish
from siaga_kit.errors import Transient
from siaga_kit.grpc_server import Refused
from siaga_kit.records import Outgoing

from siaga_classifier.core.caller_decisions import LONGEST_ID, Problem, person_problem

_UNSEEN: Final = "the audit cannot be written, and nothing is done unseen; try again"


class Desk:
    """What every service has in common that takes people's decisions. `operators` may decide, by tenant."""

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
        self.now_ms = now_ms
        self.decisions = decisions

    def admit(self, tenant: str, actor: str, reason: str) -> None:
        """Refuses a tenant that is not here, a person who may not, and a reason that says nothing or too much."""
        operators = self._operators.get(tenant)
        if operators is None:
            known = ", ".join(sorted(self._operators))
            raise invalid(Problem("tenant", f"{tenant[:32]!r} is not configured; known: {known}"))
        problem = person_problem(actor, reason, operators)
        if problem is not None:
            raise invalid(problem)

    async def write_down(self, deed: Deed) -> None:
        """Put it into the audit; refuses when that cannot be written."""
        try:
            await self._audit.write(deed)
        except Transient as error:
            raise Refused(grpc.StatusCode.UNAVAILABLE, _UNSEEN) from error

    async def publish(self, outgoing: Sequence[Outgoing], again: str) -> None:
        """Hand over what was decided; without the broker's word the answer says what to do: `again`."""
        try:
            await self._publish(outgoing)
        except Transient as error:
            raise Refused(grpc.StatusCode.UNAVAILABLE, f"the broker did not confirm the decision; {again}") from error


def decision_id(kind: str, tenant: str, request_id: str) -> str:
    """The same for a request that comes again under its id; without one a new one each time."""
    if len(request_id) > LONGEST_ID:
        raise invalid(Problem("request_id", f"has more than {LONGEST_ID} characters; a UUID is enough"))
    return ids.derived(kind, tenant, request_id) if request_id else str(uuid.uuid4())


def invalid(problem: Problem) -> Refused:
    """What is wrong with a request, by the field, and what to do about it."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, f"{problem.field}: {problem.remedy}")
