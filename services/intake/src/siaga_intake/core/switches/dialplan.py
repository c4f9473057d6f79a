"""What AMI and ARI share: the dialplan's variables, hang-up causes and channel names of Asterisk."""

import re
from collections.abc import Mapping
from typing import Final

from siaga_intake.core.events import Hangup, HangupBy, Kind, LeftReason, Queue

IVR_CONTEXT: Final = "ivr"
# Applications that are a menu, and the one that is a queue; in lower case.
MENUS: Final = frozenset({"background", "ivrdemo", "read", "waitexten"})
QUEUE: Final = "queue"
# Causes that a caller who hangs up does not make: our leg refused, nobody there, congestion, no circuit.
_OUR_CAUSES: Final = frozenset({17, 18, 19, 20, 21, 27, 34, 38, 41, 42, 44, 47})
# A Uniqueid is `[system-]epoch.number`: the channel's birth.
_BORN: Final = re.compile(r"(?:.*-)?(\d{9,10})\.\d+", re.ASCII)
# PJSIP/op03-0000002a is the interface PJSIP/op03.
_CHANNEL_NUMBER: Final = re.compile(r"-[0-9a-f]{8}(?:;[12])?$")

# Queue() tells by QUEUESTATUS why it sent the caller on: the only evidence of a time-out in AMI, because the abandon
# event is one for time-outs, withdrawals and callers who left.
QUEUE_STATUS: Final[Mapping[str, LeftReason]] = {
    "TIMEOUT": LeftReason.TIMEOUT,
    "FULL": LeftReason.FULL,
    "JOINEMPTY": LeftReason.EMPTY,
    "LEAVEEMPTY": LeftReason.EMPTY,
    "JOINUNAVAIL": LeftReason.EMPTY,
    "LEAVEUNAVAIL": LeftReason.EMPTY,
    "WITHDRAW": LeftReason.WITHDRAWN,
}
# Our own convention for menus and queues that Asterisk has no event for, set by the dialplan or a Stasis application.
_IVR: Final[Mapping[str, Kind]] = {
    "entered": Kind.IVR_ENTERED,
    "confirmed": Kind.IVR_CONFIRMED,
    "silent": Kind.SILENT_CONFIRMED,
}
# What the dialplan tells beside: the network's word for the caller, and that this is no real call.
ASSERTED: Final = "SIAGA_PAI"
TEST: Final = "SIAGA_TEST"
VARIABLES: Final = frozenset({"QUEUESTATUS", "SIAGA_IVR", "SIAGA_QUEUE"})


def variable(name: str, value: str) -> tuple[Kind, Queue | None] | None:
    """What setting a variable on the caller's channel means; None = nothing."""
    if name == "QUEUESTATUS" and value in QUEUE_STATUS:
        return Kind.QUEUE_LEFT, Queue("", QUEUE_STATUS[value])
    if name == "SIAGA_IVR" and value in _IVR:
        return _IVR[value], None
    if name == "SIAGA_QUEUE" and value:
        return Kind.QUEUE_JOINED, Queue(value)
    return None


def hangup(cause: int, reason: str) -> Hangup:
    """By the caller, unless the cause is one that only our side makes; 0 is seen in the field and tells nothing."""
    return Hangup(HangupBy.SYSTEM if cause in _OUR_CAUSES else HangupBy.CALLER, cause, reason=reason)


def interface(channel: str) -> str:
    """`op03` of `PJSIP/op03-0000002a`."""
    return _CHANNEL_NUMBER.sub("", channel).rpartition("/")[2]


def queue_of(application_data: str) -> Queue:
    """The queue that `Queue(112-utama,t,,,60)` names."""
    return Queue(application_data.partition(",")[0].strip())


def born_ms(unique: str) -> int | None:
    """When a channel came about, by its Uniqueid; None = it does not say."""
    found = _BORN.fullmatch(unique)
    return int(found[1]) * 1000 if found else None
