"""The domain's closed vocabularies. The numbers are those of the contracts, so that a codec only casts them."""

from enum import IntEnum
from typing import Final


class Channel(IntEnum):
    """How the citizen reached the centre."""

    UNSPECIFIED = 0
    VOICE = 1
    APP = 2
    WHATSAPP = 3
    SMS = 4
    LAPOR = 5
    WEB = 6


class EventKind(IntEnum):
    """What happened on a call."""

    UNSPECIFIED = 0
    RINGING = 1
    IVR_ENTERED = 2
    IVR_INPUT = 3
    IVR_CONFIRMED = 4
    TALK_DETECTED = 5
    QUEUE_JOINED = 6
    QUEUE_LEFT = 7
    ANSWERED = 8
    TALK_ENDED = 9
    ENDED = 10
    SIP_ANSWERED = 11
    FORM = 12
    MESSAGE = 13
    POSITION = 14


class HangupBy(IntEnum):
    """Who ended the call."""

    UNSPECIFIED = 0
    CALLER = 1
    CENTRE = 2
    SYSTEM = 3


class QueueLeft(IntEnum):
    """Why a call left the queue."""

    UNSPECIFIED = 0
    ANSWERED = 1
    CALLER_LEFT = 2
    TIMEOUT = 3
    WITHDRAWN = 4
    EMPTY = 5
    FULL = 6
    KEY = 7


class Disposition(IntEnum):
    """What the operator found the call to be."""

    UNSPECIFIED = 0
    EMERGENCY = 1
    PRANK = 2
    GHOST = 3
    NON_EMERGENCY = 4
    MISDIRECTED = 5
    TEST = 6


class IdentityTrust(IntEnum):
    """How far the caller's number can be believed."""

    UNSPECIFIED = 0
    VERIFIED = 1
    ASSERTED = 2
    UNVERIFIED = 3
    ANONYMOUS = 4
    NO_SIM = 5


class Outcome(IntEnum):
    """What the call was: exhaustive and exclusive."""

    UNSPECIFIED = 0
    IN_PROGRESS = 1
    ABANDON = 2
    IVR_PRANK = 3
    ANSWERED_PRANK = 4
    GHOST = 5
    NON_EMERGENCY = 6
    MISDIRECTED = 7
    TEST = 8
    REAL = 9
    UNSERVED = 10
    UNRESOLVED = 11


class Advice(IntEnum):
    """What to do about the call; UNSPECIFIED while it is under way and nothing on it calls for a second pair of eyes."""

    UNSPECIFIED = 0
    DISPATCH = 1
    REVIEW = 2
    RECORD = 3


class Priority(IntEnum):
    """P1 life threat now .. P4 service; P0 ranks above P1. A smaller number is more urgent; 0 is not said."""

    UNSPECIFIED = 0
    P0 = 1
    P1 = 2
    P2 = 3
    P3 = 4
    P4 = 5


def most_urgent(one: Priority, other: Priority) -> Priority:
    """The more urgent of two priorities; what is not said gives way."""
    if not one or not other:
        return one or other
    return min(one, other)


# Rule K1: of these nobody outside may learn, from the first word on, verified or not.
CONFIDENTIAL_TYPES: Final = frozenset({"kdrt", "sexual_violence", "child"})
NON_EMERGENCY: Final = "non_emergency"
PRANK: Final = "prank"
UNCLEAR: Final = "unclear"
# What is told in words but is no event that help could be sent to.
NO_EVENT_TYPES: Final = frozenset({NON_EMERGENCY, PRANK, UNCLEAR})
TYPES: Final = (
    "fire_building", "fire_land", "fire_vehicle", "gas_leak",
    "medical_ambulance", "medical_birth", "medical_cardiac", "medical_unconscious", "injury",
    "accident_traffic", "accident_work", "accident_sea", "rescue", "animal", "missing_person",
    "flood", "landslide", "earthquake", "storm", "fallen_tree", "fallen_pole",
    "public_order", "crime", "riot", "mental_health", "kdrt", "sexual_violence", "child",
    "clean_water", "public_health", NON_EMERGENCY, PRANK, UNCLEAR,
)  # fmt: skip
