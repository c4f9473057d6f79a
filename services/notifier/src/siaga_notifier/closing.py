"""Closes the loop of a task: whoever hears the crew leaves word for whoever looks after its unit."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from siaga_notifier.adapters.store import ACKNOWLEDGED, UNDELIVERED, Heard, Sent, Store
from siaga_notifier.core import names
from siaga_notifier.core.plans.values import Notification
from siaga_notifier.core.routes import channel_of
from siaga_notifier.core.tries import HANDED_OVER
from siaga_notifier.sender import attempt_id

Look = Callable[[Sequence[str]], Awaitable[None]]


async def _nobody(_: Sequence[str]) -> None:
    return None


@dataclass(slots=True)
class Closing:
    """What inbox and reports tell the engine; `look` is named when there is one."""

    store: Store
    look: Look = _nobody

    async def acknowledged(self, unit_id: str, incident_id: str, channel: str, at_ms: int) -> None:
        """The crew knows of its task, and that was told; `at_ms` is the wall clock."""
        self.store.put_heard(unit_id, Heard(ACKNOWLEDGED, incident_id, at_ms, channel=channel, told=True))
        await self.store.flush()
        await self.look([unit_id])

    async def undelivered(self, sent: Sent, reason: str, at_ms: int) -> None:
        """A message did not arrive: the next step is due."""
        heard = Heard(UNDELIVERED, "", at_ms, sent.order_id, sent.route, sent.number, reason)
        self.store.put_heard(sent.unit_id, heard)
        await self.store.flush()
        await self.look([sent.unit_id])


def answered_attempt(order_id: str, known: Notification | None, channel: str) -> str:
    """The attempt that an answer by a channel is to: its latest there, else the latest that was handed over."""
    tries = known.tries if known is not None else {}
    same = [(route, one) for route, one in tries.items() if channel_of(route) == channel]
    handed = [(route, one) for route, one in tries.items() if one.stage in HANDED_OVER]
    found = same or handed
    if not found:
        return names.attempt_id(order_id, channel, 1)
    route, latest = max(found, key=lambda pair: pair[1].at_ms)
    return attempt_id(order_id, route, latest.number)
