"""What a person commands, checked against the lifecycle's table. The person's word always wins over the machine's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from siaga_tenants.model import Need

from siaga_dispatcher.core.assigning import send_named
from siaga_dispatcher.core.choosing.options import state_of
from siaga_dispatcher.core.commanded import DISPOSITIONS, Action, Command, CommandRefused
from siaga_dispatcher.core.confidential import CONFIDENTIAL_TYPES, make_confidential
from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.lifecycle import INCIDENT, IllegalTransition, Trigger
from siaga_dispatcher.core.links import dismiss, link, settle_suggestions, unlink
from siaga_dispatcher.core.merging import merge, unmerge
from siaga_dispatcher.core.splitting import split
from siaga_dispatcher.core.staffing import needs_of, open_needs, staff
from siaga_dispatcher.core.stand_down import all_back, no_longer_needed, stand_down_one
from siaga_dispatcher.core.telling import tell_crews
from siaga_dispatcher.core.values import Assignment, Incident, Situation

__all__ = ["DISPOSITIONS", "Action", "Command", "CommandRefused", "legal_actions", "on_command"]

_TRIGGERS: Final = {
    # A priority matters as long as units may be sent.
    Action.SET_PRIORITY: Trigger.ASSIGN,
    Action.UNDER_CONTROL: Trigger.UNDER_CONTROL,
    Action.RESOLVE: Trigger.RESOLVE,
    Action.CLOSE: Trigger.CLOSE,
    Action.CANCEL: Trigger.CANCEL,
    Action.REOPEN: Trigger.REOPEN,
    Action.ASSIGN: Trigger.ASSIGN,
    # A unit can be stood down as long as units may be sent.
    Action.STAND_DOWN: Trigger.ASSIGN,
    Action.MERGE: Trigger.MERGE,
    Action.UNMERGE: Trigger.UNMERGE,
    Action.SPLIT: Trigger.SPLIT,
    Action.LINK: Trigger.LINK,
    Action.UNLINK: Trigger.LINK,
    Action.DISMISS: Trigger.LINK,
    Action.CLASSIFY: Trigger.CLASSIFY,
    Action.HAND_OVER: Trigger.HAND_OVER,
}


def on_command(
    command: Command, incident: Incident, situation: Situation, event_at_ms: int, others: Sequence[Incident] = ()
) -> Decision:
    """Decide about one command; raises IllegalTransition or CommandRefused, and then nothing has changed.

    `others` are the incidents that the command is about besides: its target; for an undone merge, the one that holds the
    calls now and those between. `situation.units` hold all their units, and the named unit or the candidates for an
    assignment.
    """
    if _TRIGGERS[command.action] not in INCIDENT[incident.status]:
        # What the table allows besides, crews and the machine do; whoever commands is told what may be commanded.
        raise IllegalTransition("incident", incident.status, command.action, legal_actions(incident))
    draft = Draft(incident, incident, command.command_id, event_at_ms, command.actor)
    draft.know(situation.units)
    match command.action:
        case Action.SET_PRIORITY:
            _set_priority(draft, command, situation)
        case Action.ASSIGN:
            _assign(draft, command, situation)
        case Action.STAND_DOWN:
            stand_down_one(draft, _bound(draft.incident, command.unit_id), f"{command.actor}; {command.reason}")
        case Action.UNDER_CONTROL:
            draft.change("under_control", command.reason, Trigger.UNDER_CONTROL)
        case Action.CLOSE:
            draft.change("closed", command.reason, Trigger.CLOSE, disposition=command.disposition)
        case Action.REOPEN:
            draft.change("reopened", command.reason, Trigger.REOPEN, reopened=True, shortfalls=())
        case Action.RESOLVE:
            _end(draft, "resolved", command, Trigger.RESOLVE)
        case Action.CANCEL:
            _end(draft, "cancelled", command, Trigger.CANCEL)
        case Action.HAND_OVER:
            _end(draft, "handed_over", command, Trigger.HAND_OVER)
        case Action.CLASSIFY:
            _classify(draft, command, situation)
        case Action.MERGE:
            merge(draft, _target(command, others), command, situation)
        case Action.UNMERGE:
            unmerge(draft, others, command, situation)
        case Action.SPLIT:
            split(draft, command, situation)
        case Action.LINK:
            link(draft, _target(command, others), command)
        case Action.UNLINK:
            unlink(draft, _target(command, others), command)
        case Action.DISMISS:
            dismiss(draft, _target(command, others), command)
    return draft.decision()


def legal_actions(incident: Incident) -> tuple[str, ...]:
    """What can be commanded in the incident's present status."""
    triggers = INCIDENT[incident.status]
    return tuple(sorted(action for action, trigger in _TRIGGERS.items() if trigger in triggers))


