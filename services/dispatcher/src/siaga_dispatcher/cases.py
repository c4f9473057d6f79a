"""What each decision is made on, freshly read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from siaga_dispatcher.adapters.contexts import Searched
from siaga_dispatcher.adapters.due import alerts_about
from siaga_dispatcher.adapters.reading import Reader
from siaga_dispatcher.adapters.request import Absent, Guard
from siaga_dispatcher.core.commands import Action, Command
from siaga_dispatcher.core.decide import Decision, on_assessment, on_command, on_unit_free, on_unit_report
from siaga_dispatcher.core.decision import Search
from siaga_dispatcher.core.foresight import foresee
from siaga_dispatcher.core.join import find_home, window_ms
from siaga_dispatcher.core.silence import alone
from siaga_dispatcher.core.values import (
    Alert,
    Assessment,
    Incident,
    IncidentStatus,
    LinkKind,
    Rules,
    Situation,
    Unit,
    UnitReport,
)
from siaga_dispatcher.refusals import UnknownIncidentError, UnknownUnitError, WrongVersion


class Seeking(Protocol):
    """What may want to know more units before it is sure."""

    @property
    def search(self) -> Search | None:
        """Which; None = it is sure."""


A = TypeVar("A", bound=Seeking)


@dataclass(frozen=True, slots=True)
class Case(Generic[A]):
    """A decision to make on freshly loaded values: how to make it, which units are known, what must stay true.

    `searched` tells of a search whose units are among those known; `alerts` are those that the decision may end.
    """

    decide: Callable[[Situation], A]
    units: tuple[Unit, ...] = ()
    guards: tuple[Guard | Absent, ...] = ()
    searched: Searched | None = None
    alerts: tuple[Alert, ...] = ()


async def existing(store: Reader, tenant: str, incident_id: str) -> Incident:
    """One incident; raises UnknownIncidentError, StateLost."""
    incident = await store.incident(tenant, incident_id)
    if incident is None:
        # Once more: the state may have been gone at the first look, and be there again now.
        await store.must_exist(tenant)
        incident = await store.incident(tenant, incident_id)
    if incident is None:
        raise UnknownIncidentError(f"tenant {tenant} has no incident {incident_id}")
    return incident


async def of_assessment(store: Reader, assessment: Assessment, rules: Rules) -> Case[Decision]:
    """An assessment of a call, beside the call's own incident or those that it might join."""
    policy = rules.policy
    stored = await store.context_of_call(
        assessment, window_ms(assessment.event_at_ms, policy), foresee(assessment, rules), policy.radius_ladder_m
    )
    linked, others = stored.linked, stored.open_incidents
    home = find_home(assessment, others, policy) if linked is None else None
    touched = linked if home is None else home.incident
    own = await store.own_units(touched) if touched is not None else ()
    return Case(
        lambda situation: on_assessment(assessment, linked, others, situation),
        (*own, *stored.near),
        stored.guards,
        stored.searched,
    )


async def of_report(store: Reader, report: UnitReport) -> Case[Decision]:
    """A crew's word, beside its unit and the incidents that the word may be about; raises UnknownUnitError, StateLost."""
    tenant = report.tenant
    unit = await store.unit(tenant, report.unit_id)
    if unit is None:
        # Once more: the state may have been gone at the first look, and be there again now.
        await store.must_exist(tenant)
        unit = await store.unit(tenant, report.unit_id)
    if unit is None:
        raise UnknownUnitError(f"tenant {tenant} has no unit {report.unit_id!r}")
    incident = await store.incident(tenant, unit.incident_id) if unit.incident_id else None
    own = await store.own_units(incident) if incident is not None else ()
    if report.status is None:
        return Case(lambda situation: on_unit_report(report, unit, incident, situation), own)
    ended = await store.incidents(tenant, unit.stood_down_from)
    alerts = await alerts_about(store, incident, *ended)
    return Case(lambda situation: on_unit_report(report, unit, incident, situation, ended), own, alerts=alerts)


async def of_command(
    store: Reader, tenant: str, incident_id: str, command: Command, expected_version: int, now_ms: int
) -> Case[Decision]:  # fmt: skip
    """A person's command, beside all incidents that it touches; raises UnknownIncidentError, WrongVersion."""
    incident = await existing(store, tenant, incident_id)
    if expected_version and not incident.unchanged_since(expected_version):
        raise WrongVersion(f"incident is at version {incident.version}, not {expected_version}")
    named = (command.unit_id,) if command.unit_id else ()
    others = await _others(store, tenant, incident, command)
    units = (*await store.own_units(incident, *others), *await store.units(tenant, named))
    alerts = await alerts_about(store, incident, *others)
    return Case(lambda situation: on_command(command, incident, situation, now_ms, others), units, alerts=alerts)


async def _others(store: Reader, tenant: str, incident: Incident, command: Command) -> tuple[Incident, ...]:
    """The incidents that a command is about besides: its target, or those that a merge is followed through."""
    if command.action is not Action.UNMERGE:
        wanted = (command.target_incident_id,) if command.target_incident_id else ()
        return tuple(await store.incidents(tenant, wanted))
    way: list[Incident] = []
    at: Incident | None = incident
    while at is not None and at.status is IncidentStatus.MERGED:
        at = await store.incident(tenant, at.linked(LinkKind.MERGED_INTO)[-1].incident_id)
        way += [at] if at is not None else []
    return tuple(way)


async def of_waiting(store: Reader, tenant: str, incident_id: str, event_at_ms: int) -> Case[Decision]:
    """An incident that lacks a unit, or a word from it, when one may be had; raises UnknownIncidentError."""
    incident = await existing(store, tenant, incident_id)
    cause = f"unit_free:{incident_id}:{incident.version}"
    alerts = await alerts_about(store, incident) if alone(incident) else ()
    return Case(
        lambda situation: on_unit_free(incident, situation, cause, event_at_ms),
        await store.own_units(incident),
        alerts=alerts,
    )
