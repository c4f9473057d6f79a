"""SIP itself as canonical events: requests and responses as a probe, a recorder or a capture has them.

A message says what its sender wants; only a final response says what came of it. So an INVITE rings, a 200 to it is
somebody's or something's answer, and CANCEL, BYE and final refusals end the call.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.events import Channel, Hangup, HangupBy, Ignored, Kind
from siaga_intake.core.fields import Payload, text
from siaga_intake.core.happening import Desk, Happening, Read, Reading
from siaga_intake.core.position.pidf_lo import Located
from siaga_intake.core.switches import sip_address, sip_text
from siaga_intake.core.switches.sip_extras import extras
from siaga_intake.core.switches.sip_text import Message
from siaga_intake.core.times import moment

CANCELLED: Final = 487
_OTHER_LEG: Final = Ignored("other_leg")
_OUTGOING: Final = Ignored("outgoing_call")
_NOT_OF_CALLS: Final = frozenset({
    "ACK", "INFO", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE",
})  # fmt: skip
# Refusals that the caller's side mends and sends again, or that concern a change of a call under way.
_ASKED_AGAIN: Final = frozenset({401, 407, 412, 421, 422, 423, 428, 429, 436, 437, 438, 491, 494})
_Q850: Final = re.compile(r"Q\.850\s*;[^,]*?\bcause\s*=\s*(\d{1,3})", re.IGNORECASE)
_SIP_CAUSE: Final = re.compile(r"SIP\s*;[^,]*?\bcause\s*=\s*(\d{3})", re.IGNORECASE)
_WORDS: Final = re.compile(r'\btext\s*=\s*"?([^",;]*)', re.IGNORECASE)
_MOST_REASONS: Final = 8
_MAX_REASON: Final = 512
_TEXT: Final = "text/plain"


def read(payload: Payload, desk: Desk) -> Read:
    """Read one message."""
    if "not_sip" in payload:
        return Ignored("irrelevant_event", text(payload, "not_sip"))
    message = sip_text.of_payload(payload)
    method = message.method or message.header("cseq").rpartition(" ")[2].upper()
    reader = _READERS.get(method)
    if reader is None:
        reason = "irrelevant_event" if method in _NOT_OF_CALLS else "unknown_event"
        return Ignored(reason, method[: rules.MAX_LENGTH["name"]])
    if message.status and method != "INVITE":
        return Ignored("irrelevant_event", f"{message.status} to {method}")
    if message.status:
        return _response(message, _at(message, payload, desk))
    return reader(message, _at(message, payload, desk), desk.area)


def _at(message: Message, payload: Payload, desk: Desk) -> int:
    """When: as the capture tells, as the message's Date does, or when it arrived."""
    told = moment(payload, "at", desk.arrived_at_ms)
    if told is not None:
        return told
    try:
        dated = parsedate_to_datetime(message.header("date"))
        at_ms = int(dated.timestamp()) * 1000 if dated.tzinfo is not None else 0
    except (ValueError, OverflowError, OSError):
        return desk.arrived_at_ms
    return at_ms if rules.EARLIEST_MS <= at_ms <= desk.arrived_at_ms + rules.MAX_AHEAD_MS else desk.arrived_at_ms


def _reading(
    message: Message, *happenings: Happening, extra: Located | None = None, channel: Channel = Channel.VOICE
) -> Reading:
    # The same message seen at two points of its way, or sent again, differs in Via alone.
    sender, cseq = sip_address.tag(message.header("from")), " ".join(message.header("cseq").upper().split())
    seen = f"{message.header('call-id')}|{sender}|{cseq}|{message.status}"
    return Reading(
        happenings,
        channel=channel,
        test=any(sip_address.is_test(each.called) for each in happenings),
        native_id=hashlib.blake2b(seen.encode(errors="replace"), digest_size=16).hexdigest() if cseq else "",
        emergency_id=sip_address.emergency_id(message.values("call-info")),
        defects=extra.defects if extra else (),
    )


def _invite(message: Message, at_ms: int, area: rules.Area) -> Read:
    if sip_address.tag(message.header("to")):
        return Ignored("irrelevant_event", "INVITE within a call")
    if "siprec" in message.header("require").lower() or message.header("replaces"):
        # A recorder's copy of a call, or somebody who takes one over.
        return _OTHER_LEG
    called = sip_address.called(message.target, message.header("to"))
    caller = sip_address.called(message.header("from"))
    if sip_address.is_emergency(caller) and not sip_address.is_emergency(called):
        return _OUTGOING
    ref = sip_address.call_ref(message.header("call-id"))
    extra = _extras(message, at_ms, area)
    identity = sip_address.identity(message.header("from"), _asserted(message))
    ringing = Happening(Kind.RINGING, ref, at_ms, identity, called)
    return _reading(message, ringing, *extra.happenings(ref, at_ms), extra=extra)


