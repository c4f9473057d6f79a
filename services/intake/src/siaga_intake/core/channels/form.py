"""The operator's form. It names its call by `call_id`, or as the switch does by `source` and `call_ref`."""

import re
from typing import Final

from siaga_intake.core.centre import SWITCHES
from siaga_intake.core.events import Disposition, Form, Kind, Priority
from siaga_intake.core.fields import Payload, Refused, choice, flag, located, needed, text
from siaga_intake.core.happening import Desk, Happening, Read, Reading
from siaga_intake.core.times import moment

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CODE: Final = re.compile(r"[a-z][a-z0-9_]*")
_KINDS: Final = frozenset((*SWITCHES, "app", "whatsapp", "sms", "lapor", "events"))


def read(form: Payload, desk: Desk) -> Read:
    """Read one form. Only the call's name is needed: a form half filled in while the caller speaks is worth taking."""
    told = moment(form, "at", desk.arrived_at_ms)
    at_ms = desk.arrived_at_ms if told is None else told
    where, defects = located(form, "operator", at_ms)
    filled = Form(
        operator=text(form, "operator"),
        text=text(form, "text", "text"),
        address=text(form, "address", "address"),
        position=where,
        type=_type(form),
        priority=choice(form, "priority", Priority) or Priority.UNSPECIFIED,
        disposition=choice(form, "disposition", Disposition) or Disposition.UNSPECIFIED,
    )
    call_id = text(form, "call_id", "code").lower()
    if call_id:
        if not _UUID.fullmatch(call_id):
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


def _type(form: Payload) -> str:
    code = text(form, "type", "code").lower()
    # Only its shape: a centre may have types of its own, and the rules know what to do with one they do not know.
    if code and not _CODE.fullmatch(code):
        raise Refused("type", "must be a type code like fire_building")
    return code
