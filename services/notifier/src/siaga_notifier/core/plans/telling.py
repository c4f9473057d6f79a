"""What is told of a notification: each state that one of its attempts has come to, and its own end."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from siaga_notifier.core.plans.values import Notification, Phase
from siaga_notifier.core.states import State
from siaga_notifier.core.tries import Stage, Try

# What the engine itself has to tell. An undelivered message was told by the receipt that says so.
_TOLD: Final = {
    Stage.SUBMITTED: (State.SUBMITTED,),
    Stage.UNCONFIRMED: (State.SUBMITTED, State.SENT_UNCONFIRMED),
    Stage.FAILED: (State.FAILED_PERMANENT,),
    Stage.EXPIRED: (State.EXPIRED,),
}


@dataclass(frozen=True, slots=True)
class Told:
    """An attempt reached a state; without a route the notification itself did."""

    state: State
    at_ms: int
    route: str = ""
    known: Try | None = None


def told(before: Notification | None, after: Notification, now_ms: int) -> Iterator[Told]:
    """What became true between these two; all that is true when nothing was known before."""
    for route, known in after.tries.items():
        was = before.tries.get(route) if before is not None else None
        if was is None or was.number != known.number:
            yield Told(State.QUEUED, known.first_at_ms, route, known)
        if was is not None and (was.number, was.stage) == (known.number, known.stage):
            continue
        if known.stage is Stage.WAITING:
            # Told once: a provider that is away for an hour is one piece of news. Behind another order is none.
            if known.refusals == 1 or (was is None and known.refusals):
                yield Told(State.FAILED_TEMPORARY, known.at_ms, route, known)
            continue
        for state in _TOLD.get(known.stage, ()):
            yield Told(state, known.at_ms, route, known)
    if after.phase is Phase.UNACKNOWLEDGED and (before is None or before.phase is not Phase.UNACKNOWLEDGED):
        yield Told(State.UNACKNOWLEDGED, now_ms)
