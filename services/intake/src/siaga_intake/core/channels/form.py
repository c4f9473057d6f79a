"""The operator's form. It names its call by `call_id`, or as the switch does by `source` and `call_ref`."""

from typing import Final

from siaga_intake.core.centre import SWITCHES
from siaga_intake.core.events import Disposition, Form, Kind, Priority
from siaga_intake.core.fields import Payload, Refused, choice, flag, is_uuid, located, needed, text, type_code
from siaga_intake.core.happening import Desk, Happening, Read, Reading
from siaga_intake.core.times import moment_or

_KINDS: Final = frozenset((*SWITCHES, "app", "whatsapp", "sms", "lapor", "events"))


def read(form: Payload, desk: Desk) -> Read:
    """Read one form. Only the call's name is needed: a form half filled in while the caller speaks is worth taking."""
    at_ms = moment_or(form, "at", desk.arrived_at_ms)
    where, defects = located(form, "operator", at_ms)
    filled = Form(
        operator=text(form, "operator"),
        text=text(form, "text", "text"),
        address=text(form, "address", "address"),
        position=where,
        type=type_code(form),
        priority=choice(form, "priority", Priority) or Priority.UNSPECIFIED,
        disposition=choice(form, "disposition", Disposition) or Disposition.UNSPECIFIED,
    )
    call_id = text(form, "call_id", "code").lower()
    if call_id:
        if not is_uuid(call_id):
            raise Refused("call_id", "is no call id (a UUID); a switch's name of a call goes into call_ref with source")
        happening = Happening(Kind.FORM, "", at_ms, operator=filled.operator, form=filled)
        return Reading((happening,), source_kind="form", call_id=call_id, test=flag(form, "test"), defects=defects)
    kind, slash, instance = needed(form, "source").partition("/")
    if kind not in _KINDS:
        raise Refused("source", "must be like asterisk/pbx1")
    if slash and not instance:
        raise Refused("source", "names no instance after the slash")
    call_ref = needed(form, "call_ref", "call_ref")
    happening = Happening(Kind.FORM, call_ref, at_ms, operator=filled.operator, form=filled)
    return Reading((happening,), instance, kind, test=flag(form, "test"), defects=defects)
