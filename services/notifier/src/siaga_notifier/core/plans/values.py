"""A notification: one order on its way to one crew, by the steps of its plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from siaga_notifier.core.model import OrderKind
from siaga_notifier.core.tries import HANDED_OVER, PENDING, Try


class Phase(StrEnum):
    """How far a notification is."""

    OPEN = "open"
    # The crew has said that it knows: only that closes the loop.
    ACKNOWLEDGED = "acknowledged"
    STOOD_DOWN = "stood_down"
    # All steps are taken and nobody has answered; what waits for a provider goes on waiting.
    UNACKNOWLEDGED = "unacknowledged"
    # Of what needs no answer (stand-down, update, reminder): handed over.
    TOLD = "told"
    # No way took it, or nobody has ever answered it.
    FAILED = "failed"


# What may follow on what. A late answer is still an answer; nothing follows on a closed loop.
NEXT: Final[Mapping[Phase, frozenset[Phase]]] = {
    Phase.OPEN: frozenset(Phase) - {Phase.OPEN},
    Phase.UNACKNOWLEDGED: frozenset({Phase.ACKNOWLEDGED, Phase.STOOD_DOWN, Phase.FAILED}),
    Phase.ACKNOWLEDGED: frozenset(),
    Phase.STOOD_DOWN: frozenset(),
    Phase.TOLD: frozenset({Phase.STOOD_DOWN}),
    Phase.FAILED: frozenset(),
}
# In these messages are still handed over.
LIVE: Final = frozenset({Phase.OPEN, Phase.UNACKNOWLEDGED})


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """Routes (`sms:0`) tried at once, and how long an answer is waited for before the next step."""

    routes: tuple[str, ...]
    wait_ms: int


@dataclass(frozen=True, slots=True)
class Notification:
    """All that is remembered of it; `step` counts the steps taken."""

    order_id: str
    incident_id: str
    kind: OrderKind
    # Wall clock when the notifier first worked on it.
    taken_at_ms: int
    steps: tuple[PlannedStep, ...]
    phase: Phase = Phase.OPEN
    step: int = 0
    step_at_ms: int = 0
    # The next step is to be taken though the last one has time left.
    hurried: bool = False
    # By route.
    tries: Mapping[str, Try] = field(default_factory=dict)
    # Where its order stood on the topic: the same order from elsewhere was sent on purpose.
    origin: str = ""

    @property
    def escalates(self) -> bool:
        """Whether silence leads to the next step; what needs no answer goes on only where it cannot be handed over."""
        return self.kind in (OrderKind.DISPATCH, OrderKind.TRIAL)

    @property
    def waiting(self) -> frozenset[str]:
        """Routes by which something is still to be handed over. Of a task taken back only what waits for its turn.

        A crew that is told of three things at once hears them in their order; what was refused is void by then.
        """
        if self.kind is OrderKind.TRIAL and self.phase is Phase.UNACKNOWLEDGED:
            # Whoever tried has looked; hours later it would only puzzle the crew.
            return frozenset()
        if self.phase in LIVE:
            return frozenset(route for route, one in self.tries.items() if one.stage in PENDING)
        if self.phase is Phase.STOOD_DOWN:
            return frozenset(route for route, one in self.tries.items() if one.in_turn)
        return frozenset()

    @property
    def pending(self) -> bool:
        """Whether a message is under way, or waits to be."""
        return bool(self.waiting)

    @property
    def handed_over(self) -> bool:
        """Whether any provider has taken it."""
        return any(one.stage in HANDED_OVER for one in self.tries.values())

    @property
    def closed(self) -> bool:
        """Whether nothing more will be done about it. One that nobody has answered is remembered for a late answer."""
        return self.phase not in LIVE and not self.waiting


@dataclass(frozen=True, slots=True)
class Sight:
    """What the routes of a notification look like now."""

    # A provider serves the channel, and whoever it reaches is on duty.
    usable: frozenset[str] = frozenset()
    # An earlier order to the same crew still waits there: it must arrive first.
    busy: frozenset[str] = frozenset()
    # Every provider of the channel is away.
    down: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sending:
    """Hand over by this route, once the notification's `tries` are written; `repeat` = it may have arrived before."""

    route: str
    number: int
    repeat: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """The notification as it has to be written, then what is to be sent."""

    after: Notification
    sendings: tuple[Sending, ...] = ()
