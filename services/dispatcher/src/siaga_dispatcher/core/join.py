"""Whether a call tells of an incident that is already open, and which open incidents look like the same one."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from siaga_contracts.values import value
from siaga_tenants.model import DispatchPolicy

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.accounts import UNCLEAR
from siaga_dispatcher.core.lifecycle import FINISHED
from siaga_dispatcher.core.likeness import (
    PERSONAL,
    area_told,
    contradict,
    family_of,
    precise,
    reach_m,
    same_address,
    same_event,
)
from siaga_dispatcher.core.values import Assessment, Incident, Place

MINUTE_MS: Final = 60_000


class Sameness(IntEnum):
    """How sure it is that two tell of one event; the surer the smaller.

    PLACE and ADDRESS join by themselves. AREA joins when only one incident comes into question. PERHAPS joins nothing and
    is suggested to people. To send twice is better than not to send.
    """

    PLACE = 1
    ADDRESS = 2
    AREA = 3
    PERHAPS = 4
    NO = 5


@value(frozen=True, slots=True)
class Tale:
    """What is compared with an incident: a call, or another incident."""

    type: str
    place: Place
    at_ms: int


@value(frozen=True, slots=True)
class Likeness:
    """How alike a tale and an incident are, and why, for people; `away_m` is 0 when it cannot be measured."""

    incident: Incident
    sameness: Sameness
    away_m: float
    reason: str


def find_home(assessment: Assessment, open_incidents: Iterable[Incident], policy: DispatchPolicy) -> Likeness | None:
    """The open incident that the call joins, the surest and nearest first; None = it opens its own.

    Distances are measured to the incident's place, never to its other calls: a chain of calls drags no incident along.
    """
    tale = Tale(assessment.type, assessment.place, assessment.event_at_ms)
    likes = [likeness(tale, incident, policy) for incident in open_incidents]
    sure = [like for like in likes if like.sameness in (Sameness.PLACE, Sameness.ADDRESS)]
    if sure:
        return min(sure, key=_nearest)
    around = [like for like in likes if like.sameness is Sameness.AREA]
    return around[0] if len(around) == 1 else None


def find_similar(
    incident: Incident, open_incidents: Iterable[Incident], policy: DispatchPolicy, most: int
) -> list[Likeness]:
    """Open incidents that look like the same one and are not yet told to belong to it or not, the surest first."""
    tale = Tale(incident.type, incident.place, incident.opened_at_ms)
    known = {incident.incident_id, *(link.incident_id for link in incident.links)}
    likes = [likeness(tale, other, policy) for other in open_incidents if other.incident_id not in known]
    return sorted((like for like in likes if like.sameness is not Sameness.NO), key=_nearest)[:most]


def likeness(tale: Tale, incident: Incident, policy: DispatchPolicy) -> Likeness:
    """Compare by type, time, and then the table of `_by_place`."""
    sameness, away_m, reason = Sameness.NO, 0.0, ""
    if incident.status not in FINISHED and _same_time(tale.at_ms, incident, policy.join_minutes):
        one_event = same_event(tale.type, incident.type)
        if one_event or family_of(tale.type) == family_of(incident.type):
            sameness, away_m, reason = _by_place(tale, incident, policy)
            if not one_event and sameness is not Sameness.NO:
                sameness, reason = Sameness.PERHAPS, f"{reason}, jenis serupa"
    return Likeness(incident, sameness, away_m, reason)


def _by_place(tale: Tale, incident: Incident, policy: DispatchPolicy) -> tuple[Sameness, float, str]:
    """The table, first row that fits.

    | both positions | besides | |
    |---|---|---|
    | fine, within reach | one person's distress, addresses contradict | PERHAPS |
    | fine, within reach | | PLACE |
    | fine, beyond the distance of suggestions | | NO |
    | any | same address (both fine: with its number) | ADDRESS |
    | fine | | PERHAPS |
    | not both fine | same area told, addresses do not contradict, seen by many | AREA |
    | not both fine | same area | PERHAPS |
    | not both fine | one within the other's circle | PERHAPS |
    """
    here, there = tale.place.position, incident.place.position
    fine = precise(here, policy) and precise(there, policy)
    away_m = geo.distance_m(here, there) if here is not None and there is not None else 0.0
    personal = {tale.type, incident.type} & PERSONAL
    if fine and away_m <= reach_m(tale.type, incident.type, policy):
        if personal and contradict(tale.place.address, incident.place.address):
            return Sameness.PERHAPS, away_m, "tempat sama, alamat lain"
        return Sameness.PLACE, away_m, "jenis, waktu, dan tempat sama"
    if fine and away_m > policy.suggest_distance_m:
        return Sameness.NO, away_m, ""
    if same_address(tale.place.address, incident.place.address, numbered=fine):
        return Sameness.ADDRESS, away_m, "jenis, waktu, dan alamat sama"
    if fine:
        return Sameness.PERHAPS, away_m, f"jarak {away_m:.0f} m"
    if tale.place.area_code and tale.place.area_code == incident.place.area_code:
        told = area_told(tale.place, policy) and area_told(incident.place, policy)
        one_place = told and not contradict(tale.place.address, incident.place.address)
        if one_place and not personal and not {tale.type, incident.type} & {UNCLEAR, ""}:
            return Sameness.AREA, away_m, "jenis, waktu, dan wilayah sama"
        return Sameness.PERHAPS, away_m, "wilayah sama"
    if here is not None and there is not None and away_m <= max(here.radius_m, there.radius_m):
        return Sameness.PERHAPS, away_m, "dalam lingkaran ketidakpastian posisi"
    return Sameness.NO, away_m, ""


def window_ms(event_at_ms: int, policy: DispatchPolicy) -> tuple[int, int]:
    """Event times between which an incident's latest call must lie to be looked at at all."""
    reach_ms = policy.join_minutes * MINUTE_MS
    # No upper end: a late call may belong to an incident that has had many later ones.
    return event_at_ms - reach_ms, 2**53


def _nearest(like: Likeness) -> tuple[int, float, int, str]:
    return like.sameness, like.away_m, like.incident.opened_at_ms, like.incident.incident_id


def _same_time(event_at_ms: int, incident: Incident, join_minutes: int) -> bool:
    reach_ms = join_minutes * MINUTE_MS
    latest = max(incident.opened_at_ms, incident.last_call_at_ms)
    return incident.opened_at_ms - reach_ms <= event_at_ms <= latest + reach_ms
