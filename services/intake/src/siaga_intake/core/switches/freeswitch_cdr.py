"""FreeSWITCH's call record (mod_json_cdr) as canonical events: one record, posted at the end, tells the whole call.

`answer_epoch` is no answer by a person: a menu sets it. Only a bridge to an operator's leg is. A record without its call's
name is refused; whatever else in it is odd is left out, for it is the last that is heard of the call.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from siaga_intake.core import rules
from siaga_intake.core.events import Hangup, Ignored, Kind, LeftReason, Queue
from siaga_intake.core.fields import EMPTY, Payload, flag, needed, part, parts
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.lenient import Lenient
from siaga_intake.core.switches import freeswitch

_VARIABLES: Final = "variables."
_NO_DIGITS: Final = frozenset({"", "none"})


def read(record: Payload, desk: Desk) -> Read:
    """Read one call record."""
    variables = part(record, "variables")
    told = _Record(record, variables, desk)
    leg = told.uuid()
    call_ref = told.text("call_uuid", "call_ref") or leg
    outbound = told.direction() == "outbound"
    if told.text("cc_side") == "agent" or (outbound and call_ref != leg):
        return Ignored("other_leg")
    if outbound or freeswitch.is_operator(told.text("sip_from_user"), desk):
        return Ignored("outgoing_call")
    happenings = tuple(told.happenings(call_ref))
    test = flag(variables, freeswitch.TEST_VARIABLE)
    return Reading(happenings, told.switchname(), test=test, defects=told.lenient.defects)


class _Record:
    __slots__ = ("desk", "lenient", "profiles", "record", "variables")

    def __init__(self, record: Payload, variables: Payload, desk: Desk) -> None:
        self.record = record
        self.variables = variables
        self.desk = desk
        self.lenient = Lenient(desk.arrived_at_ms)
        # The latest first: a transfer makes a new one, the last is how the call came in.
        self.profiles = parts(record, "callflow")

    def happenings(self, call_ref: str) -> Iterator[Happening]:
        """In the order of the call; what the record has no time for stands at the nearest time it has."""
        caller, called = self._identity(), self._called()
        began = self._variable("start_uepoch") or self._profile("created_time") or self._variable("start_epoch")
        up = self._variable("answer_uepoch") or self._profile("answered_time") or self._variable("answer_epoch")
        joined, answered, left = self._joined(began or up), self._answered(), self._left()
        talk_ended = self._variable("cc_queue_terminated_epoch")
        ended = self._ended() or talk_ended or left or self.desk.arrived_at_ms

        if began is not None:
            yield Happening(Kind.RINGING, call_ref, began, caller, called)
        menu = self._menu(up or began or ended)
        if menu is not None:
            yield Happening(Kind.IVR_ENTERED, call_ref, menu, caller, called)
        digits = self.text("digits_dialed", "digits")
        if digits not in _NO_DIGITS:
            yield Happening(Kind.IVR_INPUT, call_ref, menu or joined or ended, caller, called, digits=digits)
        result = freeswitch.MENU_RESULTS.get(self.text(freeswitch.IVR_VARIABLE))
        if result is not None:
            yield Happening(result, call_ref, self._result_at(joined or menu or ended), caller, called)
        queue = freeswitch.short(self.text("cc_queue"))
        if joined is not None:
            yield Happening(Kind.QUEUE_JOINED, call_ref, joined, caller, called, Queue(queue))
        why = self._why_left()
        if why is not None and answered is None:
            at_ms = left or ended
            hold_ms = max(0, at_ms - joined) if joined is not None else 0
            yield Happening(Kind.QUEUE_LEFT, call_ref, at_ms, caller, called, Queue(queue, why, hold_ms))
        if answered is not None:
            operator = freeswitch.short(self.text("cc_agent"))
            hold_ms = max(0, answered - joined) if joined is not None else 0
            waited = Queue(queue, hold_ms=hold_ms) if queue else None
            yield Happening(Kind.ANSWERED, call_ref, answered, caller, called, waited, operator=operator)
            hangup = Hangup(freeswitch.hangup_by(self.text("sip_hangup_disposition")))
            at_ms = talk_ended or ended
            yield Happening(Kind.TALK_ENDED, call_ref, at_ms, caller, called, waited, hangup, operator)
        yield Happening(Kind.ENDED, call_ref, ended, caller, called, hangup=self._hangup(why))

    def text(self, name: str, rule: str = "name") -> str:
        """A variable. With encode-values, which is the module's default, it is URL-encoded."""
        told = self.lenient.text(self.variables, name, rule, _VARIABLES)
        return unquote(told) if "%" in told else told

    def uuid(self) -> str:
        """The leg's name; refused when it is nowhere."""
        if "uuid" in self.variables or not self.profiles:
            return needed(self.variables, "uuid", "call_ref", _VARIABLES)
        return self._profiled("uuid", "call_ref") or needed(self.variables, "uuid", "call_ref", _VARIABLES)

    def direction(self) -> str:
        data = self.lenient.part(self.record, "channel_data")
        return self.lenient.text(data, "direction", path="channel_data.") or self.text("direction")

    def switchname(self) -> str:
        return self.lenient.text(self.record, "switchname")

    def _variable(self, name: str) -> int | None:
        return self.lenient.moment(self.variables, name, _VARIABLES)

    def _profile(self, name: str, number: int = 0) -> int | None:
        """A time of the call's latest profile: microseconds, where the variables have seconds only."""
        if number >= len(self.profiles):
            return None
        path = f"callflow[{number}]."
        times = self.lenient.part(self.profiles[number], "times", path)
        return self.lenient.moment(times, name, f"{path}times.")

    def _profiled(self, name: str, rule: str, number: int = -1) -> str:
        """What the call's first profile says of the caller."""
        profile = self.lenient.part(self.profiles[number], "caller_profile", "callflow.") if self.profiles else EMPTY
        return unquote(self.lenient.text(profile, name, rule, "callflow.caller_profile."))

    def _identity(self) -> Identity:
        number = self.text("caller_id_number", "number") or self._profiled("caller_id_number", "number")
        asserted, stated = self.text("sip_P-Asserted-Identity", "number"), self.text("sip_from_user", "number")
        return freeswitch.identity(number, asserted, stated, self.text("sip_verstat"))

    def _called(self) -> str:
        return self.text("destination_number", "number") or self._profiled("destination_number", "number")

    def _applications(self) -> tuple[Payload, ...]:
        return parts(self.lenient.part(self.record, "app_log"), "applications")

    def _stamp(self, application: Payload) -> int | None:
        return self.lenient.moment(application, "app_stamp", "app_log.applications.")

    def _named(self, application: Payload, name: str) -> str:
        told = application.get(name)
        return unquote(told) if isinstance(told, str) else ""

    def _menu(self, otherwise_ms: int) -> int | None:
        for application in self._applications():
            if self._named(application, "app_name") in freeswitch.MENUS:
                return self._stamp(application) or otherwise_ms
        in_menu = self.text("last_app") in freeswitch.MENUS or self.text("ivr_menu_status") != ""
        return otherwise_ms if in_menu else None

    def _result_at(self, otherwise_ms: int) -> int:
        said = f"{freeswitch.IVR_VARIABLE}={self.text(freeswitch.IVR_VARIABLE)}"
        for application in self._applications():
            if self._named(application, "app_data") == said:
                return self._stamp(application) or otherwise_ms
        return otherwise_ms

    def _joined(self, otherwise_ms: int | None) -> int | None:
        if not self.text("cc_queue"):
            return None
        return self._variable("cc_queue_joined_epoch") or otherwise_ms

    def _left(self) -> int | None:
        return self._variable("cc_queue_canceled_epoch")

    def _why_left(self) -> LeftReason | None:
        reason = self.text("cc_cancel_reason")
        if not reason and self.text("cc_cause") != "cancel":
            return None
        return freeswitch.left_reason(reason)

    def _answered(self) -> int | None:
        bridged = [self._profile("bridged_time", number) for number in range(len(self.profiles))]
        told = (
            self._variable("cc_queue_answered_epoch")
            or self._variable("bridge_uepoch")
            # Handed on to a second operator, the call was answered by the first.
            or min((each for each in bridged if each), default=None)
            or self._variable("bridge_epoch")
        )
        if told is None and flag(self.variables, "cc_agent_bridged"):
            return self._variable("cc_queue_joined_epoch") or self._variable("answer_epoch") or self.desk.arrived_at_ms
        return told

    def _ended(self) -> int | None:
        return self._variable("end_uepoch") or self._profile("hangup_time") or self._variable("end_epoch")

    def _hangup(self, left: LeftReason | None) -> Hangup:
        q850 = self.lenient.whole(self.variables, "hangup_cause_q850", rules.LARGEST_Q850, _VARIABLES)
        return freeswitch.hangup(self.text("sip_hangup_disposition"), self.text("hangup_cause"), q850, left)
