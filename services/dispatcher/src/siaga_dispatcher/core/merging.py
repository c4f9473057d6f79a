"""Two incidents are one, and are two again: calls and units move between them, and both timelines say so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from siaga_dispatcher.core.accounts import UNCLEAR, accounts_of, better_place
from siaga_dispatcher.core.commanded import Command, CommandRefused
from siaga_dispatcher.core.confidential import make_confidential
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.lifecycle import INCIDENT, Trigger
from siaga_dispatcher.core.likeness import precise
from siaga_dispatcher.core.links import named, relinked, settle_suggestions
from siaga_dispatcher.core.moving import UNDER_WAY, bound, let_go, receive
from siaga_dispatcher.core.parting import account_of, without
from siaga_dispatcher.core.reports import finish
from siaga_dispatcher.core.staffing import needs_of, note_open, staff
from siaga_dispatcher.core.telling import tell, tell_crews
from siaga_dispatcher.core.values import (
    Assignment,
    Ending,
    Incident,
    IncidentStatus,
    LinkKind,
    Rules,
    Situation,
    UnitStatus,
)

_TO_ONE: Final = (LinkKind.SUGGESTED, LinkKind.DISMISSED, LinkKind.RELATED)


def merge(draft: Draft, target: Incident, command: Command, situation: Situation) -> None:
    """The draft's incident is the same as the target: its calls and units go there, with their orders and timers.

    Nobody is stood down by it: what the plan no longer needs is said, and a person decides.
    """
    source = draft.incident
    if target.incident_id == source.incident_id:
        raise CommandRefused("same_incident", "an incident cannot be merged with itself; name another")
    if Trigger.TAKE_IN not in INCIDENT[target.status]:
        raise CommandRefused(
            "target_finished", f"{named(target)} is {target.status}; reopen it first, or merge the other way round"
        )
    into = draft.beside(target, target)
    moving = tuple(a for a in source.active_assignments if bound(draft, a))
    settle_suggestions(draft)
    let_go(draft, moving, "merged", _told(target, command.reason), Trigger.MERGE, shortfalls=(),
            links=relinked(source, target, LinkKind.MERGED_INTO, draft.event_at_ms, _TO_ONE))  # fmt: skip
    if target.confidential:
        make_confidential(draft, "digabung dengan insiden rahasia")
    _take_in(into, source, draft.incident, command, situation.rules)
    receive(into, source, moving, "units_moved", _overfilled(into.incident, moving, situation.rules))
    staff(into, situation)
    tell_crews(into, target, situation.units)
    tell(into, [a.unit_id for a in moving], f"tiket {source.ticket_no} digabung ke {target.ticket_no}")


def unmerge(draft: Draft, others: Sequence[Incident], command: Command, situation: Situation) -> None:
    """The draft's incident is itself again, with its calls and the units that came from it and have not arrived yet.

    `others` are the incident it was merged into and, where that was merged further, those on the way to the one that
    holds the calls now.
    """
    source = draft.incident
    way = _way(source, others)
    holder = way[-1]
    calls = tuple(call for call in source.call_ids if call in holder.call_ids)
    if source.call_ids and not calls:
        raise CommandRefused("calls_gone", f"its calls have left {named(holder)}: they were split off")
    if calls and len(calls) == len(holder.call_ids):
        raise CommandRefused("last_calls", f"{named(holder)} would have no call left; it is this incident now")
    came = {a.order_id for a in source.assignments if a.ended_by == Ending.MOVED}
    known = draft.beside(holder, holder)
    back = tuple(
        a for a in holder.active_assignments
        if a.order_id in came and a.status in UNDER_WAY and bound(draft, a)
    )  # fmt: skip
    parted = source
    for other in way:
        links = relinked(parted, other, LinkKind.DISMISSED, draft.event_at_ms, (LinkKind.MERGED_INTO,))
        parted = replace(parted, links=links)
    draft.change(
        "unmerged", _told(holder, command.reason), Trigger.UNMERGE, links=parted.links, **_again(source, holder, calls)
    )
    for between in way[:-1]:
        passed = draft.beside(between, between)
        apart = _apart(between, calls, draft)
        # One that had no other call left keeps them as what it was told; that they are two stands on both all the same.
        left = apart if len(between.call_ids) > len(calls) else {"links": apart["links"]}
        passed.change("calls_left", _told(source, command.reason), **left)
    let_go(known, back, "calls_left", _told(source, command.reason), None, **_apart(holder, calls, draft))
    receive(draft, holder, back, "units_returned", "belum tiba di lokasi")
    if Trigger.TAKE_IN in INCIDENT[known.incident.status]:
        note_open(known, situation.rules, "unit kembali ke tiket asalnya; dicari lagi")
        _without_units(known, situation.rules)
        tell_crews(known, holder, situation.units)
    staff(draft, situation)
    tell(draft, [a.unit_id for a in back], f"kembali ke tiket {source.ticket_no}")


def _without_units(known: Draft, rules: Rules) -> None:
    """Where the last units went: it waits for others, or is over if all its own have been there and nothing is open."""
    had = known.before is not None and bool(known.before.active_assignments)
    if not had or known.incident.active_assignments or known.incident.status is IncidentStatus.QUEUED:
        return
    served = any(a.status is UnitStatus.CLEAR and a.ended_by != Ending.MOVED for a in known.incident.assignments)
    if served and not known.incident.shortfalls:
        finish(known, rules)
    else:
        known.change("queued", "tidak ada unit lagi", Trigger.QUEUE)


def _told(other: Incident, reason: str) -> str:
    return f"{named(other)}: {reason}" if reason else named(other)


def _take_in(into: Draft, source: Incident, merged: Incident, command: Command, rules: Rules) -> None:
    """Everything that the calls told, each difference a change of its own."""
    target = into.incident
    if source.confidential:
        make_confidential(into, "digabung dengan insiden rahasia")
    kinds = [kind for kind in (source.type, *source.further_types) if kind not in ("", UNCLEAR)]
    kind = kinds[0] if target.type == UNCLEAR and kinds else target.type
    further = dict.fromkeys((*target.further_types, *(other for other in kinds if other != kind)))
    calls = {account.call_id: account for account in (*accounts_of(into.incident), *accounts_of(merged))}
    into.change(
        "incident_merged_in",
        _told(source, command.reason),
        Trigger.TAKE_IN,
        call_ids=tuple(dict.fromkeys((*target.call_ids, *source.call_ids))),
        revisions=tuple({**dict(target.revisions), **dict(source.revisions)}.items()),
        accounts=tuple(calls.values()),
        last_call_at_ms=max(target.last_call_at_ms, source.last_call_at_ms),
        type=kind,
        further_types=tuple(further),
        links=relinked(target, merged, LinkKind.MERGED_FROM, into.event_at_ms, _TO_ONE),
        # What a person reopened closes itself under no ticket.
        reopened=target.reopened or source.reopened,
    )
    if source.priority < into.incident.priority:
        was = into.incident.priority.name
        into.change("priority_raised", f"{was} → {source.priority.name}", priority=source.priority)
    if not precise(target.place.position, rules.policy) and source.place.position is not None:
        place = better_place(target.place, source.place)
        if place != target.place:
            into.change("details_updated", "place", place=replace(place, address=target.place.address or place.address))


def _way(source: Incident, others: Sequence[Incident]) -> list[Incident]:
    """From the incident it was merged into to the one that holds its calls now."""
    known: Mapping[str, Incident] = {other.incident_id: other for other in others}
    way: list[Incident] = []
    at = source
    while at.status is IncidentStatus.MERGED:
        into = known.get(at.linked(LinkKind.MERGED_INTO)[-1].incident_id)
        if into is None:
            raise CommandRefused("target_gone", "the incident it was merged into is no longer at hand")
        way.append(into)
        at = into
    return way


def _again(source: Incident, holder: Incident, calls: tuple[str, ...]) -> dict[str, Any]:
    """The incident with its calls, as they are told by now."""
    told = [account_of(holder, call) for call in calls]
    hidden = source.confidential
    accounts = tuple(replace(account, text="", callback_number="") if hidden else account for account in told)
    revisions = dict(holder.revisions)
    stated = [account.priority for account in told if account.priority is not None]
    return {
        "call_ids": calls,
        "accounts": accounts if len(calls) > 1 else (),
        "revisions": tuple((call, revisions[call]) for call in calls if call in revisions),
        "place": better_place(source.place, told[0].place) if told else source.place,
        "priority": min([source.priority, *stated]),
        "last_call_at_ms": max([source.last_call_at_ms, *(account.event_at_ms for account in told)]),
    }


def _apart(incident: Incident, calls: Collection[str], draft: Draft) -> dict[str, Any]:
    links = relinked(incident, draft.incident, LinkKind.DISMISSED, draft.event_at_ms, (LinkKind.MERGED_FROM,))
    return {**without(incident, calls), "links": links}


def _overfilled(incident: Incident, moving: Sequence[Assignment], rules: Rules) -> str:
    """Needs that have more units than the plan asks for; whom to stand down is for a person to say."""
    there = [a.role for a in (*incident.active_assignments, *moving)]
    more = [
        f"{need.role} {there.count(need.role)} dari {need.count}"
        for need in needs_of(incident, rules)
        if there.count(need.role) > need.count
    ]
    return f"lebih dari rencana: {', '.join(more)}" if more else "unit dari tiket yang digabung"
