"""The domain's closed vocabularies. The numbers are those of the contracts, so that a codec only casts them."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from siaga_contracts.terms import CallbackResult, CallerTag, Channel, Disposition, HangupBy, IdentityTrust, Priority
from siaga_contracts.terms import CallEventKind as EventKind
from siaga_contracts.terms import QueueLeftReason as QueueLeft

__all__ = [
    "CallbackResult", "CallerTag", "Channel", "Disposition", "EventKind", "HangupBy", "IdentityTrust", "Priority",
    "QueueLeft",
]  # fmt: skip


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


def most_concerned(advices: Iterable[Advice]) -> Advice:
    """The advice that does most; what is not said gives way."""
    return min((advice for advice in advices if advice), default=Advice.UNSPECIFIED)


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
