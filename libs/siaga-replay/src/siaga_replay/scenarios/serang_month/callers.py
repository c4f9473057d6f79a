"""Who calls: heavy repeaters, shared telephones, people who call once."""

from dataclasses import dataclass
from random import Random
from typing import Final

CALLERS: Final = 5_200
# Calls of the caller of rank r go as (r + SHIFT) ** -EXPONENT: some six hundred for the heaviest, one or two for most.
SHIFT: Final = 33.0
EXPONENT: Final = 1.4
# Telephones of warung, schools and offices: many voices behind one number.
SHARED_EVERY: Final = 40
# Numbers are drawn from blocks that no Indonesian operator has been given (084x; 0254-1x), so that none is a person's.
MOBILE_PREFIX: Final = "84"
FIXED_PREFIX: Final = "2541"
# Callers whose calls come over FreeSWITCH's trunk.
FREESWITCH_SHARE: Final = 0.28


@dataclass(frozen=True, slots=True)
class Caller:
    """A telephone number and how much it calls 112."""

    number: str
    calls: int
    shared: bool
    # Calls that the IVR sees come over FreeSWITCH's trunk; the others over Asterisk's.
    by_freeswitch: bool
    # The trunk hands over 08… instead of +628….
    national_spelling: bool

    @property
    def spelled(self) -> str:
        return "0" + self.number.removeprefix("+62") if self.national_spelling else self.number


def make_callers(rng: Random, total_calls: int) -> list[Caller]:
    """Callers by rank, heaviest first, whose calls add up to `total_calls`."""
    numbers = _numbers(rng)
    return [
        Caller(
            number=numbers[rank],
            calls=calls,
            shared=_shared(rank),
            by_freeswitch=rng.random() < FREESWITCH_SHARE,
            national_spelling=rng.random() < 0.3,
        )
        for rank, calls in enumerate(_calls_by_rank(total_calls))
    ]


def _calls_by_rank(total: int) -> list[int]:
    weights = [(rank + SHIFT) ** -EXPONENT for rank in range(1, CALLERS + 1)]
    spare = total - CALLERS  # everybody calls once
    whole = sum(weights)
    calls = [1 + int(weight * spare / whole) for weight in weights]
    for rank in range(total - sum(calls)):
        calls[rank] += 1
    return calls


def _shared(rank: int) -> bool:
    return rank % SHARED_EVERY == SHARED_EVERY - 1


def _numbers(rng: Random) -> list[str]:
    numbers: dict[str, None] = {}
    while len(numbers) < CALLERS:
        if _shared(len(numbers)):
            number = f"+62{FIXED_PREFIX}{rng.randrange(100_000):05d}"
        else:
            number = f"+62{MOBILE_PREFIX}{rng.randrange(10):d}{rng.randrange(100_000_000):08d}"
        numbers[number] = None
    return list(numbers)
