"""What the tenants' files say to the notifier, at the start and when they change."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from siaga_contracts.callers import e164
from siaga_kit.watching import Seen, changes, seen
from siaga_tenants import TenantError, Tenants, load_tenants
from siaga_tenants.model import USUAL_NOTIFY, NotifyPolicy, Roster
from siaga_tenants.terms import USUAL_TERMS, Terms

from siaga_notifier.adapters.push.crews import Crews, crews
from siaga_notifier.core.message import NO_WORDS, Words
from siaga_notifier.core.model import SMS, WHATSAPP, Contact, Order, UnitStatus
from siaga_notifier.core.on_duty import on_duty, plain
from siaga_notifier.core.replies import OwnWord, OwnWords, own_words
from siaga_notifier.inbox import Directory

log = structlog.get_logger()

# A crew whose number was just put on the list may be sent, and answer, at once.
POLL_S: Final = 1.0
FILES: Final = ("units.yaml", "roster.yaml", "notify.yaml", "vocabulary.yaml", "sources.yaml")


@dataclass(frozen=True, slots=True)
class Guide:
    """What the tenants' files say to the notifier."""

    words: Mapping[str, Words]
    directory: Directory
    # Who may sign in devices.
    crews: Crews = field(default_factory=Crews)
    # How each centre's crews are told, and by whom.
    policies: Mapping[str, NotifyPolicy] = field(default_factory=dict)
    zones: Mapping[str, ZoneInfo] = field(default_factory=dict)
    # Who is at work when, and which contacts are the unit's own, whoever is at work.
    rosters: Mapping[str, Roster] = field(default_factory=dict)
    own_contacts: Mapping[str, frozenset[Contact]] = field(default_factory=dict)

    def policy(self, tenant: str) -> NotifyPolicy:
        """How a centre's crews are told."""
        return self.policies.get(tenant, USUAL_NOTIFY)

    def words_of(self, tenant: str) -> Words:
        """A centre's texts."""
        return self.words.get(tenant, NO_WORDS)

    def on_duty(self, order: Order, named: Mapping[str, Contact], now_ms: int) -> frozenset[str]:
        """Routes of an order that an alarm may take now."""
        zone, roster = self.zones.get(order.tenant), self.rosters.get(order.tenant)
        if zone is None or roster is None:
            return frozenset(named)
        return on_duty(order, named, self.own_contacts.get(order.unit_id, frozenset()), roster, zone, now_ms)


class Following:
    """The guide that holds now; the parts ask it each time, so that changed files need no restart."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide

    @property
    def now(self) -> Guide:
        """What the files say."""
        return self._guide

    def know(self, guide: Guide) -> None:
        """What holds from now on."""
        self._guide = guide

    def policy(self, tenant: str) -> NotifyPolicy:
        """How a centre's crews are told now."""
        return self._guide.policy(tenant)

    def words_of(self, tenant: str) -> Words:
        """A centre's texts now."""
        return self._guide.words_of(tenant)


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
    zones = {code: ZoneInfo(tenant.timezone) for code, tenant in tenants.items()}
    rosters = {code: tenant.roster for code, tenant in tenants.items()}
    contacts = {
        unit.unit_id: frozenset(map(plain, unit.contacts)) for tenant in tenants.values() for unit in tenant.units
    }
    policies = {code: tenant.notify for code, tenant in tenants.items()}
    return Guide(
        words, Directory(frozenset(phones), units, phones, own), crews(tenants), policies, zones, rosters, contacts
    )


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
    directory: Path, known: Seen, tell: Callable[[Guide], None], stop: asyncio.Event, poll_s: float = POLL_S
) -> None:
    """Tell of changed units, numbers, plans and providers until told to stop; `known` was looked at before they were read.

    What cannot be used changes nothing, and is logged.
    """
    async for _ in changes(lambda: look(directory), stop, poll_s, known):
        found = await asyncio.to_thread(_read, directory)
        if found is None:
            log.error("changed units cannot be used, those before stay; `siaga tenants check` tells why")
        else:
            tell(guide(found))


def _read(directory: Path) -> Tenants | None:
    try:
        return load_tenants(directory)
    except TenantError:
        return None
