"""Units, calls and rules for tests: a small town around Serang's alun-alun."""

from dataclasses import replace
from typing import Any

from siaga_contracts import ids
from siaga_dispatcher.core.commands import Action, Command
from siaga_dispatcher.core.decide import Decision, on_assessment, on_command, on_unit_report
from siaga_dispatcher.core.values import (
    Assessment,
    Incident,
    IncidentStatus,
    OrderKind,
    Place,
    Position,
    Priority,
    Rules,
    Situation,
    Unit,
    UnitReport,
    UnitStatus,
)
from siaga_tenants.model import Contact, DispatchPolicy, Need, ResponsePlan

TENANT = "36.73"
CENTRE = Position(-6.1200, 106.1500)
NOON_MS = 1_550_033_000_000  # 2019-02-13 in Serang
DAMKAR = Need("damkar", ("damkar",), ("StructureFireEngine",))
AMBULANCE = Need("ambulance", ("puskesmas", "pmi"), ("GroundBLSAmbulance",))
SATGAS = Need("satgas", ("satgas",))

PLAN = ResponsePlan(
    {
        ("fire_*", "any"): (DAMKAR,),
        ("fire_*", "P1"): (replace(DAMKAR, count=2), AMBULANCE, replace(SATGAS, optional=True)),
        ("kdrt", "any"): (Need("satgas", ("satgas",), ("VictimAdvocate",)),),
        ("non_emergency", "any"): (),
        ("default", "any"): (AMBULANCE,),
    }
)
POLICY = DispatchPolicy(speed_kmh={"damkar": 40.0, "puskesmas": 40.0, "satgas": 40.0, "pmi": 60.0})
RULES = Rules(PLAN, POLICY, CENTRE)

_CAPABILITIES = {
    "damkar": ("StructureFireEngine",),
    "puskesmas": ("GroundBLSAmbulance",),
    "pmi": ("GroundBLSAmbulance",),
    "satgas": ("VictimAdvocate",),
}


def north(metres: float) -> Position:
    """A point so far north of the centre."""
    return Position(CENTRE.lat + metres / 111_195.08, CENTRE.lon)


def unit(unit_id: str, kind: str = "damkar", *, away_m: float = 1000, **fields: Any) -> Unit:
    """A unit at its station, so far north of the centre."""
    station = replace(north(away_m), source="station")
    made = Unit(
        unit_id=unit_id,
        tenant=TENANT,
        kind=kind,
        name=f"Pos {unit_id}",
        capabilities=_CAPABILITIES.get(kind, ()),
        station=station,
        position=station,
        version=1,
        contacts=(Contact("sms", "+6281200000001"),),
    )
    return replace(made, **fields)


def call(call_id: str = "call-1", **fields: Any) -> Assessment:
    """A real fire at the centre."""
    made = Assessment(
        assessment_id=f"{call_id}-a{fields.get('revision', 1)}",
        call_id=call_id,
        tenant=TENANT,
        revision=1,
        event_at_ms=NOON_MS,
        advice="dispatch",
        outcome="real",
        type="fire_building",
        priority=Priority.P2,
        confidential=False,
        test=False,
        place=Place(CENTRE, "Jl. Veteran 1", "36.73.02.1005", "Kelurahan Cimuncang"),
        text="rumah terbakar",
        callback_number="+6281299999999",
    )
    return replace(made, **fields)


def report(unit_id: str, status: UnitStatus | None, report_id: str = "", **fields: Any) -> UnitReport:
    """A crew's word a minute after noon."""
    made = UnitReport(report_id or f"{unit_id}-{status}", TENANT, unit_id, "", status, NOON_MS + 60_000, "sms")
    return replace(made, **fields)


def seen(*units: Unit, rules: Rules = RULES) -> Situation:
    """The world with these units."""
    return Situation(tuple(units), rules, NOON_MS)


def town() -> "World":
    """Three fire engines, an ambulance and a satgas post."""
    return World(
        unit("d1"), unit("d2", away_m=2000), unit("d3", away_m=3000), unit("p1", "puskesmas"), unit("s1", "satgas")
    )


class World:
    """Applies decisions to plain dictionaries, as the store does."""

    def __init__(self, *units: Unit) -> None:
        self.units = {u.unit_id: u for u in units}
        self.incidents: dict[str, Incident] = {}
        self.orders: list[tuple[OrderKind, str]] = []
        self.timeline: list[str] = []
        self.reasons: list[str] = []
        # Whose a call is, as the store's index has it.
        self.calls: dict[str, str] = {}
        self.commands = 0

    def apply(self, decision: Decision) -> Decision:
        for u in decision.units:
            assert u.version == self.units[u.unit_id].version + 1
            self.units[u.unit_id] = u
        for snapshot in decision.snapshots:
            known = self.incidents.get(snapshot.incident_id)
            assert snapshot.version == (known.version if known else 0) + 1
            self.incidents[snapshot.incident_id] = snapshot
            self.timeline.append(snapshot.change.kind)
            self.reasons.append(snapshot.change.reason)
        for timeline in decision.timelines:
            if timeline.after.status is not IncidentStatus.MERGED:
                self.calls.update(dict.fromkeys(timeline.after.call_ids, timeline.after.incident_id))
        self.orders += [(order.kind, order.unit.unit_id) for order in decision.orders]
        return decision

    def assess(self, told: Any, linked: Incident | None = None) -> Decision:
        opened = tuple(self.incidents.values())
        return self.apply(on_assessment(told, linked, opened, seen(*self.units.values())))

    def report(self, unit_id: str, status: UnitStatus | None, **fields: Any) -> Decision:
        u = self.units[unit_id]
        incident = self.incidents.get(u.incident_id)
        return self.apply(on_unit_report(report(unit_id, status, **fields), u, incident, seen(*self.units.values())))

    def command(self, action: Action, incident_id: str = "", **fields: Any) -> Decision:
        self.commands += 1
        command = Command(f"c-{self.commands}", action, "operator op-03", **fields)
        incident = self.incidents[incident_id] if incident_id else self.incident
        others = tuple(self.incidents.values())
        return self.apply(on_command(command, incident, seen(*self.units.values()), NOON_MS, others))

    def of(self, call_id: str) -> Incident:
        """The incident that the call opened."""
        return self.incidents[ids.incident_id(TENANT, call_id)]

    @property
    def incident(self) -> Incident:
        (incident,) = self.incidents.values()
        return incident

    def status(self, unit_id: str) -> UnitStatus:
        return self.units[unit_id].status
