"""Writes docs/lifecycle.md from the tables: `python -m siaga_dispatcher.lifecycle_diagrams > docs/lifecycle.md`."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from siaga_tenants.vocabulary import UNIT_STATUSES

from siaga_dispatcher.core.lifecycle import ASSIGNMENT, INCIDENT, LATE_WORDS, STEPS_BACK, Trigger
from siaga_dispatcher.core.values import IncidentStatus as I
from siaga_dispatcher.core.values import UnitStatus as U

S = TypeVar("S", bound=StrEnum)
W = TypeVar("W", bound=StrEnum)

# What people read, and the status of an EIDO (NENA-STA-021.1a) that it becomes outside.
INCIDENT_NAMES: Final[Mapping[I, tuple[str, str]]] = {
    I.RECEIVED: ("diterima", "Active"),
    I.CLASSIFIED: ("terklasifikasi", "Active"),
    I.VERIFIED: ("terverifikasi", "Active"),
    I.QUEUED: ("menunggu unit", "Active"),
    I.DISPATCHED: ("unit ditugaskan", "ResourcesAssigned"),
    I.EN_ROUTE: ("meluncur", "ResourcesEnroute"),
    I.ON_SCENE: ("tiba di lokasi", "ResourcesOnscene"),
    I.UNDER_CONTROL: ("terkendali", "FireUnderControl"),
    I.RESOLVED: ("selesai ditangani", "Active"),
    I.CLOSED: ("ditutup", "Closed"),
    I.CANCELLED: ("dibatalkan", "Cancelled"),
    I.MERGED: ("digabung", "link and merge component"),
    I.HANDED_OVER: ("dilimpahkan", "agency role TransferredTo"),
    I.REOPENED: ("dibuka kembali", "ReOpened"),
}
UNIT_EIDO: Final[Mapping[U, str]] = {
    U.OFF_DUTY: "NotAvailable / OffDuty",
    U.AVAILABLE: "Available / InService, Station",
    U.AVAILABLE_MOBILE: "Available / CoveringAlternateArea",
    U.DISPATCHED: "NotAvailable / Assigned, Dispatched",
    U.ACKNOWLEDGED: "NotAvailable / AcknowledgedTransmission",
    U.EN_ROUTE: "NotAvailable / EnRoute",
    U.STAGING: "NotAvailable / Staging",
    U.ON_SCENE: "NotAvailable / OnScene",
    U.PATIENT_CONTACT: "NotAvailable / PatientContact",
    U.TRANSPORTING: "NotAvailable / Transporting",
    U.AT_HOSPITAL: "NotAvailable / Hospital, Arrived",
    U.CLEAR: "ConditionallyAvailable / Cleared",
    U.DELAYED: "NotAvailable / Delayed",
    U.DECLINED: "AssignmentCancelled",
    U.OUT_OF_SERVICE: "NotAvailable / OutofService",
    U.MAYDAY: "UnitEmergencyState",
}
TRIGGERS: Final[Mapping[Trigger, str]] = {
    Trigger.CLASSIFY: "the type is stated, or stated anew (`CLASSIFY`)",
    Trigger.VERIFY: "an operator or a rule confirms it",
    Trigger.QUEUE: "a need is open and nobody is bound to it",
    Trigger.ASSIGN: "a unit is bound to it",
    Trigger.UNIT_EN_ROUTE: "the first crew rolls",
    Trigger.UNIT_ON_SCENE: "the first crew has arrived",
    Trigger.UNDER_CONTROL: "a person says so",
    Trigger.ALL_CLEAR: "the last unit is clear",
    Trigger.RESOLVE: "a person ends the work; units still out are stood down",
    Trigger.CLOSE: "with a disposition; by itself only where the centre wants that, and never once it was reopened",
    Trigger.CANCEL: "a person, with a reason; units still out are stood down",
    Trigger.REOPEN: "a person, with a reason; the history stays",
    Trigger.MERGE: "it is the same as another one",
    Trigger.UNMERGE: "it is not, after all",
    Trigger.TAKE_IN: "another one is merged into it",
    Trigger.SPLIT: "calls leave it for an incident of their own",
    Trigger.LINK: "it is linked, unlinked, or a suggestion is dismissed",
    Trigger.HAND_OVER: "another centre has taken it over",
}

_JOINING: Final = """## Many calls, one incident

