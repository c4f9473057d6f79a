"""Calls leave an incident for another: what it is then."""

from collections.abc import Collection
from typing import Any

from siaga_dispatcher.core.accounts import accounts_of
from siaga_dispatcher.core.values import Account, Incident


def without(incident: Incident, leaving: Collection[str]) -> dict[str, Any]:
    """The incident's fields once these calls have left. Priority stays: only people lower it."""
    calls = tuple(call for call in incident.call_ids if call not in leaving)
    accounts = tuple(account for account in accounts_of(incident) if account.call_id not in leaving)
    gone = {account.type for account in accounts_of(incident) if account.call_id in leaving}
    told = {account.type for account in accounts}
    fields: dict[str, Any] = {
        "call_ids": calls,
        "revisions": tuple(pair for pair in incident.revisions if pair[0] in calls),
        # Of a single call the incident itself says all.
        "accounts": accounts if len(calls) > 1 else (),
        "further_types": tuple(kind for kind in incident.further_types if kind in told or kind not in gone),
    }
    if not calls or calls[0] == incident.call_ids[0]:
        return fields
    # The one whose word counted has left: the next one's does.
    return fields | _as_told(incident, calls[0], accounts)


def account_of(incident: Incident, call_id: str) -> Account:
    """What the call told; of one that came before this was kept, what is known of its incident."""
    for account in accounts_of(incident):
        if account.call_id == call_id:
            return account
    return Account(call_id, incident.opened_at_ms, incident.type, None, incident.place)


def _as_told(incident: Incident, opener: str, accounts: tuple[Account, ...]) -> dict[str, Any]:
    account = next((account for account in accounts if account.call_id == opener), None)
    if account is None:
        return {}
    located = account.place.position is not None or account.place.address
    return {
        "place": account.place if located else incident.place,
        "text": account.text,
        "callback_number": account.callback_number,
    }
