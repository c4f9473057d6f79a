"""Whatever happens in whatever order: what must hold of units and incidents."""

from typing import Any

from dispatcher_samples import NOON_MS, World, call, north, seen, unit
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from siaga_dispatcher.core.commands import Action, Command, CommandRefused
from siaga_dispatcher.core.decide import Decision, on_command, on_unit_free
from siaga_dispatcher.core.lifecycle import FINISHED, INCIDENT, IllegalTransition
from siaga_dispatcher.core.values import Place, Priority, UnitStatus

CALLS = st.sampled_from([f"call-{i}" for i in range(6)])
UNITS = ("d1", "d2", "p1", "s1")


class Watched(World):
    """Checks every step of every timeline against the table."""

    def apply(self, decision: Decision) -> Decision:
        before = {incident.incident_id: incident.status for incident in self.incidents.values()}
        for snapshot in decision.snapshots:
            was = before.get(snapshot.incident_id)
            if was is not None and was != snapshot.status:
                assert snapshot.status in INCIDENT[was].values(), f"{was} → {snapshot.status}"
            before[snapshot.incident_id] = snapshot.status
        return super().apply(decision)


class Dispatching(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = Watched(
            unit("d1"), unit("d2", away_m=2500), unit("p1", "puskesmas"), unit("s1", "satgas", away_m=9000)
        )
        self.revisions: dict[str, int] = {}
        self.links: dict[str, str] = {}
        self.commands = 0

    @rule(
        call_id=CALLS,
        kind=st.sampled_from(["fire_building", "kdrt", "flood", "non_emergency"]),
        priority=st.sampled_from(Priority),
        away_m=st.sampled_from([0, 200, 5000]),
        outcome=st.sampled_from(["real", "real", "real", "answered_prank"]),
    )
    def assess(self, call_id: str, kind: str, priority: Priority, away_m: int, outcome: str) -> None:
        self.revisions[call_id] = self.revisions.get(call_id, 0) + 1
        advice = "dispatch" if outcome == "real" else "record"
        told = call(
            call_id, type=kind, priority=priority, place=Place(north(away_m), "Jl. A"), outcome=outcome, advice=advice,
            revision=self.revisions[call_id],
        )  # fmt: skip
        linked = self.world.incidents.get(self.links.get(call_id, ""))
        decision = self.world.assess(told, linked)
        for snapshot in decision.snapshots:
            self.links.update(dict.fromkeys(snapshot.call_ids, snapshot.incident_id))

    @rule(unit_id=st.sampled_from(UNITS), status=st.sampled_from(UnitStatus))
    def report(self, unit_id: str, status: UnitStatus) -> None:
        self.world.report(unit_id, status)

    @rule(action=st.sampled_from(Action), number=st.integers(0, 5), unit_id=st.sampled_from(["", *UNITS]))
    def command(self, action: Action, number: int, unit_id: str) -> None:
        if not self.world.incidents:
            return
        incident = list(self.world.incidents.values())[number % len(self.world.incidents)]
        self.commands += 1
        command = Command(
            f"c{self.commands}", action, "operator", "alasan", "handled", Priority.P1, unit_id
        )  # fmt: skip
        try:
            decision = on_command(command, incident, seen(*self.world.units.values()), NOON_MS)
        except (IllegalTransition, CommandRefused):
            return
        self.world.apply(decision)

    @rule()
    def retry(self) -> None:
        for incident in list(self.world.incidents.values()):
            self.world.apply(on_unit_free(incident, seen(*self.world.units.values()), "free", NOON_MS))

    @invariant()
    def units_and_incidents_agree(self) -> None:
        bound: dict[str, Any] = {}
        for incident in self.world.incidents.values():
            for assignment in incident.active_assignments:
                assert assignment.unit_id not in bound, "one unit on two incidents"
                bound[assignment.unit_id] = (incident.incident_id, assignment.order_id)
        for known in self.world.units.values():
            assert bound.get(known.unit_id, ("", "")) == (known.incident_id, known.order_id)
            assert not (known.free and known.unit_id in bound)

    @invariant()
    def finished_incidents_hold_nobody(self) -> None:
        for incident in self.world.incidents.values():
            assert incident.status not in FINISHED or not incident.active_assignments

    @invariant()
    def no_open_incident_is_forgotten(self) -> None:
        for incident in self.world.incidents.values():
            helped = bool(incident.active_assignments) or bool(incident.shortfalls)
            quiet = incident.type == "non_emergency" or incident.status in (*FINISHED, "reopened")
            assert helped or quiet, incident


Dispatching.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestDispatching = Dispatching.TestCase