def _asserted(message: Message) -> tuple[str, ...]:
    return message.values("p-asserted-identity") or message.values("remote-party-id")


def _extras(message: Message, at_ms: int, area: rules.Area) -> Located:
    return extras(message.parts(), message.values("geolocation"), message.values("call-info"), at_ms, area)


def _cancel(message: Message, at_ms: int, _: rules.Area) -> Read:
    # One that is sent on because somebody else has answered ends no call.
    if _cause(_SIP_CAUSE, message.values("reason"), 699) == 200:
        return _OTHER_LEG
    hangup = hangup_for(HangupBy.CALLER, message.values("reason"), CANCELLED)
    return _reading(
        message, Happening(Kind.ENDED, sip_address.call_ref(message.header("call-id")), at_ms, hangup=hangup)
    )


def _bye(message: Message, at_ms: int, _: rules.Area) -> Read:
    hangup = hangup_for(_who_says_bye(message), message.values("reason"))
    return _reading(
        message, Happening(Kind.ENDED, sip_address.call_ref(message.header("call-id")), at_ms, hangup=hangup)
    )


def _who_says_bye(message: Message) -> HangupBy:
    """From is whoever sends the BYE, and the centre is whoever was called for help."""
    sender, other = (sip_address.is_emergency(sip_address.called(message.header(each))) for each in ("from", "to"))
    if sender == other:
        return HangupBy.UNSPECIFIED
    return HangupBy.CENTRE if sender else HangupBy.CALLER


def hangup_for(by: HangupBy, reasons: tuple[str, ...], status: int = 0) -> Hangup:
    """An end with what its Reason headers (RFC 3326) say of it."""
    # More than any sender has; looking for a cause costs a line's length more than once.
    reasons = tuple(each[:_MAX_REASON] for each in reasons[:_MOST_REASONS])
    words = next((found[1].strip() for each in reasons if (found := _WORDS.search(each))), "")
    q850 = _cause(_Q850, reasons, rules.LARGEST_Q850)
    return Hangup(
        by, q850, status or _cause(_SIP_CAUSE, reasons, rules.LARGEST_SIP_STATUS), words[: rules.MAX_LENGTH["name"]]
    )


def _cause(pattern: re.Pattern[str], reasons: tuple[str, ...], most: int) -> int:
    found = next((int(match[1]) for each in reasons if (match := pattern.search(each))), 0)
    return found if found <= most else 0


def _message(message: Message, at_ms: int, area: rules.Area) -> Read:
    """A text for the centre: a call of its own, or a word within one."""
    called = sip_address.called(message.target, message.header("to"))
    written = next((part.text.strip() for part in message.parts() if part.kind in (_TEXT, "")), "")
    if not written or not sip_address.is_emergency(called):
        return Ignored("irrelevant_event", "MESSAGE")
    ref = sip_address.call_ref(message.header("call-id"))
    extra = _extras(message, at_ms, area)
    identity = sip_address.identity(message.header("from"), _asserted(message))
    said = Happening(
        Kind.MESSAGE,
        ref,
        at_ms,
        identity,
        called,
        text=written[: rules.MAX_LENGTH["text"]],
        additional=extra.additional,
    )
    return _reading(message, said, *extra.happenings(ref, at_ms), extra=extra, channel=Channel.SMS)


def _response(message: Message, at_ms: int) -> Read:
    status = message.status
    if status in _ASKED_AGAIN or status == 100 or 300 <= status < 400:
        return Ignored("irrelevant_event", f"{status} to INVITE")
    ref = sip_address.call_ref(message.header("call-id"))
    if status < 200:
        return _reading(message, Happening(Kind.RINGING, ref, at_ms, part="response"))
    if status < 300:
        return _reading(message, Happening(Kind.SIP_ANSWERED, ref, at_ms))
    by = HangupBy.CALLER if status == CANCELLED else HangupBy.SYSTEM
    words = message.start_line.split(" ", 2)[2:]
    hangup = hangup_for(by, message.values("reason"), status)
    if not hangup.reason and words:
        hangup = Hangup(by, hangup.q850, status, words[0][: rules.MAX_LENGTH["name"]])
    return _reading(message, Happening(Kind.ENDED, ref, at_ms, hangup=hangup))


_READERS: Final[Mapping[str, Callable[[Message, int, rules.Area], Read]]] = {
    "INVITE": _invite,
    "CANCEL": _cancel,
    "BYE": _bye,
    "MESSAGE": _message,
}
