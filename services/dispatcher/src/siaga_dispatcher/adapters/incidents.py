"""gRPC `Incidents`: read them and act on them."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import grpc
from siaga.v1 import incidents_service_pb2 as api
from siaga.v1 import incidents_service_pb2_grpc as service
from siaga_kit.grpc_server import Refused
from siaga_tenants.vocabulary import TYPES

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.adapters.answering import as_status, bounded, invalid, known_tenant, limited, required
from siaga_dispatcher.adapters.clearance import READ_WATCHING, Clearance, Reader
from siaga_dispatcher.adapters.feed import Feed
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.core.commands import DISPOSITIONS, Action, Command
from siaga_dispatcher.core.values import Incident, Priority, Rules
from siaga_dispatcher.dispatching import Dispatcher

NAME: Final = "siaga.v1.Incidents"
LIST_USUAL: Final = 100
LIST_MOST: Final = 1000
# Open incidents of one tenant that a watcher is told first; so many at once would be a catastrophe, still told whole.
WATCHED_MOST: Final = 10_000
_ACTIONS: Final = {int(api.IncidentAction.Value(f"INCIDENT_ACTION_{action.name}")): action for action in Action}
_PRIORITIES: Final = {int(number): level for level, number in codec.PRIORITY.items()}
# A person who ends or reopens a ticket says why; the timeline is read in court.
_NEEDS_REASON: Final = frozenset({Action.CANCEL, Action.REOPEN, Action.UNMERGE, Action.HAND_OVER})
_NEEDS_TARGET: Final = frozenset({Action.MERGE, Action.LINK, Action.UNLINK, Action.DISMISS})
# More calls than an incident ever has in one command are a mistake.
CALLS_MOST: Final = 500


class Incidents(service.IncidentsServicer):
    """Commands go the same way as everything else: decided by the core, committed at once."""

    def __init__(
        self, store: Store, dispatcher: Dispatcher, rules: Mapping[str, Rules], feed: Feed, clearance: Clearance
    ) -> None:
        self._clearance = clearance
        self._feed = feed
        self._store = store
        self._dispatcher = dispatcher
        self._rules = rules

    async def Get(self, request: api.IncidentsGetRequest, _context: Any) -> api.IncidentsGetResponse:  # noqa: N802
        tenant = known_tenant(request.tenant, self._rules)
        reader = self._clearance.reader(tenant, request.actor, request.reason)
        incident = await self._store.incident(tenant, required("incident_id", request.incident_id))
        if incident is None:
            raise Refused(grpc.StatusCode.NOT_FOUND, f"tenant {tenant} has no incident {request.incident_id!r}")
        (shown,) = await self._clearance.shown([incident], reader)
        return api.IncidentsGetResponse(incident=shown)

    async def List(self, request: api.IncidentsListRequest, _context: Any) -> api.IncidentsListResponse:  # noqa: N802
        tenant = known_tenant(request.tenant, self._rules)
        limit = limited(request.limit, LIST_USUAL, LIST_MOST)
        reader = self._clearance.reader(tenant, request.actor, request.reason)
        found = await self._store.listed(tenant, open_only=request.open_only, limit=limit)
        return api.IncidentsListResponse(incidents=await self._clearance.shown(found, reader))

    async def Watch(  # noqa: N802
        self, request: api.IncidentsWatchRequest, _context: Any
    ) -> AsyncIterator[api.IncidentsWatchResponse]:
        tenant = known_tenant(request.tenant, self._rules)
        reader = self._clearance.reader(tenant, request.actor, request.reason)
        seen: set[str] = set()
        async with self._feed.watching(tenant) as watcher:
            if not request.changes_only:
                for incident in await self._store.listed(tenant, open_only=True, limit=WATCHED_MOST):
                    watcher.told[incident.incident_id] = incident.version
                    yield await self._watched(incident, reader, seen)
            yield api.IncidentsWatchResponse(caught_up=True)
            async for message in watcher.changes():
                incident = codec.incident_of(message)
                if watcher.is_news(incident.incident_id, incident.version):
                    yield await self._watched(incident, reader, seen)

    async def _watched(self, incident: Incident, reader: Reader, seen: set[str]) -> api.IncidentsWatchResponse:
        """A look that lasts is one look: it is in the audit once for each confidential incident."""
        if incident.incident_id in seen:
            shown = [self._clearance.seen(incident, reader)]
        else:
            shown = await self._clearance.shown([incident], reader, READ_WATCHING)
            seen.add(incident.incident_id)
        return api.IncidentsWatchResponse(incident=shown[0])

    async def Command(self, request: api.CommandRequest, _context: Any) -> api.CommandResponse:  # noqa: N802
        tenant = known_tenant(request.tenant, self._rules)
        incident_id = required("incident_id", request.incident_id)
        command = _command(request)
        with as_status():
            incident = await self._dispatcher.take_command(tenant, incident_id, command, request.expected_version)
        commander = self._clearance.commander(tenant, command.actor, command.reason)
        return api.CommandResponse(incident=await self._clearance.answered(incident, commander))


_KINDS: Final = {0: "", **{int(number): name for number, name in codec.UNIT_KIND_OF.items()}}


def _kind(number: int) -> str:
    if number not in _KINDS:
        raise invalid("unit_kind", f"{number} is no unit kind")
    return _KINDS[number]


def _command(request: api.CommandRequest) -> Command:
    action = _ACTIONS.get(request.action)
    if action is None:
        raise invalid("action", f"must be one of {', '.join(_ACTIONS.values())}")
    command = Command(
        command_id=required("command_id", request.command_id),
        action=action,
        actor=required("actor", request.actor),
        reason=bounded("reason", request.reason),
        disposition=request.disposition,
        priority=_PRIORITIES.get(request.priority),
        unit_id=bounded("unit_id", request.unit_id),
        target_incident_id=bounded("target_incident_id", request.target_incident_id),
        call_ids=tuple(request.call_ids),
        type=request.type,
        unit_kind=_kind(int(request.unit_kind)),
    )
    if action in _NEEDS_REASON:
        required("reason", command.reason)
    if action is Action.STAND_DOWN:
        required("unit_id", command.unit_id)
    if action is Action.CLOSE:
        required("disposition", command.disposition)
    if command.disposition and command.disposition not in DISPOSITIONS:
        raise invalid("disposition", f"{command.disposition[:40]!r} is none of {', '.join(DISPOSITIONS)}")
    if action in _NEEDS_TARGET:
        required("target_incident_id", command.target_incident_id)
    if action is Action.SPLIT and not 0 < len(command.call_ids) <= CALLS_MOST:
        raise invalid("call_ids", f"has {len(command.call_ids)} calls, must have 1 to {CALLS_MOST}")
    if command.type and command.type not in TYPES:
        raise invalid("type", f"{command.type[:40]!r} is none of {', '.join(TYPES)}")
    if action is Action.CLASSIFY:
        required("type", command.type)
    if action is Action.SET_PRIORITY and not isinstance(command.priority, Priority):
        raise invalid("priority", "must be P0 to P4")
    return command
