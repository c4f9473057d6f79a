"""Reading `vocabulary.yaml`: what a centre calls the statuses of its units, and what its units can do beyond the usual."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from siaga_tenants.document import Value
from siaga_tenants.vocabulary import CAPABILITY_KINDS, UNIT_KINDS, UNIT_STATUSES

CAPABILITY: Final = r"[A-Z][A-Za-z0-9]{2,39}"
# As crews type it; ours look the same.
STATUS: Final = r"[a-z][a-z0-9_]{1,31}"
# A label stands in tables and on buttons.
LABEL: Final = r".{1,40}"


@dataclass(frozen=True, slots=True)
class OwnCapability:
    """Something that units of these kinds can do here."""

    code: str
    label: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnStatus:
    """A status code of this centre; `means` is ours."""

    code: str
    means: str
    label: str


@dataclass(frozen=True, slots=True)
class Terms:
    """A centre's words; without any of its own they are the usual ones."""

    capabilities: Mapping[str, OwnCapability] = field(default_factory=dict)
    # Its own codes.
    statuses: Mapping[str, OwnStatus] = field(default_factory=dict)
    # What it calls ours.
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def capability_codes(self) -> tuple[str, ...]:
        """All that a unit may be said to be capable of."""
        return (*CAPABILITY_KINDS, *self.capabilities)

    def kinds_of(self, capability: str) -> tuple[str, ...]:
        """The kinds of unit that may have it."""
        own = self.capabilities.get(capability)
        return own.kinds if own is not None else CAPABILITY_KINDS.get(capability, ())

    def means(self, status: str) -> str | None:
        """Our code for a status code, ours or the centre's; None = nobody knows it."""
        if status in UNIT_STATUSES:
            return status
        own = self.statuses.get(status)
        return None if own is None else own.means

    def label(self, status: str) -> str:
        """What people here call a status; the code itself when nobody knows it."""
        own = self.statuses.get(status)
        if own is not None:
            return own.label
        return self.labels.get(status) or UNIT_STATUSES.get(status, status)


USUAL_TERMS: Final = Terms()


def read_terms(document: Value) -> Terms:
    """`vocabulary.yaml`; every part of it may be left out."""
    table = document.table((), ("capabilities", "statuses"))
    capabilities: dict[str, OwnCapability] = {}
    for item in table.items("capabilities"):
        capability = _capability(item)
        if capability.code in CAPABILITY_KINDS or capability.code in capabilities:
            item.child("code").wrong(f"{capability.code!r} is known already; give yours another code, or remove it")
        else:
            capabilities[capability.code] = capability
    statuses: dict[str, OwnStatus] = {}
    labels: dict[str, str] = {}
    for item in table.items("statuses"):
        status = _status(item)
        if status.code in statuses or status.code in labels:
            item.child("code").wrong(f"{status.code!r} stands twice; remove one of them")
        if status.code in UNIT_STATUSES:
            labels[status.code] = status.label
        else:
            statuses[status.code] = status
    return Terms(capabilities, statuses, labels)


def _capability(item: Value) -> OwnCapability:
    entry = item.table(("code", "label", "kinds"))
    kinds = entry.choices("kinds", UNIT_KINDS)
    if "kinds" in entry and not kinds:
        entry.values["kinds"].wrong(f"is empty; name at least one of: {', '.join(UNIT_KINDS)}")
    return OwnCapability(
        entry.text("code", CAPABILITY, "a name like FoamTender"),
        entry.text("label", LABEL, "a text of at most 40 characters"),
        kinds,
    )


def _status(item: Value) -> OwnStatus:
    entry = item.table(("code", "label"), ("means",))
    code = entry.text("code", STATUS, "a code like istirahat, in small letters")
    means = entry.choice("means", UNIT_STATUSES)
    if code in UNIT_STATUSES and means:
        entry.values["means"].wrong(f"{code!r} is one of ours, and keeps its meaning; remove 'means'")
    if code and code not in UNIT_STATUSES and "means" not in entry:
        item.wrong(f"{code!r} is none of ours; add 'means: …' with one of: {', '.join(UNIT_STATUSES)}")
    return OwnStatus(code, means, entry.text("label", LABEL, "a text of at most 40 characters"))
