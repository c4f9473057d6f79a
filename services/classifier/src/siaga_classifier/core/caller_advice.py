"""How a caller's next call is to be routed. Unknown, unreadable or expired means normal: advice only ever fails open."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Routing(IntEnum):
    """Routing advice, numbered as in the contract. There is no "drop"."""

    NORMAL = 1
    SCREEN = 2
    SCREEN_LOW = 3


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
class RoutingAdvice:
    """The answer to a switch, and why."""

    routing: Routing
    state: int
    basis: str
    until_ms: int = 0


def normal(basis: str) -> RoutingAdvice:
    """Let the call through as any other."""
    return RoutingAdvice(Routing.NORMAL, CLEAN, basis)


def advise_caller(sanction: Sanction | None, now_ms: int) -> RoutingAdvice:
    """The advice a sanction amounts to now."""
    if sanction is None:
        return normal("unknown_caller")
    if sanction.until_ms and sanction.until_ms <= now_ms:
        return normal("expired")
    if sanction.routing not in (Routing.SCREEN, Routing.SCREEN_LOW):
        return RoutingAdvice(Routing.NORMAL, sanction.state or CLEAN, "policy", sanction.until_ms)
    return RoutingAdvice(Routing(sanction.routing), sanction.state or CLEAN, "policy", sanction.until_ms)
