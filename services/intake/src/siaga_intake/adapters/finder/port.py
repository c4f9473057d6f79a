"""What has to be remembered to find the call of a payload that names none, and to see that a conversation has gone quiet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from siaga_intake.core.belonging import Ring, Session
from siaga_intake.core.happening import OfSession
from siaga_intake.core.staleness import Waiting


@dataclass(frozen=True, slots=True)
class Who:
    """A citizen in one centre, by a keyed hash: of his number, or of his address at one of the centre's channels."""

    tenant: str
    key: str


@dataclass(frozen=True, slots=True)
class Written:
    """A message to be placed in a conversation of its sender."""

    who: Who
    message: OfSession
    at_ms: int
    gap_ms: int


# The conversations of citizens.
Known = Mapping[Who, tuple[Session, ...]]


@dataclass(frozen=True, slots=True)
class Placed:
    """The conversation of each message, and the senders' conversations now."""

    sessions: Sequence[Session]
    known: Known


class CallFinder(Protocol):
    """Where conversations, ringing calls and waiting ones are remembered."""

    async def place(self, written: Sequence[Written], known: Known) -> Placed:
        """Put each message into a conversation and remember it; `known` is what else is known of the senders."""
        ...

    async def rings(self, callers: Sequence[Who]) -> list[Ring | None]:
        """The latest call of each number."""
        ...

    async def rang(self, rings: Mapping[Who, Ring]) -> None:
        """Remember the calls of these numbers, unless a later one is known."""
        ...

    async def hold(self, held: Sequence[tuple[Who, bytes]]) -> None:
        """Remember what waits for a call of these numbers, for as long as such a call may come."""
        ...

    async def held(self, callers: Sequence[Who]) -> list[list[bytes]]:
        """What waits for a call of each number."""
        ...

    async def wait(self, waiting: Sequence[Waiting]) -> None:
        """Remember when these conversations will be stale, unless a later message of theirs is known."""
        ...

    async def due(self, tenants: Sequence[str], now_ms: int) -> list[Waiting]:
        """Conversations that have waited long enough, some at a time."""
        ...

    async def done(self, waiting: Sequence[Waiting]) -> None:
        """Forget these, but not where somebody has written meanwhile."""
        ...
