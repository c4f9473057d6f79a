"""The words that every service uses for a call, as plain enumerations: a core decides without touching Protobuf.

The numbers are those of the contracts, so that a codec only casts them; a test holds the two together.
"""

from enum import IntEnum


class CallEventKind(IntEnum):
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
    SESSION_STALE = 15
    OVERDUE = 16
    MERGED = 17
    SILENT_CONFIRMED = 18


class Channel(IntEnum):
    """The way a call came in."""

    UNSPECIFIED = 0
    VOICE = 1
    APP = 2
    WHATSAPP = 3
    SMS = 4
    LAPOR = 5
    WEB = 6


class IdentityTrust(IntEnum):
    """How far the caller's number can be believed."""

    UNSPECIFIED = 0
    VERIFIED = 1
    ASSERTED = 2
    UNVERIFIED = 3
    ANONYMOUS = 4
    NO_SIM = 5


class HangupBy(IntEnum):
    """Who ended a call; SYSTEM is our fault, never the caller's."""

    UNSPECIFIED = 0
    CALLER = 1
    CENTRE = 2
    SYSTEM = 3


class QueueLeftReason(IntEnum):
    """Why a caller is no longer in the queue."""

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
    FALSE_REPORT = 7


class CallbackResult(IntEnum):
    """How calling a caller back went."""

    UNSPECIFIED = 0
    ANSWERED = 1
    NO_ANSWER = 2
    NOT_NEEDED = 3


class CallerTag(IntEnum):
    """What operators noted of a caller."""

    UNSPECIFIED = 0
    CHILD = 1
    MENTAL_HEALTH = 2


class Priority(IntEnum):
    """P1 life threat now .. P4 service; P0 ranks above P1. A smaller number is more urgent; 0 is not said."""

    UNSPECIFIED = 0
    P0 = 1
    P1 = 2
    P2 = 3
    P3 = 4
    P4 = 5


class UnitStatus(IntEnum):
    """What a unit does, and where it stands with a task."""

    UNSPECIFIED = 0
    OFF_DUTY = 1
    AVAILABLE = 2
    AVAILABLE_MOBILE = 3
    DISPATCHED = 4
    ACKNOWLEDGED = 5
    EN_ROUTE = 6
    STAGING = 7
    ON_SCENE = 8
    PATIENT_CONTACT = 9
    TRANSPORTING = 10
    AT_HOSPITAL = 11
    CLEAR = 12
    DELAYED = 13
    DECLINED = 14
    OUT_OF_SERVICE = 15
    MAYDAY = 16
