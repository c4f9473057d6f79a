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
    # Handed to a channel that never says what became of it.
    SENT_UNCONFIRMED = "sent_unconfirmed"
    # Of the notification: all steps were taken and nobody has acknowledged.
    UNACKNOWLEDGED = "unacknowledged"


# A failure outranks being submitted (the receipt says it did not arrive) but yields to proof that it did: a phone that
# shows the message shows it, whatever another receipt says.
RANK: Final = {
    State.QUEUED: 0,
    State.FAILED_TEMPORARY: 1,
    State.SUBMITTED: 2,
    State.SENT_UNCONFIRMED: 3,
    State.EXPIRED: 4,
    State.FAILED_PERMANENT: 5,
    State.DELIVERED: 6,
    State.READ: 7,
    State.UNACKNOWLEDGED: 8,
    State.ACKNOWLEDGED: 9,
}


def merge(one: State, other: State) -> State:
    """What holds when both were heard, in whatever order."""
    return max(one, other, key=RANK.__getitem__)
