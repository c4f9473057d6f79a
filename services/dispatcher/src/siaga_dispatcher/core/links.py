"""How incidents belong to each other: links on both, put and taken away by people, and suggestions to merge."""

from collections.abc import Collection
from dataclasses import replace

from siaga_contracts import ids

from siaga_dispatcher.core.commanded import Command, CommandRefused
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.lifecycle import Trigger
from siaga_dispatcher.core.values import Alert, AlertKind, Incident, Link, LinkKind


def link(draft: Draft, other: Incident, command: Command) -> None:
    """They belong together, and stay incidents of their own: a suggestion to merge them is answered by it, too.

    Linked already, nothing changes.
    """
    _not_itself(draft, other)
    for suggested in _between(draft.incident, other, LinkKind.SUGGESTED):
        draft.alert(_suggestion(draft.incident, suggested, cleared_at_ms=draft.event_at_ms))
    if not _between(draft.incident, other, LinkKind.RELATED):
        _both(draft, other, "linked", command.reason, LinkKind.RELATED, instead_of=(LinkKind.SUGGESTED,))


def unlink(draft: Draft, other: Incident, command: Command) -> None:
    """They do not belong together after all."""
    if not _between(draft.incident, other, LinkKind.RELATED):
        raise CommandRefused("not_linked", f"no link to {named(other)} is there to be taken away")
    _both(draft, other, "unlinked", command.reason, None, instead_of=(LinkKind.RELATED,))


def dismiss(draft: Draft, other: Incident, command: Command) -> None:
    """They are not the same: it is not suggested again."""
    (suggested, *_) = _between(draft.incident, other, LinkKind.SUGGESTED) or (None,)
    if suggested is None:
        raise CommandRefused("not_suggested", f"a merge with {named(other)} is not suggested")
    draft.alert(_suggestion(draft.incident, suggested, cleared_at_ms=draft.event_at_ms))
    _both(
        draft, other, "merge_dismissed", command.reason, LinkKind.DISMISSED, instead_of=(LinkKind.SUGGESTED,)
    )  # fmt: skip


def suggest(draft: Draft, other: Incident, reason: str, now: int) -> None:
    """People are asked whether they are the same; once for a pair."""
    _both(draft, other, AlertKind.MERGE_SUGGESTED, f"mungkin sama: {reason}", LinkKind.SUGGESTED, at_ms=now)
    draft.alert(_suggestion(draft.incident, draft.incident.linked(LinkKind.SUGGESTED)[-1]))


def settle_suggestions(draft: Draft) -> None:
    """The incident has ended: what was suggested of it needs nobody's eyes any more."""
    for suggested in draft.incident.linked(LinkKind.SUGGESTED):
        draft.alert(_suggestion(draft.incident, suggested, cleared_at_ms=draft.event_at_ms))


def relinked(
    incident: Incident, other: Incident, kind: LinkKind | None, at_ms: int, instead_of: Collection[LinkKind] = ()
) -> tuple[Link, ...]:
    """The incident's links with one of this kind to the other, in place of those kinds."""
    gone = {*instead_of, kind}
    kept = tuple(
        known for known in incident.links if known.incident_id != other.incident_id or known.kind not in gone
    )  # fmt: skip
    if kind is None:
        return kept
    return (*kept, Link(other.incident_id, kind, other.ticket_no, at_ms, "", other.version))


def named(incident: Incident) -> str:
    """What people call an incident."""
    return incident.ticket_no or incident.incident_id


def _both(
    draft: Draft,
    other: Incident,
    change: str,
    reason: str,
    kind: LinkKind | None,
    *,
    instead_of: Collection[LinkKind] = (),
    at_ms: int = 0,
) -> None:
    incident, at_ms = draft.incident, at_ms or draft.event_at_ms
    beside = draft.beside(other, other)
    for one, another in ((draft, other), (beside, incident)):
        told = f"{named(another)}: {reason}" if reason else named(another)
        links = relinked(one.incident, another, kind, at_ms, instead_of)
        one.change(change, told, Trigger.LINK, links=links)


def _not_itself(draft: Draft, other: Incident) -> None:
    if other.incident_id == draft.incident.incident_id:
        raise CommandRefused("same_incident", "an incident cannot belong to itself; name another")


def _between(incident: Incident, other: Incident, kind: LinkKind) -> tuple[Link, ...]:
    return tuple(known for known in incident.linked(kind) if known.incident_id == other.incident_id)


def _suggestion(incident: Incident, suggested: Link, cleared_at_ms: int = 0) -> Alert:
    """The alert of a pair, from either side of it."""
    raised = Alert(
        alert_id=ids.derived(AlertKind.MERGE_SUGGESTED, *sorted((incident.incident_id, suggested.incident_id))),
        tenant=incident.tenant,
        kind=AlertKind.MERGE_SUGGESTED,
        detail=f"mungkin sama dengan {suggested.ticket_no or suggested.incident_id}",
        raised_at_ms=suggested.at_ms,
        incident_id=incident.incident_id,
        priority=incident.priority,
    )
    if not cleared_at_ms:
        return raised
    # What ends it may be a crew's word, and that has its own clock.
    return replace(raised, cleared_at_ms=max(cleared_at_ms, suggested.at_ms), version=2)
