"""What a unit's position suggests about its task: for its crew to confirm, never said in its place."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from siaga_contracts import ids

from siaga_dispatcher.core import geo, positions
from siaga_dispatcher.core.values import Alert, Incident, Unit, UnitStatus

# Within this of the place a crew sees it; a place that is an estimate counts with its own radius, up to the second.
ARRIVAL_M: Final = 150.0
ARRIVAL_MOST_M: Final = 500.0
# So much further out, or a vehicle that parks round the corner would be leaving and arriving all the time.
LEAVING_FACTOR: Final = 3.0

ARRIVED: Final = "arrival_suggested"
LEFT: Final = "departure_suggested"
RETURNED: Final = "return_suggested"
KINDS: Final = (ARRIVED, LEFT, RETURNED)

_GOING: Final = (UnitStatus.DISPATCHED, UnitStatus.ACKNOWLEDGED, UnitStatus.EN_ROUTE, UnitStatus.DELAYED)
_THERE: Final = (UnitStatus.STAGING, UnitStatus.ON_SCENE, UnitStatus.PATIENT_CONTACT)
_AFTER: Final = (*_THERE, UnitStatus.TRANSPORTING, UnitStatus.AT_HOSPITAL)
# No place and no word of the call: alerts stand on screens.
_WORDS: Final = {
    ARRIVED: "tampak sudah tiba di lokasi; minta awak menyatakan tiba (2)",
    LEFT: "tampak meninggalkan lokasi; minta awak menyatakan membawa pasien atau selesai (3)",
    RETURNED: "tampak sudah kembali di pos; minta awak menyatakan selesai (3)",
}


def suggestion(unit: Unit, incident: Incident | None) -> str:
    """What the unit's latest position suggests; empty = nothing, or what its crew has said already."""
    if not unit.incident_id or incident is None or unit.position.source == positions.STATION:
        return ""
    if unit.status in _AFTER and positions.at_station(unit):
        return RETURNED
    place = incident.place.position
    if place is None:
        return ""
    away_m = geo.distance_m(unit.position, place)
    near_m = min(max(place.radius_m, ARRIVAL_M), ARRIVAL_MOST_M)
    if unit.status in _GOING and away_m <= near_m:
        return ARRIVED
    return LEFT if unit.status in _THERE and away_m > LEAVING_FACTOR * near_m else ""


def alerts_of(unit: Unit, incident: Incident | None, held: Iterable[Alert], now: int) -> tuple[Alert, ...]:
    """The alerts to raise and to end for a unit; `held` are those of KINDS that hold for it. `now` is the wall clock."""
    wanted = suggestion(unit, incident)
    holds = [alert for alert in held if (alert.kind, alert.incident_id) == (wanted, unit.incident_id)]
    ended = tuple(
        replace(alert, cleared_at_ms=now, version=alert.version + 1) for alert in held if alert not in holds
    )  # fmt: skip
    if not wanted or holds or incident is None:
        return ended
    cause = (unit.tenant, wanted, unit.order_id, str(unit.position.fixed_at_ms))
    raised = Alert(
        ids.derived("alert", *cause),
        unit.tenant,
        wanted,
        f"{unit.name} {_WORDS[wanted]}",
        now,
        incident_id=unit.incident_id,
        unit_id=unit.unit_id,
        priority=incident.priority,
    )
    return (*ended, raised)
