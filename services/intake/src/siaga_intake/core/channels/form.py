"""The operator's form. It names its call by `call_id`, or as the switch does by `source` and `call_ref`."""

from typing import Final

from siaga_intake.core.centre import SWITCHES
from siaga_intake.core.events import CallbackResult, CallerTag, Disposition, Form, Kind, Position, Priority
from siaga_intake.core.fields import (
    Payload,
    Refused,
    choice,
    choices,
    flag,
    is_uuid,
    located,
    needed,
    text,
    type_code,
)  # fmt: skip
from siaga_intake.core.happening import Desk, Happening, Read, Reading
from siaga_intake.core.times import moment_or

_KINDS: Final = frozenset((*SWITCHES, "app", "whatsapp", "sms", "lapor", "events"))


def read(form: Payload, desk: Desk) -> Read:
    """Read one form. Only the call's name is needed: a form half filled in while the caller speaks is worth taking."""
    at_ms = moment_or(form, "at", desk.arrived_at_ms)
    where, defects = located(form, "operator", at_ms)
    filled = filled_in(form, where)
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


def filled_in(form: Payload, position: Position | None, path: str = "") -> Form:
    """What an operator wrote; `path` is where the form stands in its payload."""
    callback = choice(form, "callback", CallbackResult, path) or CallbackResult.UNSPECIFIED
    reason = text(form, "callback_reason", "text", path)
    if callback is CallbackResult.NOT_NEEDED and not reason:
        # Somebody called for help and nobody spoke with him: that is not struck off without a word.
        raise Refused(
            f"{path}callback_reason", "is needed when callback is not_needed: say why nobody has to call back"
        )
    return Form(
        operator=text(form, "operator", path=path),
        text=text(form, "text", "text", path),
        address=text(form, "address", "address", path),
        position=position,
        type=type_code(form, path),
        priority=choice(form, "priority", Priority, path) or Priority.UNSPECIFIED,
        disposition=choice(form, "disposition", Disposition, path) or Disposition.UNSPECIFIED,
        callback=callback,
        callback_reason=reason,
        caller_tags=choices(form, "caller_tags", CallerTag, path),
        safe_to_contact=flag(form, "safe_to_contact"),
    )
