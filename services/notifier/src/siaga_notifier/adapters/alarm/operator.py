"""The operator's alarm: an alert `call_crew` that consoles ring for, until the crew has answered or is stood down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from siaga.v1 import alert_pb2, common_pb2
from siaga_contracts.alerts import CALL_CREW
from siaga_contracts.catalogue import ALERTS
from siaga_contracts.ids import derived
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing

from siaga_notifier.core.call_crew import alert_id, detail
from siaga_notifier.core.model import OPERATOR, Attempt, Order
from siaga_notifier.core.outcomes import Accepted, Outcome, Temporary

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]

_PRIORITIES: Final = {name.removeprefix("PRIORITY_"): number for name, number in common_pb2.Priority.items()}
# Whoever consumes alerts keeps the highest version.
RAISED: Final = 1
CLEARED: Final = 2
AGAIN_S: Final = 1.0


class OperatorAlarm:
    """Every centre has it; there is nothing to set."""

    provider_id: Final = OPERATOR
    channel: Final = OPERATOR
    # Raised again, it is the same alert.
    keyed: Final = True
    # That somebody has seen it nobody tells; the crew's answer will.
    confirms: Final = False

    def __init__(self, publish: Publish, clock_ms: Callable[[], int]) -> None:
        self._publish = publish
        self._clock_ms = clock_ms

    def trouble(self) -> str | None:
        """It needs the broker only, without which there would be no order."""
        return None

    async def run(self) -> None:
        """Nothing is kept open."""
        await asyncio.Event().wait()

    async def send(self, attempt: Attempt) -> Outcome:
        """Raise the alert; returns when the broker has it."""
        try:
            await self._publish([raised(attempt.order, attempt.told, self._clock_ms())])
        except Transient as error:
            return Temporary(type(error).__name__, AGAIN_S)
        return Accepted(alert_id(attempt.order))


def raised(order: Order, told: Sequence[str], now_ms: int) -> Outgoing:
    """The alert, from now on."""
    return _record(order, detail(order, told), now_ms, 0)


def cleared(order: Order, told: Sequence[str], raised_at_ms: int, now_ms: int) -> Outgoing:
    """The alert, over."""
    return _record(order, detail(order, told), raised_at_ms, now_ms)


def _record(order: Order, text: str, raised_at_ms: int, cleared_at_ms: int) -> Outgoing:
    name, version = alert_id(order), CLEARED if cleared_at_ms else RAISED
    message = alert_pb2.Alert(
        alert_id=name,
        tenant=order.tenant,
        kind=CALL_CREW,
        incident_id=order.incident_id,
        unit_id=order.unit_id,
        priority=_PRIORITIES.get(order.priority, common_pb2.PRIORITY_UNSPECIFIED),
        detail=text,
        raised_at_ms=raised_at_ms,
        cleared_at_ms=cleared_at_ms,
        version=version,
    )
    return Outgoing(ALERTS, name, message, derived("alert-version", name, str(version)), cleared_at_ms or raised_at_ms)
