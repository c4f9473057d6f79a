"""What to do about an attempt, from what is remembered of it: the guard against a lost and against a doubled alarm."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown

# A centre that takes messages but never answers would have us repeat for ever; so many repeats somebody has noticed.
MOST_TRIES: Final = 5
# Pauses between tries double from the first to the longest of these. A throttled provider is free again within seconds, and
# each second is one that the crew does not know of its task.
PAUSE_FIRST_MS: Final = 500
PAUSE_MOST_MS: Final = 8_000
# A message that may have arrived is repeated only when the line has had time to be opened again.
UNKNOWN_PAUSE_MS: Final = 1_000


class Stage(StrEnum):
    """How far a try got, as written before and after the call."""

    # Refused for now, or behind an earlier order to the same crew; nothing reached it.
    WAITING = "waiting"
    # Written before the call: found after a crash or a cut line, it means that nobody knows.
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    # The provider has it and will never say what became of it.
    UNCONFIRMED = "unconfirmed"
    # The provider took it and said later that it did not arrive.
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"


# Something can still come of these without anybody's doing.
PENDING: Final = frozenset({Stage.WAITING, Stage.SUBMITTING})
HANDED_OVER: Final = frozenset({Stage.SUBMITTED, Stage.UNCONFIRMED})


@dataclass(frozen=True, slots=True)
class Try:
    """What is remembered of the latest try to reach one contact."""

    number: int
    stage: Stage
    # Wall clock of the first try and of this stage.
    first_at_ms: int
    at_ms: int
    # The message's id at the provider.
    provider_id: str = ""
    reason: str = ""
    # The centre's name of the provider.
    provider: str = ""
    # Step of the plan, from 1 on.
    step: int = 0
    # Wall clock of the next try, of one that is pending.
    due_ms: int = 0
    refusals: int = 0
    # Every provider of the channel was away.
    down: bool = False
    # SMS that it went in, once the provider has it.
    segments: int = 1
    # Providers that were handed it and never answered: it may have arrived by them.
    may_have: tuple[str, ...] = ()

    @property
    def in_turn(self) -> bool:
        """Whether it waits for nothing but an earlier message to the same crew."""
        return self.stage is Stage.WAITING and not self.refusals


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
    if known.stage not in PENDING:
        return Settled(known)
    if known.stage is Stage.WAITING and now_ms - known.first_at_ms > give_up_after_ms:
        # The reason stays: it says what was in the way all that time.
        return Settled(replace(known, stage=Stage.EXPIRED, at_ms=now_ms))
    sending = replace(known, stage=Stage.SUBMITTING, at_ms=now_ms, reason="", down=False)
    if known.stage is Stage.WAITING:
        # Still a repeat when an earlier try may have arrived.
        return Send(sending, repeat=known.number > 1)
    if known.number >= MOST_TRIES:
        return Settled(replace(known, stage=Stage.FAILED, at_ms=now_ms, reason="never answered"))
    return Send(replace(sending, number=known.number + 1), repeat=True)


def settled(sent: Try, outcome: Outcome, now_ms: int, luck: float, *, provider: str = "", confirms: bool = True) -> Try:
    """The try after its provider has answered; `luck` from 0 to 1 spreads those that wait, who were refused together."""
    answered = replace(sent, at_ms=now_ms, provider=provider, down=False)
    match outcome:
        case Accepted(provider_id, segments):
            stage = Stage.SUBMITTED if confirms else Stage.UNCONFIRMED
            return replace(answered, stage=stage, provider_id=provider_id, segments=segments)
        case Permanent(reason):
            return replace(answered, stage=Stage.FAILED, reason=reason)
        case Temporary(reason, retry_after_s, down):
            due_ms = now_ms + pause_ms(sent.refusals, retry_after_s, luck)
            refusals = sent.refusals + 1
            return replace(answered, stage=Stage.WAITING, reason=reason, refusals=refusals, due_ms=due_ms, down=down)
        case Unknown(reason):
            may_have = tuple(dict.fromkeys((*sent.may_have, provider)))
            return replace(answered, reason=reason, due_ms=now_ms + UNKNOWN_PAUSE_MS, may_have=may_have)


def pause_ms(refusals: int, retry_after_s: float, luck: float) -> int:
    """How long to wait after so many refusals: what the provider asks for, and longer each time, by chance."""
    longest = min(PAUSE_MOST_MS, PAUSE_FIRST_MS * 2 ** min(refusals, 10))
    return int(max(retry_after_s * 1000, PAUSE_FIRST_MS / 2) + luck * longest)
