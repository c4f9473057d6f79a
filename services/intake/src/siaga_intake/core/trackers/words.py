"""What a tracker, a phone or a crew's app says of a unit: before, and after its unit is known."""

from dataclasses import field as field_

from siaga_contracts.terms import UnitStatus
from siaga_contracts.values import value

from siaga_intake.core.events import Ignored, Position, Refusal

__all__ = ["Heard", "Ignored", "Said", "Taken", "UnitStatus", "UnitWord"]


@value(frozen=True, slots=True)
class Heard:
    """One payload's word. `devices` are the names that the device goes by, the surest first."""

    devices: tuple[str, ...]
    # When the fix was taken or the status given, by the device's clock.
    at_ms: int
    via: str
    position: Position | None = None
    status: UnitStatus | None = None
    # The order that a status answers; empty = the unit's only open one.
    order_id: str = ""
    text: str = ""
    # The sender's own id of the word; empty = its content names it.
    native_id: str = ""
    # A status in the centre's own words, in place of one of ours.
    status_code: str = ""


@value(frozen=True, slots=True)
class UnitWord:
    """A word of a unit. `at_ms` is never later than its arrival, whatever the device's clock says."""

    report_id: str
    tenant: str
    unit_id: str
    at_ms: int
    via: str
    position: Position | None = None
    status: UnitStatus | None = None
    order_id: str = ""
    text: str = ""
    status_code: str = ""

    @property
    def lasting(self) -> bool:
        """Whether it must not be lost. A crew's word must not; a position is worth nothing once the next is here."""
        return self.status is not None or bool(self.status_code)


@value(frozen=True, slots=True)
class Unknown:
    """A device that no unit has. `found` is its name."""

    found: str = field_(compare=False)
    reason: str = "no unit has this device: add it to devices.csv of the tenant"


Said = Heard | Ignored
Taken = UnitWord | Ignored | Refusal | Unknown
