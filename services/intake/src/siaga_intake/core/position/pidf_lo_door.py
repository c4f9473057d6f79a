"""A location on its own: a PIDF-LO document for a call that its sender names by `source` and `call_ref`."""

from typing import Final

from siaga_intake.core.centre import SWITCHES
from siaga_intake.core.fields import Payload, Refused, flag, needed
from siaga_intake.core.happening import Desk, Read, Reading
from siaga_intake.core.position import pidf_lo
from siaga_intake.core.times import moment_or

_KINDS: Final = frozenset((*SWITCHES, "sip", "events"))


def read(payload: Payload, desk: Desk) -> Read:
    """Read one document; refused when it gives neither a place nor an address that can be used, with the first reason."""
    kind, _, instance = needed(payload, "source").partition("/")
    if kind not in _KINDS:
        raise Refused("source", "must be like kamailio/edge1")
    call_ref = needed(payload, "call_ref", "call_ref")
    at_ms = moment_or(payload, "at", desk.arrived_at_ms)
    xml = payload.get(pidf_lo.FIELD)
    if not isinstance(xml, str):
        raise Refused(pidf_lo.FIELD, "missing" if xml is None else "must be a text")
    located = pidf_lo.locations(xml, desk.arrived_at_ms, desk.area)
    happenings = tuple(located.happenings(call_ref, at_ms))
    if not happenings:
        worst = located.defects[-1]
        raise Refused(worst.field, worst.reason, worst.found)
    return Reading(happenings, instance, kind, test=flag(payload, "test"), defects=located.defects)
