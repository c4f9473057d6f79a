"""Who sees the inside of a confidential incident: an operator of the centre who says why, once that is in the audit.

Basis: UU 23/2004 art. 10(c) and UU 12/2022 art. 69 want the identity of victims kept; need to know, with a reason, and
every read on record.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import grpc
from siaga.v1 import incident_pb2
from siaga_kit.audit import AuditLog, Deed
from siaga_kit.errors import Transient
from siaga_kit.grpc_server import Refused

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.answering import bounded, invalid
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.core.redact import withheld
from siaga_dispatcher.core.values import Incident

READ: Final = "read"
READ_WATCHING: Final = "read_watching"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and why; cleared = an operator who gave a reason."""

    tenant: str
    actor: str
    reason: str
    cleared: bool


class Clearance:
    """Makes answers of incidents as far as the reader may see them. `operators` of each tenant may read all."""

    def __init__(
        self, audit: AuditLog, operators: Mapping[str, Collection[str]], places: Places, now_ms: Callable[[], int]
    ) -> None:
        self._audit = audit
        self._operators = operators
        self._places = places
        self._now_ms = now_ms

    def reader(self, tenant: str, actor: str, reason: str) -> Reader:
        """The reader of a request; refuses who claims to be an operator and is none, and half of a claim."""
        bounded("actor", actor)
        bounded("reason", reason)
        if not actor and not reason:
            return Reader(tenant, "", "", cleared=False)
        if not actor.strip() or not reason.strip():
            missing = "reason" if actor.strip() else "actor"
            raise invalid(missing, "is required to read confidential incidents; leave both out to read without them")
        if actor not in self._operators.get(tenant, ()):
            raise Refused(
                grpc.StatusCode.PERMISSION_DENIED,
                f"actor: {actor[:40]!r} is no operator of {tenant}; operators stand in its tenant.yaml",
            )
        return Reader(tenant, actor, reason, cleared=True)

    def commander(self, tenant: str, actor: str, reason: str) -> Reader:
        """Whoever commands is answered in any case, and sees the inside only as an operator who gave a reason."""
        return Reader(tenant, actor, reason, bool(reason.strip()) and actor in self._operators.get(tenant, ()))

    async def shown(
        self, incidents: Sequence[Incident], reader: Reader, action: str = READ
    ) -> list[incident_pb2.Incident]:
        """The incidents as messages; a look at a confidential one is written down before it is given."""
        if reader.cleared:
            for incident in incidents:
                if incident.confidential:
                    await self._write_down(incident, reader, action)
        return [self.seen(incident, reader) for incident in incidents]

    async def answered(self, incident: Incident, commander: Reader) -> incident_pb2.Incident:
        """The incident after a command: it is done, so where the look cannot be written down, the case is left out."""
        try:
            return (await self.shown([incident], commander))[0]
        except Refused:
            return self.seen(incident, replace(commander, cleared=False))

    def seen(self, incident: Incident, reader: Reader) -> incident_pb2.Incident:
        """One incident as a message, as far as the reader may see it; the look is in the audit already."""
        if incident.confidential and not reader.cleared:
            incident = withheld(incident, self._places.kecamatan_name(incident.tenant, incident.place))
        return codec.answer_message(incident)

    async def _write_down(self, incident: Incident, reader: Reader, action: str) -> None:
        subject = f"incident/{incident.incident_id}"
        deed = Deed(reader.tenant, reader.actor, action, subject, reader.reason, self._now_ms())
        try:
            await self._audit.write(deed)
        except Transient as error:
            raise Refused(
                grpc.StatusCode.UNAVAILABLE, "the audit cannot be written now, so nothing is shown; try again"
            ) from error
