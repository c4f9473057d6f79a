"""What to do about an attempt, from what is remembered of it: the guard against a lost and against a doubled alarm."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# A centre that takes messages but never answers would have us repeat for ever; so many repeats somebody has noticed.
MOST_TRIES: Final = 5


class Stage(StrEnum):
    """How far a try got, as written before and after the call."""

    # Refused for now; nothing reached the crew.
    WAITING = "waiting"
    # Written before the call: found after a crash or a cut line, it means that nobody knows.
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Try:
    """What is remembered of the latest try to reach one contact."""

    number: int
    stage: Stage
    # Wall clock of the first try and of this stage.
    first_at_ms: int
    at_ms: int
    provider_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """Hand it to the channel, after writing `record`."""

    record: Try
    repeat: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing to send: this is how it ended."""

    record: Try


def next_step(known: Try | None, now_ms: int, give_up_after_ms: int) -> Send | Settled:
    """Whether to send, and whether as a repeat; an attempt that has ended is never sent again."""
    if known is None:
        return Send(Try(1, Stage.SUBMITTING, now_ms, now_ms), repeat=False)
    if known.stage in (Stage.SUBMITTED, Stage.FAILED, Stage.EXPIRED):
        return Settled(known)
    if known.stage is Stage.WAITING and now_ms - known.first_at_ms > give_up_after_ms:
        # The reason stays: it says what was in the way all that time.
        return Settled(Try(known.number, Stage.EXPIRED, known.first_at_ms, now_ms, "", known.reason))
    if known.stage is Stage.WAITING:
        # Still a repeat when an earlier try may have arrived.
        return Send(Try(known.number, Stage.SUBMITTING, known.first_at_ms, now_ms), repeat=known.number > 1)
    if known.number >= MOST_TRIES:
        return Settled(Try(known.number, Stage.FAILED, known.first_at_ms, now_ms, "", "never answered"))
    return Send(Try(known.number + 1, Stage.SUBMITTING, known.first_at_ms, now_ms), repeat=True)
