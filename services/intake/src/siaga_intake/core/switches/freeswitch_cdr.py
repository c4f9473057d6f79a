"""FreeSWITCH's call record (mod_json_cdr) as canonical events: one record, posted at the end, tells the whole call.

`answer_epoch` is no answer by a person: a menu sets it. Only a bridge to an operator's leg is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from siaga_intake.core.events import Hangup, HangupBy, Ignored, Kind, LeftReason, Queue
from siaga_intake.core.fields import EMPTY, Payload, flag, needed, part, parts, text, whole
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.times import moment

_VARIABLES: Final = "variables."
# Applications that are a menu.
MENUS: Final = frozenset({"ivr", "play_and_get_digits"})
_NO_DIGITS: Final = frozenset({"", "none"})
LARGEST_Q850: Final = 127
# The module logs all of these as abandoned; only the first one is the caller's doing.
CANCEL_REASONS: Final[Mapping[str, LeftReason]] = {
    "BREAK_OUT": LeftReason.CALLER_LEFT,
    "TIMEOUT": LeftReason.TIMEOUT,
    "NO_AGENT_TIMEOUT": LeftReason.TIMEOUT,
    "EXIT_WITH_KEY": LeftReason.KEY,
}
_OUR_FAULT: Final = frozenset({LeftReason.TIMEOUT, LeftReason.EMPTY, LeftReason.FULL, LeftReason.WITHDRAWN})


def read(record: Payload, desk: Desk) -> Read:
    """Read one call record."""
    variables = part(record, "variables")
    leg = needed(variables, "uuid", "call_ref", _VARIABLES)
    call_ref = text(variables, "call_uuid", "call_ref", _VARIABLES) or leg
    outbound = text(part(record, "channel_data"), "direction", path="channel_data.") == "outbound"
    if text(variables, "cc_side", path=_VARIABLES) == "agent" or (outbound and call_ref != leg):
        return Ignored("other_leg")
    if outbound:
        return Ignored("outgoing_call")
    happenings = tuple(_Record(record, variables, desk).happenings(call_ref))
    return Reading(happenings, text(record, "switchname"), test=flag(variables, "siaga_test"))


@dataclass(frozen=True, slots=True)
class _Record:
    record: Payload
    variables: Payload
    desk: Desk

    def happenings(self, call_ref: str) -> Iterator[Happening]:
        """In the order of the call; what the record has no time for stands at the nearest time it has."""
        caller, called = self._identity(), self._text("destination_number", "number")
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
        digits = self._text("digits_dialed", "digits")
        if digits not in _NO_DIGITS:
            yield Happening(Kind.IVR_INPUT, call_ref, menu or joined or ended, caller, called, digits=digits)
        if self._text("siaga_ivr") == "confirmed":
            yield Happening(Kind.IVR_CONFIRMED, call_ref, joined or menu or ended, caller, called)
        queue = self._text("cc_queue").partition("@")[0]
        if joined is not None:
            yield Happening(Kind.QUEUE_JOINED, call_ref, joined, caller, called, Queue(queue))
        why = self._why_left()
        if why is not None and answered is None:
            at_ms = left or ended
            hold_ms = max(0, at_ms - joined) if joined is not None else 0
            yield Happening(Kind.QUEUE_LEFT, call_ref, at_ms, caller, called, Queue(queue, why, hold_ms))
        if answered is not None:
            operator = self._text("cc_agent").partition("@")[0]
            hold_ms = max(0, answered - joined) if joined is not None else 0
            waited = Queue(queue, hold_ms=hold_ms) if queue else None
            yield Happening(Kind.ANSWERED, call_ref, answered, caller, called, waited, operator=operator)
            hangup = Hangup(hangup_by(self._text("sip_hangup_disposition")))
            at_ms = talk_ended or ended
            yield Happening(Kind.TALK_ENDED, call_ref, at_ms, caller, called, waited, hangup, operator)
        yield Happening(Kind.ENDED, call_ref, ended, caller, called, hangup=self._hangup(why))

    def _text(self, name: str, rule: str = "name") -> str:
        return text(self.variables, name, rule, _VARIABLES)

    def _variable(self, name: str) -> int | None:
        return moment(self.variables, name, self.desk.arrived_at_ms, _VARIABLES)

    def _profile(self, name: str) -> int | None:
        """A time of the call's first profile: microseconds, where the variables have seconds only."""
        flow = parts(self.record, "callflow")
        times = part(flow[0], "times", "callflow[0].") if flow else EMPTY
        return moment(times, name, self.desk.arrived_at_ms, "callflow[0].times.")

    def _identity(self) -> Identity:
        # With encode-values the variables are URL-encoded; no number has a percent sign of its own.
        number, stated = (
            unquote(self._text("caller_id_number", "number")),
            unquote(self._text("sip_from_user", "number")),
        )
        asserted = unquote(self._text("sip_P-Asserted-Identity", "number"))
        verified = self._text("sip_verstat").startswith("TN-Validation-Passed")
        return Identity(number or stated, asserted, stated, verified)

    def _menu(self, otherwise_ms: int) -> int | None:
        applications = parts(part(self.record, "app_log"), "applications")
        for application in applications:
            if text(application, "app_name", path="app_log.applications.") in MENUS:
                stamp = moment(application, "app_stamp", self.desk.arrived_at_ms, "app_log.applications.")
                return stamp or otherwise_ms
        in_menu = self._text("last_app") in MENUS or self._text("ivr_menu_status") != ""
        return otherwise_ms if in_menu else None

    def _joined(self, otherwise_ms: int | None) -> int | None:
        if not self._text("cc_queue"):
            return None
        return self._variable("cc_queue_joined_epoch") or otherwise_ms

    def _left(self) -> int | None:
        return self._variable("cc_queue_canceled_epoch")

    def _why_left(self) -> LeftReason | None:
        reason = self._text("cc_cancel_reason")
        if not reason and self._text("cc_cause") != "cancel":
            return None
        return CANCEL_REASONS.get(reason.upper(), LeftReason.UNSPECIFIED)

    def _answered(self) -> int | None:
        told = (
            self._variable("cc_queue_answered_epoch")
            or self._variable("bridge_uepoch")
            or self._profile("bridged_time")
            or self._variable("bridge_epoch")
        )
        if told is None and flag(self.variables, "cc_agent_bridged"):
            return self._variable("cc_queue_joined_epoch") or self._variable("answer_epoch") or self.desk.arrived_at_ms
        return told

    def _ended(self) -> int | None:
        return self._variable("end_uepoch") or self._profile("hangup_time") or self._variable("end_epoch")

    def _hangup(self, left: LeftReason | None) -> Hangup:
        by, cause = hangup_by(self._text("sip_hangup_disposition")), self._text("hangup_cause")
        if left in _OUR_FAULT:
            # The caller waited until our queue gave up; who then said goodbye does not matter.
            by = HangupBy.SYSTEM
        elif by is HangupBy.UNSPECIFIED and (left is LeftReason.CALLER_LEFT or cause == "ORIGINATOR_CANCEL"):
            by = HangupBy.CALLER
        q850 = whole(self.variables, "hangup_cause_q850", LARGEST_Q850, _VARIABLES)
        return Hangup(by, q850, reason=cause)


def hangup_by(disposition: str) -> HangupBy:
    """Who hung up, by `sip_hangup_disposition`."""
    if disposition.startswith("recv_"):
        return HangupBy.CALLER
    if disposition == "send_refuse":
        return HangupBy.SYSTEM
    return HangupBy.CENTRE if disposition.startswith("send_") else HangupBy.UNSPECIFIED
