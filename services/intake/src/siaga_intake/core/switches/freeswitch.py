"""What the doors of FreeSWITCH share: menus, the call centre's words, who hung up, and what its events are called."""

from collections.abc import Mapping
from typing import Final

from siaga_intake.core.centre import plain
from siaga_intake.core.events import Hangup, HangupBy, Kind, LeftReason
from siaga_intake.core.happening import Desk, Identity

# Applications that are a menu.
MENUS: Final = frozenset({"ivr", "play_and_get_digits"})
# Our own convention, set by the dialplan: what the menu came to, and that a call is a drill.
IVR_VARIABLE: Final = "siaga_ivr"
MENU_RESULTS: Final[Mapping[str, Kind]] = {"confirmed": Kind.IVR_CONFIRMED, "silent": Kind.SILENT_CONFIRMED}
TEST_VARIABLE: Final = "siaga_test"

# mod_callcenter logs all of these as abandoned; only the first one is the caller's doing.
CANCEL_REASONS: Final[Mapping[str, LeftReason]] = {
    "BREAK_OUT": LeftReason.CALLER_LEFT,
    "TIMEOUT": LeftReason.TIMEOUT,
    # Nobody was logged in for as long as the queue bears it.
    "NO_AGENT_TIMEOUT": LeftReason.EMPTY,
    "EXIT_WITH_KEY": LeftReason.KEY,
}
_OUR_FAULT: Final = frozenset({LeftReason.TIMEOUT, LeftReason.EMPTY, LeftReason.FULL, LeftReason.WITHDRAWN})


def left_reason(cancel_reason: str) -> LeftReason:
    """Why a caller left the queue; unspecified for reasons of versions to come."""
    return CANCEL_REASONS.get(cancel_reason.upper(), LeftReason.UNSPECIFIED)


def hangup_by(disposition: str) -> HangupBy:
    """Who hung up, by `sip_hangup_disposition`."""
    if disposition.startswith("recv_"):
        return HangupBy.CALLER
    if disposition == "send_refuse":
        return HangupBy.SYSTEM
    return HangupBy.CENTRE if disposition.startswith("send_") else HangupBy.UNSPECIFIED


def hangup(disposition: str, cause: str, q850: int, left: LeftReason | None) -> Hangup:
    """How a call ended; `left` is why its caller left the queue unserved, None = did not."""
    by = hangup_by(disposition)
    if left in _OUR_FAULT:
        # The caller waited until our queue gave up; who then said goodbye does not matter.
        by = HangupBy.SYSTEM
    elif by is HangupBy.UNSPECIFIED and (left is LeftReason.CALLER_LEFT or cause == "ORIGINATOR_CANCEL"):
        by = HangupBy.CALLER
    return Hangup(by, q850, reason=cause)


def identity(number: str, asserted: str, stated: str, verstat: str) -> Identity:
    """The caller by `caller_id_number`, `sip_P-Asserted-Identity`, `sip_from_user` and `sip_verstat`."""
    return Identity(number or stated, asserted, stated, verstat=verstat)


def is_operator(user: str, desk: Desk) -> bool:
    """Whether a leg that comes in is an operator's own telephone: asking a colleague, or handing a caller on."""
    return bool(user) and plain(user) in desk.operators


def short(name: str) -> str:
    """`op-03` of `op-03@default`: agents and queues carry their domain."""
    return name.partition("@")[0]


# What a switch says that is no news of a call: all of `switch_event_types_t` but those that esl reads, and what other
# modules than the call centre add. A name in neither table is `unknown_event`.
EVENTS: Final = frozenset({
    "ADD_SCHEDULE", "ALL", "API", "BACKGROUND_JOB", "CALL_DETAIL", "CALL_SECURE", "CALL_SETUP_REQ", "CALL_SETUP_RESULT",
    "CALL_UPDATE", "CHANNEL_ANSWER", "CHANNEL_APPLICATION", "CHANNEL_CALLSTATE", "CHANNEL_DATA", "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP", "CHANNEL_HOLD", "CHANNEL_ORIGINATE", "CHANNEL_OUTGOING", "CHANNEL_PARK",
    "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_STATE", "CHANNEL_UNHOLD", "CHANNEL_UNPARK", "CHANNEL_UUID",
    "CLIENT_DISCONNECTED", "CLONE", "CODEC", "COMMAND", "CONFERENCE_DATA", "CONFERENCE_DATA_QUERY", "DEL_SCHEDULE",
    "DETECTED_TONE", "DEVICE_STATE", "EXE_SCHEDULE", "FAILURE", "GENERAL", "HEARTBEAT", "INBOUND_CHAN", "LOG",
    "MEDIA_BUG_START", "MEDIA_BUG_STOP", "MESSAGE", "MESSAGE_QUERY", "MESSAGE_WAITING", "MODULE_LOAD", "MODULE_UNLOAD", "NAT",
    "NOTALK", "NOTIFY", "NOTIFY_IN", "OUTBOUND_CHAN", "PHONE_FEATURE", "PHONE_FEATURE_SUBSCRIBE", "PLAYBACK_START",
    "PLAYBACK_STOP", "PRESENCE_IN", "PRESENCE_OUT", "PRESENCE_PROBE", "PRIVATE_COMMAND", "PUBLISH", "QUEUE_LEN",
    "RECORD_START", "RECORD_STOP", "RECV_INFO", "RECV_MESSAGE", "RECV_RTCP_MESSAGE", "RELOADXML", "REQUEST_PARAMS",
    "RE_SCHEDULE", "ROSTER", "SEND_INFO", "SEND_MESSAGE", "SEND_RTCP_MESSAGE", "SERVER_DISCONNECTED", "SESSION_CRASH",
    "SESSION_DATA", "SESSION_HEARTBEAT", "SHUTDOWN", "SHUTDOWN_REQUESTED", "SOCKET_DATA", "STARTUP", "SUBCLASS_ANY", "TEXT",
    "TRAP", "UNPUBLISH",
})  # fmt: skip
# By what stands before `::` in Event-Subclass; some modules have a name without it.
MODULES: Final = frozenset({
    "amd", "asr", "avmd", "blacklist", "callcenter", "conference", "db", "directory", "distributor", "event_multicast", "fifo",
    "fsk", "google_transcribe", "gsmopen", "hash", "httapi", "http_cache", "jitsi", "lcr", "limit", "memcache", "menu",
    "mod_audio_fork", "mod_audio_stream", "mod_managed", "multicast", "myevent", "nibblebill", "portaudio", "queue", "rtp",
    "rayo", "skinny", "sms", "snom", "sofia", "spandsp", "transcribe", "tts_commandline", "unimrcp", "vad", "valet_parking",
    "verto", "vm", "voicemail", "xmpp",
})  # fmt: skip
# What the socket itself says to its client.
SOCKET_WORDS: Final = frozenset({
    "auth/request", "command/reply", "api/response", "text/disconnect-notice", "text/rude-rejection", "log/data",
})  # fmt: skip
