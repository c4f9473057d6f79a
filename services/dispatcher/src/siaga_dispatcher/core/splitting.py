"""Calls of an incident turn out to be of another one, which is opened and gets units at once."""

from dataclasses import replace

from siaga_contracts import ids

from siaga_dispatcher.core.accounts import UNCLEAR
from siaga_dispatcher.core.commanded import Command, CommandRefused
from siaga_dispatcher.core.confidential import CONFIDENTIAL_LOWEST, CONFIDENTIAL_TYPES
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.lifecycle import Trigger
from siaga_dispatcher.core.links import named, relinked
from siaga_dispatcher.core.moving import UNDER_WAY, bound, let_go, receive
from siaga_dispatcher.core.parting import account_of, without
from siaga_dispatcher.core.staffing import needs_of, staff
from siaga_dispatcher.core.telling import tell, tell_crews
from siaga_dispatcher.core.values import (
    Account,
    Assignment,
    Change,
    Incident,
    IncidentStatus,
    Link,
    LinkKind,
    Rules,
    Situation,
)


def split(draft: Draft, command: Command, situation: Situation) -> None:
    """The calls leave for an incident of their own, with its own ticket. Merging it back undoes it.

    Units stay with those that remain, but for those that were sent for the leaving ones only.
    """
    before = draft.incident
    leaving = [call for call in before.call_ids if call in command.call_ids]
    unknown = sorted(set(command.call_ids) - set(leaving))
    if unknown:
        raise CommandRefused("unknown_call", f"{named(before)} has no call {unknown[0]!r}")
    if not leaving:
        raise CommandRefused("no_calls", "say in call_ids which calls are of another incident")
    if len(leaving) == len(before.call_ids):
        raise CommandRefused("all_calls", "one call at least stays; classify the incident anew instead")
    told = sorted((account_of(before, call) for call in leaving), key=lambda account: account.event_at_ms)
    opened = draft.beside(_opened(before, command, told, draft.event_at_ms))
    why = f": {command.reason}" if command.reason else ""
    opened.change("opened", f"dipisah dari {named(before)}{why}")
    draft.change(
        "split",
        f"{len(leaving)} panggilan dipisah{why}",
        Trigger.SPLIT,
        links=relinked(before, opened.incident, LinkKind.SPLIT_INTO, draft.event_at_ms),
        **without(before, leaving),
    )
    along = _sent_for_them(draft, opened.incident, situation.rules)
    if along:
        let_go(draft, along, "units_left", "ikut panggilan yang dipisah", None)
        receive(opened, before, along, "units_came_along", "dikirim untuk panggilan yang dipisah")
    staff(opened, situation)
    tell_crews(draft, before, situation.units)
    tell(opened, [assignment.unit_id for assignment in along], f"kini untuk {opened.incident.place.address}".rstrip())


def _sent_for_them(draft: Draft, opened: Incident, rules: Rules) -> tuple[Assignment, ...]:
    """Units under way that only the leaving calls asked for: they go with them. All others stay."""
    asked = {need.role for need in needs_of(draft.incident, rules)}
    wanted = {need.role: need.count for need in needs_of(opened, rules) if need.role not in asked}
    along: list[Assignment] = []
    for assignment in draft.incident.active_assignments:
        if assignment.status in UNDER_WAY and wanted.get(assignment.role, 0) and bound(draft, assignment):
            wanted[assignment.role] -= 1
            along.append(assignment)
    return tuple(along)


def _opened(before: Incident, command: Command, told: list[Account], at_ms: int) -> Incident:
    """The incident of the leaving calls, by what each of them told."""
    first = told[0]
    kinds = list(dict.fromkeys(account.type for account in told if account.type not in ("", UNCLEAR)))
    kind = command.type or (kinds[0] if kinds else before.type)
    confidential = before.confidential or bool({kind, *kinds} & CONFIDENTIAL_TYPES)
    stated = [account.priority for account in told if account.priority is not None]
    priority = min(stated, default=before.priority)
    if confidential:
        # What makes it so may be the command's own type: the words of its calls leave it like any other's.
        told = [replace(account, text="", callback_number="") for account in told]
    revisions = dict(before.revisions)
    located = first.place.position is not None or first.place.address
    incident_id = ids.derived("split-incident", before.incident_id, command.command_id)
    return Incident(
        incident_id=incident_id,
        tenant=before.tenant,
        status=IncidentStatus.VERIFIED,
        type=kind,
        priority=min(priority, CONFIDENTIAL_LOWEST) if confidential else priority,
        confidential=confidential,
        # A call that told of no place was taken to be at this one.
        place=first.place if located else before.place,
        opened_at_ms=first.event_at_ms,
        event_at_ms=first.event_at_ms,
        change=Change("", "", "", 0, ""),
        call_ids=tuple(account.call_id for account in told),
        text="" if confidential else first.text,
        callback_number="" if confidential else first.callback_number,
        further_types=tuple(other for other in kinds if other != kind),
        links=(Link(before.incident_id, LinkKind.SPLIT_FROM, before.ticket_no, at_ms, "", before.version),),
        last_call_at_ms=told[-1].event_at_ms,
        revisions=tuple((a.call_id, revisions[a.call_id]) for a in told if a.call_id in revisions),
        accounts=tuple(told) if len(told) > 1 else (),
    )
