"""What statuses of units are called: by the centre, and by EIDO (NENA-STA-021) for other agencies."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from siaga_tenants.terms import Terms

from siaga_dispatcher.core.values import Unit, UnitReport
from siaga_dispatcher.core.values import UnitStatus as U


@dataclass(frozen=True, slots=True)
class Eido:
    """A unit's status as EIDO writes it: one primary, the secondary ones beside it."""

    primary: str
    secondary: tuple[str, ...] = ()


_ASSIGNED: Final = ("Assigned", "Dispatched")

EIDO: Final[Mapping[U, Eido]] = {
    U.OFF_DUTY: Eido("NotAvailable", ("OffDuty",)),
    U.AVAILABLE: Eido("Available", ("InService", "Station")),
    U.AVAILABLE_MOBILE: Eido("Available", ("CoveringAlternateArea",)),
    U.DISPATCHED: Eido("NotAvailable", _ASSIGNED),
    U.ACKNOWLEDGED: Eido("NotAvailable", (*_ASSIGNED, "AcknowledgedTransmission")),
    U.EN_ROUTE: Eido("NotAvailable", (*_ASSIGNED, "EnRoute")),
    U.STAGING: Eido("NotAvailable", (*_ASSIGNED, "Staging")),
    U.ON_SCENE: Eido("NotAvailable", (*_ASSIGNED, "OnScene")),
    U.PATIENT_CONTACT: Eido("NotAvailable", (*_ASSIGNED, "PatientContact")),
    U.TRANSPORTING: Eido("NotAvailable", (*_ASSIGNED, "Transporting")),
    U.AT_HOSPITAL: Eido("NotAvailable", (*_ASSIGNED, "Hospital", "Arrived")),
    U.CLEAR: Eido("ConditionallyAvailable", ("Cleared",)),
    U.DELAYED: Eido("NotAvailable", (*_ASSIGNED, "Delayed")),
    U.DECLINED: Eido("NotAvailable", ("AssignmentCancelled",)),
    U.OUT_OF_SERVICE: Eido("NotAvailable", ("OutofService",)),
    U.MAYDAY: Eido("NotAvailable", (*_ASSIGNED, "UnitEmergencyState")),
}


def shown_status(unit: Unit) -> U:
    """The status that others see: a unit that is not listed any more is out of service, one off its shift off duty."""
    if unit.incident_id:
        return unit.status
    if unit.retired:
        return U.OUT_OF_SERVICE
    return U.OFF_DUTY if unit.off_shift else unit.status


def label_of(unit: Unit, terms: Terms) -> str:
    """What the centre calls the unit's status: by the code that its crew used, while that still says what the unit does."""
    status = shown_status(unit)
    own = unit.status_code if terms.means(unit.status_code) == status else status
    return terms.label(own)


def understood(report: UnitReport, terms: Terms) -> UnitReport:
    """The report with our status for a code of the centre; a code that nobody knows leaves it without one."""
    if report.status is not None or not report.status_code:
        return report
    meaning = terms.means(report.status_code)
    return report if meaning is None else replace(report, status=U(meaning))