A call joins an open incident by the first row that fits, within `join_minutes` of its calls by event time; distances are measured to the incident's place.

| positions | besides | the call |
|---|---|---|
| both no vaguer than `join_distance_m`, and within it (one person's distress: 100 m) | | joins |
| the same | one person's distress, typed for two doors | opens its own; suggested |
| both no vaguer, beyond `suggest_distance_m` | | opens its own |
| any | typed for the same door | joins |
| both no vaguer | | opens its own; suggested |
| one vaguer, or unknown | the same kelurahan told, no two doors, seen by many, and only one such incident open | joins |
| one vaguer, or unknown | the same kelurahan, or one within the other's circle | opens its own; suggested |

The types need not be the same word: one fire is told as a fire, as a smell of gas, as a burning car
([families](../services/dispatcher/src/siaga_dispatcher/core/likeness.py)). *Suggested* is a link on both and the alert `merge_suggested`, until people
merge, link or dismiss, or one of them ends; a pair is suggested once.

| people | undone by | calls | units |
|---|---|---|---|
| `MERGE` | `UNMERGE` | go to the target | go there with order, task code and timers; crews get an update. What the plan no longer needs is said, nobody is stood down by it |
| `UNMERGE` | `MERGE` | come back | those that came from here and have not arrived come back; others stay where they work, and this one is staffed anew |
| `SPLIT` | `MERGE` | open an incident of their own, by what each of them told | stay, but for those that only the leaving calls asked for; the new one gets its own at once |
| `LINK` | `UNLINK` | stay | stay |

Both timelines tell of it, in one commit. Whoever merges with a confidential incident makes both confidential."""


def page() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Lifecycle"
    yield ""
    yield "Written by `python -m siaga_dispatcher.lifecycle_diagrams` from the tables that decide"
    yield "([lifecycle.py](../services/dispatcher/src/siaga_dispatcher/core/lifecycle.py)); whatever is not here is refused."
    yield ""
    yield "## Incidents"
    yield ""
    yield from _diagram(INCIDENT)
    yield "| status | label | EIDO | moves on | stays |"
    yield "|---|---|---|---|---|"
    for status, row in INCIDENT.items():
        label, eido = INCIDENT_NAMES[status]
        moves = "; ".join(f"{trigger} → `{after}`" for trigger, after in row.items() if after is not status)
        stays = ", ".join(trigger for trigger, after in row.items() if after is status)
        yield f"| `{status}` | {label} | {eido} | {moves} | {stays} |"
    yield ""
    yield "| what moves it | when |"
    yield "|---|---|"
    yield from (f"| {trigger} | {when} |" for trigger, when in TRIGGERS.items())
    yield ""
    yield "## A unit on an incident"
    yield ""
    yield from _diagram(ASSIGNMENT)
    yield "| status | label | EIDO | may follow | taken with a warning |"
    yield "|---|---|---|---|---|"
    for word in U:
        label, eido = UNIT_STATUSES[word], UNIT_EIDO[word]
        yield f"| `{word}` | {label} | {eido} | {_codes(ASSIGNMENT.get(word, ()))} | {_codes(STEPS_BACK.get(word, ()))} |"
    yield ""
    yield "Crews may skip steps. A step back is taken, with a warning in the timeline: the crew is where it says. Any other word is refused, with a"
    yield f"warning (once, while it repeats itself), for one wrong key must not take a crew off its incident; {_codes(LATE_WORDS)} only come late, and are passed over."
    yield "A word older than the crew's last one is no step back: it was overtaken. Words after `clear` change nothing but a unit's own availability."
    yield ""
    yield _JOINING


def _diagram(table: Mapping[S, Mapping[W, S]]) -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for status, row in table.items():
        ways: dict[str, list[str]] = {}
        for trigger, after in row.items():
            if after is not status:
                ways.setdefault(after.value, []).append(trigger.value)
        for after_code, triggers in ways.items():
            label = "" if triggers == [after_code] else f" : {', '.join(triggers)}"
            yield f"    {status.value} --> {after_code}{label}"
    yield "```"
    yield ""


def _codes(words: Iterable[U]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words))


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
