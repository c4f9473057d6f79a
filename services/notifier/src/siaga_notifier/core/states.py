"""States of a notification; receipts repeat, overtake each other or never come, so states merge by rank."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What became of an attempt."""

    QUEUED = "queued"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    READ = "read"
    ACKNOWLEDGED = "acknowledged"
    FAILED_TEMPORARY = "failed_temporary"
    FAILED_PERMANENT = "failed_permanent"
    EXPIRED = "expired"


# A failure outranks being submitted (the receipt says it did not arrive) but yields to proof that it did: a phone that
# shows the message shows it, whatever another receipt says.
RANK: Final = {
    State.QUEUED: 0,
    State.FAILED_TEMPORARY: 1,
    State.SUBMITTED: 2,
    State.EXPIRED: 3,
    State.FAILED_PERMANENT: 4,
    State.DELIVERED: 5,
    State.READ: 6,
    State.ACKNOWLEDGED: 7,
}


def merge(one: State, other: State) -> State:
    """What holds when both were heard, in whatever order."""
    return max(one, other, key=RANK.__getitem__)
