"""What a tenant is, as plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from siaga_tenants.coverage import Post
from siaga_tenants.crews import USUAL_CREWS, CrewPolicy
from siaga_tenants.gazetteer import Gazetteer
from siaga_tenants.landmarks import Landmark
from siaga_tenants.posture import USUAL_POSTURE, PosturePolicy
from siaga_tenants.routing import Routing
from siaga_tenants.terms import USUAL_TERMS, Terms

# Key of a plan entry that holds whatever the priority is.
ANY_PRIORITY: Final = "any"
DEFAULT_TYPE: Final = "default"


@dataclass(frozen=True, slots=True)
class Connect:
    """How intake reaches a switch or broker by itself, or is reached by it; what the protocol has no use for is empty."""

    protocol: str
    # `host:port`, or a URL for `ari` and `mqtt`.
    address: str = ""
    user: str = ""
    secret_file: str | None = None
    # What to subscribe to, with `+` for one level; empty = the protocol's usual one.
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One system that may post events for this tenant."""

    kind: str
    instance: str
    token_sha256: str | None = None
    hmac_secret_file: str | None = None
    test: bool = False
    # SHA-256 of the certificate that its TLS connections show; with a token or key beside it, both are needed.
    client_cert_sha256: str | None = None
    # What it showed before the last rotation, good until then.
    previous_token_sha256: str | None = None
    previous_hmac_secret_file: str | None = None
    previous_client_cert_sha256: str | None = None
    previous_until_ms: int = 0
    # Known, but not let in.
    disabled: bool = False
    # Events a second in the long run; None = what intake allows everybody.
    rate_per_s: float | None = None
    # The number or id that citizens write to, where several sources share one way in (WhatsApp's phone number id).
    address: str | None = None
    # SHA-256 of what a platform shows when it asks whether this is the right place (WhatsApp's verify token).
    verify_token_sha256: str | None = None
    connect: Connect | None = None
    # Where the switch's own records are, by what they are (`queue_log`, `cdr`, `cdr_dir`): what was missed is in them.
    backfill: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The source as events name it, `asterisk/pbx1`."""
        return f"{self.kind}/{self.instance}"


@dataclass(frozen=True, slots=True)
class Conversations:
    """When written messages are one conversation, and when somebody must look after one that has gone quiet."""

    gap_minutes: int = 120
    stale_seconds: int = 300


@dataclass(frozen=True, slots=True)
class SanctionPolicy:
    """When a caller's abuse has consequences; `version` goes with every decision made by it.

    `holidays`, `shared_numbers`, `memory_days` and `earlier` are those of the newest version, whatever time is asked for.
    """

    version: str
    watch_at: float = 3
    warn_at: float = 5
    temporary_above: float = 5
    temporary_hours: int = 24
    memory_days: int = 180
    protection_days: int = 30
    review_days: int = 90
    # By outcome name; complete.
    weights: Mapping[str, float] = field(default_factory=dict)
    ivr_prank_free_in_24h: int = 3
    # E.164 numbers of schools, hospitals, switchboards: never above `watch`.
    shared_numbers: tuple[str, ...] = ()
    # What a malicious report counts that moved a unit.
    false_report_weight: float = 1
    # By caller tag: factor on what a call of such a caller counts.
    tag_weights: Mapping[str, float] = field(default_factory=lambda: {"child": 0.5})
    # So many ghost calls in an hour are screened until midnight, and told for a welfare check; 0 = never.
    ghost_screen_at: int = 5
    # So many calls in 24 hours look like a switchboard; 0 = never.
    shared_suspected_at: int = 20
    appeal_working_days: int = 3
    # Days on which appeals are not decided, besides Saturdays and Sundays.
    holidays: tuple[date, ...] = ()
    # First day of this version; None = it always held.
    valid_from: date | None = None
    # The versions before it, oldest first: what happened in their time is judged by them.
    earlier: tuple["SanctionPolicy", ...] = ()


@dataclass(frozen=True, slots=True)
class OwnAreas:
    """Units by the code of the area that is their own; any other unit of their kinds is held back by so long there."""

    held_back_s: float = 0.0
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_OWN_AREAS: Final = OwnAreas()


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    """How calls join incidents and how units are searched."""

    join_minutes: int = 15
    join_distance_m: float = 300
    # Further away than that and up to here, a merge is suggested to people.
    suggest_distance_m: float = 1_000
    radius_ladder_m: tuple[float, ...] = (2_000, 5_000, 15_000, 40_000)
    # Great-circle distance times this is the length of the road.
    detour_factor: float = 1.4
    # By unit kind; has every kind the tenant has units of.
    speed_kmh: Mapping[str, float] = field(default_factory=dict)
    auto_close: bool = True
    automatic_channels: tuple[str, ...] = ()
    automatic_types: tuple[str, ...] = ()
    crews: CrewPolicy = USUAL_CREWS
    # By priority: so many seconds later a unit may come that has rested longer or whose post can spare it. A priority
    # that is not named, and P0 and P1 always: the soonest goes. A call of unknown urgency counts as P2, so P2 is not.
    tie_band_s: Mapping[str, float] = field(default_factory=lambda: {"P3": 60.0, "P4": 60.0})
    own_areas: OwnAreas = NO_OWN_AREAS
    # None = driving times by great circle.
    routing: Routing | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """Units of one role in a response: any of the kinds, with all of the capabilities."""

    role: str
    kinds: tuple[str, ...]
    capabilities: tuple[str, ...] = ()
    count: int = 1
    # Sent when free and near; its absence is no shortfall.
    optional: bool = False

    def fits(self, kind: str, capabilities: tuple[str, ...]) -> bool:
        """Whether a unit of that kind and capabilities can fill this need."""
        return kind in self.kinds and set(self.capabilities) <= set(capabilities)


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """Who goes, by type (or `family_*`, or `default`) and priority (or `any`)."""

    entries: Mapping[tuple[str, str], tuple[Need, ...]]

    def needs(self, incident_type: str, priority: str) -> tuple[Need, ...]:
        """Who goes; the most specific entry holds whole: type, then family, then default, each by priority, then any.

        P0 takes P1's entry where it has none of its own: more victims must never mean fewer units.
        Nothing = no unit is sent (prank, non_emergency).
        """
        priorities = (priority, "P1", ANY_PRIORITY) if priority == "P0" else (priority, ANY_PRIORITY)
        for pattern in (incident_type, family_of(incident_type), DEFAULT_TYPE):
            for level in priorities:
                needs = self.entries.get((pattern, level))
                if needs is not None:
                    return needs
        return ()


def family_of(incident_type: str) -> str:
    """`fire_*` for `fire_building`; the type itself when it has no family."""
    head, underscore, _ = incident_type.partition("_")
    return f"{head}_*" if underscore else incident_type


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach a crew: `sms` with an E.164 number, `mqtt` with a topic."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class UnitSpec:
    """A unit as the tenant lists it. `radius_m` says how far its true position may be from lat/lon."""

    unit_id: str
    kind: str
    name: str
    lat: float
    lon: float
    radius_m: float
    coord_source: str
    capabilities: tuple[str, ...]
    contacts: tuple[Contact, ...]
    # An invented post that the centre replaces with its own.
    example: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours of duty on days of the week (0 = Monday). Minutes after the midnight it begins on; `until` may lie in the next day."""

    name: str
    days: frozenset[int]
    from_minute: int
    until_minute: int
    # Called only while it lasts, beside the unit's own.
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """When a unit is on duty. On a date in `exceptions` those shifts begin instead, none = off."""

    shifts: tuple[Shift, ...]
    exceptions: Mapping[date, tuple[Shift, ...]] = field(default_factory=dict)

    def beginning_on(self, day: date) -> tuple[Shift, ...]:
        """The shifts that begin on this day."""
        instead = self.exceptions.get(day)
        return tuple(shift for shift in self.shifts if day.weekday() in shift.days) if instead is None else instead

    def all_contacts(self) -> Iterator[Contact]:
        """The numbers of all its shifts."""
        for shift in (*self.shifts, *(each for shifts in self.exceptions.values() for each in shifts)):
            yield from shift.contacts


