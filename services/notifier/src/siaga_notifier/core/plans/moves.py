"""How a notification moves on. Whatever happened, `look` tells what is to be done now; the others say what happened."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from siaga_notifier.core.model import OPERATOR, OrderKind
from siaga_notifier.core.outcomes import Outcome
from siaga_notifier.core.plans.values import NEXT, Decision, Notification, Phase, Sending, Sight
from siaga_notifier.core.tries import (
    HANDED_OVER,
    PENDING,
    Send,
    Stage,
    Try,
    next_step,
    pause_ms,
    settled,
)

# An alarm that comes late beats one that never comes. After half a day it would only send a crew to a place where all is
# over; a stand-down ends the waiting earlier.
GIVE_UP_AFTER_MS: Final = 12 * 60 * 60 * 1000
# A provider that is back is used at once, but one that only seems to be back is not asked without a pause.
BACK_AFTER_MS: Final = 200


def look(known: Notification, sight: Sight, now_ms: int) -> Decision:
    """What is to be done now: waiting messages whose time has come, and the next step where the last one is over."""
    if known.closed:
        return Decision(known)
    if known.phase is Phase.UNACKNOWLEDGED and not known.waiting and now_ms >= _forgotten_ms(known):
        return Decision(moved(known, Phase.FAILED))
    tries = dict(known.tries)
    sendings = list(_due(tries, known.waiting, sight, now_ms))
    found = replace(known, tries=tries)
    while _leaves(found, now_ms):
        if found.step == len(found.steps):
            found = moved(found, Phase.UNACKNOWLEDGED)
            break
        found, more = _step(found, sight, now_ms)
        sendings += more
    return Decision(_finished(found), tuple(sendings))


def due_ms(known: Notification, busy: Collection[str] = ()) -> int | None:
    """Wall clock when to look again; None = nothing is left to be done.

    Routes that are busy are looked at when what they wait for moves.
    """
    if known.closed:
        return None
    times = [known.tries[route].due_ms for route in known.waiting if route not in busy]
    if known.phase is Phase.OPEN and known.escalates and not _held(known):
        times.append(known.step_at_ms + _wait_ms(known))
    if known.phase is Phase.UNACKNOWLEDGED:
        times.append(_forgotten_ms(known))
    return min(times, default=known.step_at_ms + _wait_ms(known))


def on_outcome(
    known: Notification,
    route: str,
    outcome: Outcome,
    now_ms: int,
    luck: float,
    *,
    provider: str = "",
    confirms: bool = True,
) -> Notification:
    """A provider has answered; by `look` it shows what follows."""
    answered = settled(known.tries[route], outcome, now_ms, luck, provider=provider, confirms=confirms)
    at_end = known.step == len(known.steps) and answered.stage in HANDED_OVER and not route.startswith(OPERATOR)
    found = replace(known, tries={**known.tries, route: answered})
    # The crew could not be told before: its time to answer begins now.
    return replace(found, step_at_ms=now_ms) if at_end else found


def on_undelivered(known: Notification, route: str, number: int, reason: str, now_ms: int) -> Notification:
    """A receipt says that a message did not arrive; one about an earlier try says nothing of the latest."""
    told = known.tries.get(route)
    if told is None or told.number != number or told.stage not in {*HANDED_OVER, Stage.SUBMITTING}:
        return known
    failed = replace(told, stage=Stage.UNDELIVERED, at_ms=now_ms, reason=reason)
    return replace(known, tries={**known.tries, route: failed})


def on_hurried(known: Notification) -> Notification:
    """The dispatcher has waited long enough: the next step is due."""
    return replace(known, hurried=True) if known.phase is Phase.OPEN and known.step < len(known.steps) else known


def on_acknowledged(known: Notification) -> Notification:
    """The crew has said that it knows."""
    return moved(known, Phase.ACKNOWLEDGED)


def on_stood_down(known: Notification) -> Notification:
    """The task is taken back: an alarm after that would be a lie."""
    return moved(known, Phase.STOOD_DOWN)


def moved(known: Notification, phase: Phase) -> Notification:
    """In this phase, if it may follow on the one that is."""
    return replace(known, phase=phase) if phase in NEXT[known.phase] else known


def _due(tries: dict[str, Try], waiting: Collection[str], sight: Sight, now_ms: int) -> Iterator[Sending]:
    for route in sorted(waiting):
        known = tries[route]
        back = known.down and route not in sight.down and now_ms - known.at_ms >= BACK_AFTER_MS
        if route in sight.busy or (known.due_ms > now_ms and not back):
            continue
        step = next_step(known, now_ms, GIVE_UP_AFTER_MS)
        if isinstance(step, Send) and (route in sight.down or route not in sight.usable):
            # Nothing can be sent now; `number` stays, and with it whether the crew may have it already.
            later = now_ms + pause_ms(known.refusals, 0, 0.5)
            tries[route] = replace(known, due_ms=later, refusals=known.refusals + 1, down=route in sight.down)
            continue
        tries[route] = step.record
        if isinstance(step, Send):
            yield Sending(route, step.record.number, step.repeat)


def _step(known: Notification, sight: Sight, now_ms: int) -> tuple[Notification, list[Sending]]:
    tries, sendings = dict(known.tries), []
    for route in known.steps[known.step].routes:
        if route in tries or route not in sight.usable:
            continue
        fresh = Try(1, Stage.SUBMITTING, now_ms, now_ms, step=known.step + 1)
        if route in sight.busy:
            tries[route] = replace(fresh, stage=Stage.WAITING, due_ms=now_ms)
        elif route in sight.down:
            later = now_ms + pause_ms(0, 0, 0.5)
            tries[route] = replace(
                fresh, stage=Stage.WAITING, reason="provider away", refusals=1, due_ms=later, down=True
            )
        else:
            tries[route] = fresh
            sendings.append(Sending(route, 1, repeat=False))
    taken = replace(known, tries=tries, step=known.step + 1, step_at_ms=now_ms, hurried=False)
    return taken, sendings


def _leaves(known: Notification, now_ms: int) -> bool:
    """Whether the last step taken is over."""
    if known.phase is not Phase.OPEN:
        return False
    at_end = known.step == len(known.steps)
    if known.step == 0 and not at_end:
        return True
    if not known.escalates:
        return not at_end and _lost(known)
    if at_end:
        return not _held(known) and (_lost(known) or now_ms >= known.step_at_ms + _wait_ms(known))
    return known.hurried or _lost(known) or now_ms >= known.step_at_ms + _wait_ms(known)


def _held(known: Notification) -> bool:
    """At the end of the plan with nothing that reached a crew's provider: nobody can be silent who was never told.

    Of a trial just that is to be known.
    """
    if known.kind is OrderKind.TRIAL:
        return False
    crew = [one for route, one in known.tries.items() if not route.startswith(OPERATOR)]
    waits = any(one.stage in PENDING for one in crew)
    return known.step == len(known.steps) and waits and not any(one.stage in HANDED_OVER for one in crew)


def _lost(known: Notification) -> bool:
    """Whether no answer can be hoped for from the last step: its messages failed, or their providers are away.

    One that was handed over without a receipt to come does not hold the step once another has failed.
    """
    mine = [one for one in known.tries.values() if one.step == known.step]
    failed = [one for one in mine if one.stage in (Stage.FAILED, Stage.EXPIRED, Stage.UNDELIVERED) or one.down]
    hopeful = [one for one in mine if one not in failed and one.stage is not Stage.UNCONFIRMED]
    return not hopeful and (bool(failed) or not mine)


def _forgotten_ms(known: Notification) -> int:
    """When nobody answers any more that did not answer by then."""
    return known.taken_at_ms + GIVE_UP_AFTER_MS


def _wait_ms(known: Notification) -> int:
    return known.steps[known.step - 1].wait_ms if 0 < known.step <= len(known.steps) else 0


def _finished(known: Notification) -> Notification:
    """What needs no answer is done with when nothing of it is pending."""
    if known.escalates or known.phase is not Phase.OPEN or known.pending or known.step < min(1, len(known.steps)):
        return known
    if known.handed_over or not known.steps:
        return moved(known, Phase.TOLD)
    return moved(known, Phase.FAILED) if known.step == len(known.steps) else known
