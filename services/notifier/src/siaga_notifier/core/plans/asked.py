"""Which steps an order is told by: an alarm by its centre's plan, what follows on it by the ways already used."""

from collections.abc import Collection, Mapping
from typing import Final

from siaga_tenants.model import NotifyPlan

from siaga_notifier.core.model import SMS, Contact
from siaga_notifier.core.plans.values import Notification, Phase, PlannedStep
from siaga_notifier.core.routes import OPERATOR_ROUTE, channel_of, of_channel

# What needs no answer has no next step to wait for; this only says when to look again.
LOOK_AGAIN_MS: Final = 60_000


def alarm(plan: NotifyPlan, named: Mapping[str, Contact]) -> tuple[PlannedStep, ...]:
    """The steps of a dispatch, each with the crew's routes of its channels."""
    return tuple(PlannedStep(_routes(step.channels, named), round(step.wait_s * 1000)) for step in plan.steps)


def trial(plan: NotifyPlan, named: Mapping[str, Contact], channel: str) -> tuple[PlannedStep, ...]:
    """The steps of a trial: those of a dispatch that reach the crew itself, or one of this channel alone.

    An operator's alarm would look like a real one.
    """
    if channel:
        routes = of_channel(named, channel)
        return (PlannedStep(routes, LOOK_AGAIN_MS),) if routes else ()
    crew = {route: contact for route, contact in named.items() if route != OPERATOR_ROUTE}
    return tuple(step for step in alarm(plan, crew) if step.routes)


def news(named: Mapping[str, Contact], told: Collection[Notification]) -> tuple[PlannedStep, ...]:
    """The steps of a stand-down or an update: where the crew heard of the task, and by SMS; else by whatever else it has."""
    used = {channel_of(route) for one in told for route in one.tries} | {SMS}
    first = tuple(route for route in named if not told or channel_of(route) in used)
    rest = tuple(route for route in named if route not in first)
    return tuple(PlannedStep(routes, LOOK_AGAIN_MS) for routes in (first, rest) if routes)


def reminder(named: Mapping[str, Contact], about: Notification | None) -> tuple[PlannedStep, ...]:
    """The steps of a reminder: none while its order has a way to the crew that is still to come, which is taken now.

    Else the ways that the order never had; else the phones once more. A tablet that has the order shows it already; a
    unit without a phone is told where it was told before.
    """
    if about is None:
        return (PlannedStep(tuple(named), LOOK_AGAIN_MS),) if named else ()
    if about.phase is Phase.OPEN and reaches_crew(about):
        return ()
    untried = tuple(route for route in named if route not in about.tries)
    routes = untried or of_channel(named, SMS) or tuple(named)
    return (PlannedStep(routes, LOOK_AGAIN_MS),) if routes else ()


def reaches_crew(known: Notification) -> bool:
    """Whether a step is still to come that tries a new way to the crew itself."""
    later = (route for step in known.steps[known.step :] for route in step.routes)
    return any(route != OPERATOR_ROUTE and route not in known.tries for route in later)


def _routes(channels: Collection[str], named: Mapping[str, Contact]) -> tuple[str, ...]:
    return tuple(route for channel in channels for route in of_channel(named, channel))
