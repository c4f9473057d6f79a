"""Asterisk REST Interface events as canonical events.

In a Stasis application of the centre's, which is the menu, a caller's channel that is up has met an announcement, and waiting
callers sit in a holding bridge. A listener to all channels (`subscribeAll`) sees the dialplan as well: that Queue() runs is
all that ARI tells of app_queue.
"""

from collections.abc import Callable, Mapping
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.centre import plain
from siaga_intake.core.events import Ignored, Kind, Queue
from siaga_intake.core.fields import Payload, flag, needed, part, text, whole
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.switches import dialplan
from siaga_intake.core.times import moment, moment_or

IRRELEVANT: Final = frozenset({
    "ApplicationMoveFailed", "ApplicationRegistered", "ApplicationReplaced", "ApplicationUnregistered", "BridgeAttendedTransfer", "BridgeBlindTransfer", "BridgeCreated",
    "BridgeDestroyed", "BridgeMerged", "BridgeVideoSourceChanged", "ChannelCallerId", "ChannelConnectedLine",
    "ChannelHangupRequest", "ChannelHold", "ChannelLeftBridge", "ChannelTalkingFinished",
    "ChannelToneDetected", "ChannelTransfer", "ChannelUnhold", "ChannelUserevent", "ContactStatusChange",
    "DeviceStateChanged", "Dial", "EndpointStateChange", "MissingParams", "PeerStatusChange", "PlaybackContinuing", "PlaybackFinished",
    "PlaybackStarted", "RESTRequest", "RESTResponse", "RecordingFailed", "RecordingFinished", "RecordingStarted", "StasisEnd", "TextMessageReceived",
})  # fmt: skip
_IRRELEVANT: Final = Ignored("irrelevant_event")
_OTHER_LEG: Final = Ignored("other_leg")
# A variable may be global, and what enters a bridge may be no channel.
_CHANNEL_MAY_LACK: Final = frozenset({"ChannelVarset", "ChannelEnteredBridge"})
_LINKED: Final = "CHANNEL(linkedid)"


def read(event: Payload, desk: Desk) -> Read:
    """Read one ARI event."""
    name = needed(event, "type")
    reader = _READERS.get(name)
    if reader is None:
        return _IRRELEVANT if name in IRRELEVANT else Ignored("unknown_event", name)
    if name in _CHANNEL_MAY_LACK and event.get("channel") is None:
        return _IRRELEVANT
    return reader(_Leg(event, desk))


class _Leg:
    """One event on one channel."""

    __slots__ = ("at_ms", "born_ms", "call_ref", "channel", "channel_id", "event", "operator", "own", "variables")

    def __init__(self, event: Payload, desk: Desk) -> None:
        self.event = event
        self.channel = part(event, "channel")
        self.channel_id = needed(self.channel, "id", "call_ref", "channel.")
        self.variables = part(self.channel, "channelvars", "channel.")
        self.call_ref = text(self.variables, _LINKED, "call_ref", "channel.channelvars.") or self.channel_id
        name = dialplan.interface(text(self.channel, "name", path="channel."))
        self.operator = name if plain(name) in desk.operators else ""
        self.own = self.call_ref == self.channel_id and not self.operator
        self.born_ms = moment(self.channel, "creationtime", desk.arrived_at_ms, "channel.")
        self.at_ms = moment_or(event, "timestamp", desk.arrived_at_ms)

    def identity(self) -> Identity | None:
        caller = part(self.channel, "caller", "channel.")
        if not self.own or not caller:
            return None
        number = text(caller, "number", "number", "channel.caller.")
        return Identity(number, text(self.variables, dialplan.ASSERTED, "number", "channel.channelvars."), number)

    def reading(self, *happenings: Happening) -> Reading:
        return Reading(happenings, text(self.event, "asterisk_id"), test=flag(self.variables, dialplan.TEST))

    def with_ivr(self, happening: Happening) -> Reading:
        """The happening, and the menu as well when the channel has been answered in the application."""
        if text(self.channel, "state", path="channel.") == "Up":
            at_ms = happening.at_ms
            return self.reading(Happening(Kind.IVR_ENTERED, self.call_ref, at_ms, self.identity()), happening)
        return self.reading(happening)


def _started(leg: _Leg) -> Read:
    plan = part(leg.channel, "dialplan", "channel.")
    at_ms = leg.at_ms if leg.born_ms is None else leg.born_ms
    called = text(plan, "exten", "number", "channel.dialplan.")
    ring = Happening(Kind.RINGING, leg.call_ref, at_ms, leg.identity(), called)
    if text(plan, "context", path="channel.dialplan.").lower().startswith(dialplan.IVR_CONTEXT):
        return leg.reading(ring, Happening(Kind.IVR_ENTERED, leg.call_ref, leg.at_ms, leg.identity()))
    return leg.reading(ring)


