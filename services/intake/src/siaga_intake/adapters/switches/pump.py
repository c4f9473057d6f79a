"""Messages of a WebSocket, kept together as they come: a lone one leaves at once, many share one way to the broker."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec
import structlog

from siaga_intake.adapters.switches.connector import Hand
from siaga_intake.core.fields import Payload

log = structlog.get_logger()

# What may be read and not yet be safe; beyond it the socket is left unread, and the other side has to wait.
WAITING: Final = 500
# The library's pings notice a dead connection by then; a quiet one is told to be alive as often.
ALIVE_EVERY_S: Final = 15.0
# An event has some kilobytes; ARI answers to others' requests, with lists of all channels, may be larger.
MAX_MESSAGE_BYTES: Final = 1 << 20

Receive = Callable[[], Awaitable[str | bytes | None]]


class _Over:
    """Stands in the queue behind the last message; `error` is why there are no more."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


async def pump(receive: Receive, hand: Hand) -> None:
    """Hand over what `receive` gives until it gives None or raises, the last messages included."""
    queue: asyncio.Queue[str | bytes | _Over] = asyncio.Queue(WAITING)
    reading = asyncio.create_task(_read(receive, queue))
    try:
        while True:
            messages = await _some(queue)
            over = messages.pop() if messages and isinstance(messages[-1], _Over) else None
            await hand([event for message in messages if (event := _event(message)) is not None])
            if isinstance(over, _Over):
                if over.error is not None:
                    raise over.error
                return
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(receive: Receive, queue: "asyncio.Queue[str | bytes | _Over]") -> None:
    try:
        while (message := await receive()) is not None:
            await queue.put(message)
    except Exception as error:  # noqa: BLE001  (raised again behind the messages that came before it)
        await queue.put(_Over(error))
    else:
        await queue.put(_Over())


async def _some(queue: "asyncio.Queue[str | bytes | _Over]") -> list[str | bytes | _Over]:
    """All that waits, at least one; none when nothing came for a while."""
    try:
        async with asyncio.timeout(ALIVE_EVERY_S):
            messages = [await queue.get()]
    except TimeoutError:
        return []
    while not queue.empty():
        messages.append(queue.get_nowait())
    return messages


def _event(message: str | bytes | _Over) -> Payload | None:
    """The event in a message, without the name of the application: it differs from listener to listener, and the event does not."""
    assert not isinstance(message, _Over)
    try:
        event = msgspec.json.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        log.warning("the switch sent what is no JSON", characters=len(message))
        return None
    if not isinstance(event, Mapping):
        log.warning("the switch sent what is no event", characters=len(message))
        return None
    return {name: value for name, value in event.items() if name != "application"}
