"""How a caller's next call is to be routed. Unknown, unreadable or expired means normal: advice only ever fails open."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Routing(IntEnum):
    """Routing advice, numbered as in the contract. There is no "drop"."""

    NORMAL = 1
    SCREEN = 2
    SCREEN_LOW = 3


SCREENED: Final = frozenset({Routing.SCREEN, Routing.SCREEN_LOW})

# The longest memory of abuse that a policy may have: within it the ledger tells of every state that time ends.
MEMORY_MS: Final = 180 * 24 * 3_600_000

# Sanction state "clean" of the contract; the others are passed on as they came.
CLEAN: Final = 1


@dataclass(frozen=True, slots=True)
class Sanction:
    """What the ledger last said of a caller. `until_ms` 0 = no end."""

    routing: int
    state: int
    until_ms: int
    revision: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a caller; None = nothing. `suspended`: in that centre no sanction has a consequence now."""

    sanction: Sanction | None = None
    suspended: bool = False


def kept_for_ms(sanction: Sanction, now_ms: int) -> int | None:
    """How long from now the sanction is worth keeping; None = until the ledger says otherwise.

    Callers are never taken off by name: without an end, one call would leave its caller's key here for ever.
    """
    if sanction.routing in SCREENED and not sanction.until_ms:
        return None
    return max(sanction.until_ms - now_ms, MEMORY_MS)


@dataclass(frozen=True, slots=True)
class RoutingAdvice:
    """The answer to a switch, and why."""

    routing: Routing
    state: int
    basis: str
    until_ms: int = 0


def normal(basis: str) -> RoutingAdvice:
    """Let the call through as any other."""
    return RoutingAdvice(Routing.NORMAL, CLEAN, basis)


def advise_caller(kept: Kept, now_ms: int) -> RoutingAdvice:
    """The advice that what is kept amounts to now."""
    sanction = kept.sanction
    if kept.suspended:
        return normal("suspended")
    if sanction is None:
        return normal("unknown_caller")
    if sanction.until_ms and sanction.until_ms <= now_ms:
        return normal("expired")
    if sanction.routing not in SCREENED:
        return RoutingAdvice(Routing.NORMAL, sanction.state or CLEAN, "policy", sanction.until_ms)
    return RoutingAdvice(Routing(sanction.routing), sanction.state or CLEAN, "policy", sanction.until_ms)