def _created(leg: _Leg) -> Read:
    """The ring of a call that is sent to no application of ours; only the linkedid tells a caller's channel from others."""
    return _started(leg) if text(leg.variables, _LINKED, "call_ref", "channel.channelvars.") else _IRRELEVANT


def _dialplan(leg: _Leg) -> Read:
    application = text(leg.event, "dialplan_app").lower()
    if application == dialplan.QUEUE:
        queue = dialplan.queue_of(text(leg.event, "dialplan_app_data", "text"))
        return leg.reading(Happening(Kind.QUEUE_JOINED, leg.call_ref, leg.at_ms, leg.identity(), queue=queue))
    plan = part(leg.channel, "dialplan", "channel.")
    in_ivr = text(plan, "context", path="channel.dialplan.").lower().startswith(dialplan.IVR_CONTEXT)
    if not in_ivr and application not in dialplan.MENUS:
        return _IRRELEVANT
    return leg.reading(Happening(Kind.IVR_ENTERED, leg.call_ref, leg.at_ms, leg.identity()))


def _state(leg: _Leg) -> Read:
    if text(leg.channel, "state", path="channel.") != "Up":
        return _IRRELEVANT
    return leg.reading(Happening(Kind.IVR_ENTERED, leg.call_ref, leg.at_ms, leg.identity()))


def _digit(leg: _Leg) -> Read:
    digits = needed(leg.event, "digit", "digits")
    return leg.with_ivr(Happening(Kind.IVR_INPUT, leg.call_ref, leg.at_ms, leg.identity(), digits=digits))


def _variable(leg: _Leg) -> Read:
    name = text(leg.event, "variable", "text")
    meaning = dialplan.variable(name, text(leg.event, "value")) if name in dialplan.VARIABLES else None
    if meaning is None:
        return _IRRELEVANT
    return leg.reading(Happening(meaning[0], leg.call_ref, leg.at_ms, leg.identity(), queue=meaning[1]))


def _talking(leg: _Leg) -> Read:
    return leg.reading(Happening(Kind.TALK_DETECTED, leg.call_ref, leg.at_ms, leg.identity()))


def _destroyed(leg: _Leg) -> Read:
    hangup = dialplan.hangup(whole(leg.event, "cause", rules.LARGEST_Q850), text(leg.event, "cause_txt"))
    return leg.with_ivr(Happening(Kind.ENDED, leg.call_ref, leg.at_ms, leg.identity(), hangup=hangup))


def _entered_bridge(leg: _Leg) -> Read:
    """A caller in a holding bridge waits; an operator who comes to a caller's bridge answers."""
    bridge = part(leg.event, "bridge")
    if leg.own:
        if text(bridge, "bridge_type", path="bridge.") != "holding":
            return _IRRELEVANT
        queue = Queue(text(bridge, "name", path="bridge."))
        return leg.reading(Happening(Kind.QUEUE_JOINED, leg.call_ref, leg.at_ms, leg.identity(), queue=queue))
    call_ref = leg.call_ref if leg.call_ref != leg.channel_id else _other_channel(bridge, leg.channel_id)
    if not leg.operator or not call_ref:
        return _OTHER_LEG
    return leg.reading(Happening(Kind.ANSWERED, call_ref, leg.at_ms, operator=leg.operator))


def _other_channel(bridge: Payload, channel_id: str) -> str:
    channels = bridge.get("channels")
    others = (
        [each for each in channels if isinstance(each, str) and each != channel_id]
        if isinstance(channels, list)
        else []
    )
    # With more than one other it is not known which of them calls.
    return text({"channels": others[0]}, "channels", "call_ref", "bridge.") if len(others) == 1 else ""


def _of_caller(reader: Callable[[_Leg], Read]) -> Callable[[_Leg], Read]:
    def on_own_leg(leg: _Leg) -> Read:
        return reader(leg) if leg.own else _OTHER_LEG

    return on_own_leg


_READERS: Final[Mapping[str, Callable[[_Leg], Read]]] = {
    "StasisStart": _of_caller(_started),
    "ChannelCreated": _of_caller(_created),
    "ChannelDialplan": _of_caller(_dialplan),
    "ChannelStateChange": _of_caller(_state),
    "ChannelDtmfReceived": _of_caller(_digit),
    "ChannelVarset": _of_caller(_variable),
    "ChannelTalkingStarted": _of_caller(_talking),
    "ChannelEnteredBridge": _entered_bridge,
    "ChannelDestroyed": _of_caller(_destroyed),
}
