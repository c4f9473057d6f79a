"""One regency's centre, and all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from siaga_tenants.coverage import Post
from siaga_tenants.gazetteer import Gazetteer
from siaga_tenants.landmarks import Landmark
from siaga_tenants.model.dispatch import DispatchPolicy
from siaga_tenants.model.notify import USUAL_NOTIFY, NotifyPolicy
from siaga_tenants.model.plan import ResponsePlan
from siaga_tenants.model.roster import NO_ROSTER, Roster
from siaga_tenants.model.sanctions import SanctionPolicy
from siaga_tenants.model.sources import USUAL_CONVERSATIONS, Conversations, Source
from siaga_tenants.model.units import Contact, UnitSpec
from siaga_tenants.posture import USUAL_POSTURE, PosturePolicy
from siaga_tenants.terms import USUAL_TERMS, Terms


@dataclass(frozen=True, slots=True)
class Messages(Mapping[str, str]):
    """Texts by template name, the Indonesian labels of incident types, and texts that may go to many callers at once."""

    templates: Mapping[str, str]
    type_labels: Mapping[str, str]
    mass_texts: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.templates[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.templates)

    def __len__(self) -> int:
        return len(self.templates)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One regency's centre."""

    code: str
    name: str
    timezone: str
    sources: tuple[Source, ...]
    sanctions: SanctionPolicy
    dispatch: DispatchPolicy
    plan: ResponsePlan
    units: tuple[UnitSpec, ...]
    gazetteer: Gazetteer
    messages: Messages
    # Overlay of the classifier's rule pack, as written; the classifier checks it.
    rules: tuple[Mapping[str, Any], ...] = ()
    operators: tuple[str, ...] = ()
    conversations: Conversations = USUAL_CONVERSATIONS
    landmarks: tuple[Landmark, ...] = ()
    # Whether what operators say of calls may be kept as examples, masked, for the model to learn from.
    learning: bool = False
    posture: PosturePolicy = USUAL_POSTURE
    terms: Terms = USUAL_TERMS
    roster: Roster = NO_ROSTER
    # The unit that each tracker or phone is in, by what the device calls itself.
    devices: Mapping[str, str] = field(default_factory=dict)
    # Places from which help must be near.
    posts: tuple[Post, ...] = ()

    # How crews are told.
    notify: NotifyPolicy = USUAL_NOTIFY

    def contacts_of(self, unit: UnitSpec) -> tuple[Contact, ...]:
        """All that the unit is known by: its own contacts, and those of each of its shifts."""
        duty = self.roster.of(unit.unit_id, unit.kind)
        return unit.contacts if duty is None else tuple(dict.fromkeys((*unit.contacts, *duty.all_contacts())))


@dataclass(frozen=True, slots=True)
class Tenants(Mapping[str, Tenant]):
    """All tenants by code (`36.73`)."""

    by_code: Mapping[str, Tenant]

    def __getitem__(self, code: str) -> Tenant:
        return self.by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_code)

    def __len__(self) -> int:
        return len(self.by_code)