def _target(command: Command, others: Sequence[Incident]) -> Incident:
    for other in others:
        if other.incident_id == command.target_incident_id:
            return other
    raise CommandRefused("unknown_target", f"the tenant has no incident {command.target_incident_id!r}; name another")


def _classify(draft: Draft, command: Command, situation: Situation) -> None:
    before = draft.incident
    if command.type == before.type:
        return
    further = tuple(kind for kind in before.further_types if kind != command.type)
    reason = f"{before.type} → {command.type}" + (f"; {command.reason}" if command.reason else "")
    draft.change("classified", reason, Trigger.CLASSIFY, type=command.type, further_types=further)
    if command.type in CONFIDENTIAL_TYPES:
        make_confidential(draft, "jenis rahasia")
    staff(draft, situation)
    tell_crews(draft, before, situation.units)


def _set_priority(draft: Draft, command: Command, situation: Situation) -> None:
    before = draft.incident
    assert command.priority is not None
    if command.priority == before.priority:
        return
    kind = "priority_raised" if command.priority < before.priority else "priority_lowered"
    reason = f"{before.priority.name} → {command.priority.name}; {command.reason}"
    draft.change(kind, reason, priority=command.priority)
    staff(draft, situation)
    if command.priority > before.priority and situation.rules.policy.crews.lowered_stands_down:
        for assignment in no_longer_needed(before, draft.incident, situation.rules):
            stand_down_one(draft, assignment, f"tidak diperlukan lagi pada {command.priority.name}")
    tell_crews(draft, before, situation.units)


def _bound(incident: Incident, unit_id: str) -> Assignment:
    for assignment in incident.active_assignments:
        if assignment.unit_id == unit_id and len(incident.active_assignments) > 1:
            return assignment
        if assignment.unit_id == unit_id:
            # An open incident without anybody, and that nobody waits for, would be forgotten.
            raise CommandRefused(
                "last_unit", f"{unit_id} is the only one on it; assign another first, cancel or resolve"
            )
    bound = ", ".join(assignment.unit_id for assignment in incident.active_assignments) or "none"
    raise CommandRefused("not_assigned", f"{unit_id} does not work on this incident; units that do: {bound}")


def _end(draft: Draft, kind: str, command: Command, trigger: Trigger) -> None:
    """The incident ends: every unit still bound is stood down and free in the same breath."""
    assignments = all_back(draft)
    disposition = command.disposition or draft.incident.disposition
    draft.change(kind, command.reason, trigger, assignments=assignments, disposition=disposition)
    settle_suggestions(draft)


def _assign(draft: Draft, command: Command, situation: Situation) -> None:
    incident = draft.incident
    if not command.unit_id:
        needs = needs_of(incident, situation.rules)
        open_now = open_needs(incident, needs)
        if command.unit_kind:
            # Besides what the plan still lacks, or that would be forgotten.
            open_now = (*open_now, Need(command.unit_kind, (command.unit_kind,)))
        open_now = open_now or tuple(replace(need, count=1) for need in needs[:1])
        if not open_now:
            raise CommandRefused("no_need", "the response plan asks for no unit here; name one in unit_id")
        before = len(incident.assignments)
        staff(draft, situation, open_now)
        if len(draft.incident.assignments) == before and draft.search is None:
            raise CommandRefused("place_unknown", "nobody knows where to send a unit; name one in unit_id")
        return
    unit = draft.unit(command.unit_id)
    if unit is None:
        raise CommandRefused("no_candidate", f"the tenant has no unit {command.unit_id}")
    if not unit.free:
        state = state_of(unit, situation.now)
        doing = (
            f"works on incident {unit.incident_id}; stand it down there first" if unit.incident_id else f"is {state}"
        )
        raise CommandRefused("unit_busy" if unit.incident_id else state, f"{unit.unit_id} {doing}, or name another")
    send_named(draft, unit, command.actor, command.reason, situation)