@dataclass(frozen=True, slots=True)
class Roster:
    """A centre's roster. Whom it does not name is on duty round the clock."""

    by_unit: Mapping[str, Duty] = field(default_factory=dict)
    by_kind: Mapping[str, Duty] = field(default_factory=dict)

    def of(self, unit_id: str, kind: str) -> Duty | None:
        """When the unit is on duty: by its own entry, else that of its kind; None = always."""
        return self.by_unit.get(unit_id) or self.by_kind.get(kind)


NO_ROSTER: Final = Roster()


@dataclass(frozen=True, slots=True)
class Messages(Mapping[str, str]):
    """Texts by template name, and the Indonesian labels of incident types."""

    templates: Mapping[str, str]
    type_labels: Mapping[str, str]

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
    conversations: Conversations = Conversations()
    landmarks: tuple[Landmark, ...] = ()
    # Whether what operators say of calls may be kept as examples, masked, for the model to learn from.
    learning: bool = False
    posture: PosturePolicy = USUAL_POSTURE
    terms: Terms = USUAL_TERMS
    roster: Roster = NO_ROSTER

    def contacts_of(self, unit: UnitSpec) -> tuple[Contact, ...]:
        """All that the unit is known by: its own contacts, and those of each of its shifts."""
        duty = self.roster.of(unit.unit_id, unit.kind)
        return unit.contacts if duty is None else tuple(dict.fromkeys((*unit.contacts, *duty.all_contacts())))

    # The unit that each tracker or phone is in, by what the device calls itself.
    devices: Mapping[str, str] = field(default_factory=dict)
    # Places from which help must be near.
    posts: tuple[Post, ...] = ()


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
