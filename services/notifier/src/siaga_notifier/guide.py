"""What the tenants' files say to the notifier, at the start and when they change."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from siaga_contracts.callers import e164
from siaga_kit.watching import Seen, changes, seen
from siaga_tenants import TenantError, Tenants, load_tenants
from siaga_tenants.terms import USUAL_TERMS, Terms

from siaga_notifier.adapters.push.crews import Crews, crews
from siaga_notifier.core.message import Words
from siaga_notifier.core.model import SMS, WHATSAPP, UnitStatus
from siaga_notifier.core.replies import OwnWord, OwnWords, own_words
from siaga_notifier.inbox import Directory

log = structlog.get_logger()

# A crew whose number was just put on the list may be sent, and answer, at once.
POLL_S: Final = 1.0
FILES: Final = ("units.yaml", "roster.yaml", "notify.yaml", "vocabulary.yaml", "sources.yaml")


@dataclass(frozen=True, slots=True)
class Guide:
    """What the tenants' files say to the notifier."""

    words: dict[str, Words]
    directory: Directory
    # Who may sign in devices.
    crews: Crews = field(default_factory=Crews)


def guide(tenants: Tenants) -> Guide:
    """Texts by tenant, and who its units are."""
    phones = {
        number: unit.unit_id
        for tenant in tenants.values()
        for unit in tenant.units
        for contact in tenant.contacts_of(unit)
        if contact.channel in (SMS, WHATSAPP) and (number := e164(contact.address)) is not None
    }
    units = {unit.unit_id: tenant.code for tenant in tenants.values() for unit in tenant.units}
    words = {code: Words(dict(tenant.messages), dict(tenant.messages.type_labels)) for code, tenant in tenants.items()}
    own = {code: _own_words(tenant.terms) for code, tenant in tenants.items()}
    return Guide(words, Directory(frozenset(phones), units, phones, own), crews(tenants))


def _own_words(terms: Terms) -> OwnWords:
    """What a centre's crews may type for a status: what statuses are called in general, and there; its own codes."""
    ours = {str(status): status for status in UnitStatus}
    labels = [
        (label, OwnWord(status))
        for code, status in ours.items()
        for label in (USUAL_TERMS.label(code), terms.label(code))
    ]
    labels += [
        (said, OwnWord(ours[own.means], own.code))
        for own in terms.statuses.values()
        if own.means in ours
        for said in (own.label, own.code)
    ]
    return own_words(labels)


def look(directory: Path) -> Seen:
    """How the files are that name units and numbers."""
    return seen(file for name in FILES for file in directory.glob(f"*/{name}"))


async def follow(
    directory: Path, known: Seen, know: Callable[[Guide], None], stop: asyncio.Event, poll_s: float = POLL_S
) -> None:
    """Tell of changed units and numbers until told to stop; `known` was looked at before they were read.

    What cannot be used changes nothing, and is logged.
    """
    async for _ in changes(lambda: look(directory), stop, poll_s, known):
        found = await asyncio.to_thread(_read, directory)
        if found is None:
            log.error("changed units cannot be used, those before stay; `siaga tenants check` tells why")
        else:
            know(guide(found))


def _read(directory: Path) -> Tenants | None:
    try:
        return load_tenants(directory)
    except TenantError:
        return None
