"""Whatever happens in whatever order: what must hold of units and incidents."""

from typing import Any

from dispatcher_samples import NOON_MS, World, call, north, seen, unit
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from siaga_dispatcher.core.commands import Action, CommandRefused
from siaga_dispatcher.core.decide import Decision, on_unit_free
from siaga_dispatcher.core.lifecycle import FINISHED, INCIDENT, IllegalTransition
from siaga_dispatcher.core.values import IncidentStatus, LinkKind, Place, Priority, UnitStatus

CALLS = st.sampled_from([f"call-{i}" for i in range(6)])
UNITS = ("d1", "d2", "p1", "s1")


class Watched(World):
    """Checks every step of every timeline against the table, and that only people close what was reopened."""

    def apply(self, decision: Decision) -> Decision:
        before = dict(self.incidents)
        for snapshot in decision.snapshots:
            was = before.get(snapshot.incident_id)
            if was is not None and was.status != snapshot.status:
                assert snapshot.status in INCIDENT[was.status].values(), f"{was.status} → {snapshot.status}"
                by_itself = not snapshot.change.actor.startswith("operator")
                assert not (was.reopened and snapshot.status is IncidentStatus.CLOSED and by_itself)
            before[snapshot.incident_id] = snapshot
        return super().apply(decision)


class Dispatching(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = Watched(
            unit("d1"), unit("d2", away_m=2500), unit("p1", "puskesmas"), unit("s1", "satgas", away_m=9000)
        )
        self.revisions: dict[str, int] = {}

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
        self.world.assess(told, self.world.incidents.get(self.world.calls.get(call_id, "")))

    @rule(unit_id=st.sampled_from(UNITS), status=st.sampled_from(UnitStatus))
    def report(self, unit_id: str, status: UnitStatus) -> None:
        self.world.report(unit_id, status)

    @rule(
        # Half of them of the kind that moves calls and units between incidents.
        action=st.sampled_from(Action) | st.sampled_from([Action.MERGE, Action.MERGE, Action.UNMERGE, Action.SPLIT]),
        numbers=st.tuples(st.integers(0, 5), st.integers(0, 5)),
        unit_id=st.sampled_from(["", *UNITS]),
        kind=st.sampled_from(["fire_building", "kdrt", "flood"]),
    )
    def command(self, action: Action, numbers: tuple[int, int], unit_id: str, kind: str) -> None:
        known = list(self.world.incidents.values())
        if not known:
            return
        incident, other = (known[number % len(known)] for number in numbers)
        try:
            self.world.command(
                action, incident.incident_id, reason="alasan", disposition="handled", priority=Priority.P1,
                unit_id=unit_id, target_incident_id=other.incident_id, type=kind,
                call_ids=incident.call_ids[numbers[1] % (len(incident.call_ids) or 1) :],
            )  # fmt: skip
        except (IllegalTransition, CommandRefused):
            return

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
    def every_call_belongs_to_one_incident(self) -> None:
        live = [i for i in self.world.incidents.values() if i.status is not IncidentStatus.MERGED]
        assert sorted(call for i in live for call in i.call_ids) == sorted(self.world.calls)
        for incident in live:
            assert all(self.world.calls[call] == incident.incident_id for call in incident.call_ids)
            assert not incident.accounts or {a.call_id for a in incident.accounts} == set(incident.call_ids)

    @invariant()
    def links_are_on_both(self) -> None:
        pairs = {
            LinkKind.MERGED_INTO: LinkKind.MERGED_FROM,
            LinkKind.SPLIT_INTO: LinkKind.SPLIT_FROM,
            LinkKind.RELATED: LinkKind.RELATED,
            LinkKind.DISMISSED: LinkKind.DISMISSED,
        }
        for incident in self.world.incidents.values():
            for link in incident.links:
                if link.kind in pairs:
                    back = {(one.incident_id, one.kind) for one in self.world.incidents[link.incident_id].links}
                    assert (incident.incident_id, pairs[link.kind]) in back, (link.kind, back)

    @invariant()
    def confidential_words_are_kept_nowhere(self) -> None:
        for incident in self.world.incidents.values():
            if incident.confidential:
                assert not incident.text
                assert not any(account.text or account.callback_number for account in incident.accounts)

    @invariant()
    def finished_incidents_hold_nobody(self) -> None:
        for incident in self.world.incidents.values():
            assert incident.status not in FINISHED or not incident.active_assignments

    @invariant()
    def no_open_incident_is_forgotten(self) -> None:
        for incident in self.world.incidents.values():
            helped = bool(incident.active_assignments) or bool(incident.shortfalls)
            quiet = incident.type == "non_emergency" or incident.status in (*FINISHED, "reopened")
            # Whom a person took up again stays that person's, also where a merge was undone.
            taken_up = incident.reopened and incident.status is IncidentStatus.VERIFIED
            assert helped or quiet or taken_up, incident


Dispatching.TestCase.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
TestDispatching = Dispatching.TestCase
