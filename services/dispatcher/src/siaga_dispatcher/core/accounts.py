"""What each of an incident's calls told: kept once there are several, so that one can be given an incident of its own."""

from dataclasses import replace
from typing import Final

from siaga_dispatcher.core.confidential import is_confidential, stated_priority
from siaga_dispatcher.core.values import Account, Assessment, Incident, Place

# Says nothing: it never replaces a type already known.
UNCLEAR: Final = "unclear"


def accounts_of(incident: Incident) -> tuple[Account, ...]:
    """What the calls told. Of a single one the incident itself says all, and nothing more is kept.

    An incident that began with a crew in distress has no call at all.
    """
    if incident.accounts or not incident.call_ids:
        return incident.accounts
    return (
        Account(
            incident.call_ids[0],
            incident.opened_at_ms,
            incident.type,
            incident.priority,
            incident.place,
            incident.text,
            incident.callback_number,
        ),
    )


def told(incident: Incident, assessment: Assessment) -> tuple[Account, ...]:
    """The accounts with what this call tells now; empty while it is the only one."""
    if incident.call_ids == (assessment.call_id,):
        return ()
    known = {account.call_id: account for account in accounts_of(incident)}
    known[assessment.call_id] = _newer(known.get(assessment.call_id), assessment, hidden=incident.confidential)
    return tuple(known.values())


def same_story(some: tuple[Account, ...], others: tuple[Account, ...]) -> bool:
    """Whether they differ in the operator's note at most: that grows with every key the operator types."""
    return [replace(account, text="") for account in some] == [replace(account, text="") for account in others]


def better_place(known: Place, told: Place) -> Place:
    """What is known of a place, with what is now told of it: a vaguer position never replaces a finer one."""
    address = told.address or known.address
    if told.position is None or told.position == known.position:
        return replace(known, address=address)
    # Whoever says it later.
    if known.position is not None and (told.position.radius_m or 0.0) > (known.position.radius_m or 0.0):
        return replace(known, address=address)
    area = told if told.area_code else known
    return Place(told.position, address, area.area_code, area.area_name)


def _newer(known: Account | None, assessment: Assessment, *, hidden: bool) -> Account:
    hidden = hidden or is_confidential(assessment)
    fresh = Account(
        assessment.call_id,
        assessment.event_at_ms,
        assessment.type,
        stated_priority(assessment),
        assessment.place,
        "" if hidden else assessment.text,
        "" if hidden else assessment.callback_number,
    )
    if known is None:
        return fresh
    return replace(
        fresh,
        event_at_ms=known.event_at_ms,
        type=known.type if fresh.type in ("", UNCLEAR) else fresh.type,
        priority=known.priority if fresh.priority is None else fresh.priority,
        place=better_place(known.place, fresh.place),
        text=fresh.text or known.text,
        callback_number=fresh.callback_number or known.callback_number,
    )
