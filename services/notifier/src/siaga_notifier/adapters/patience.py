"""What a channel does with something that came and cannot be dealt with: it must not stop all that comes after it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from siaga_kit.errors import is_transient

log = structlog.get_logger()

# By then a passing cause has passed; the same sender's next word waits so long.
PAUSES_S: Final = (0.2, 1.0, 4.0)


async def patiently(deal: Callable[[], Awaitable[None]], provider_id: str) -> bool:
    """Deal with it, a few times if need be; False when it cannot be done, which the log has then.

    What passes by itself (the broker away while the process stops) is raised: it comes again.
    """
    for pause_s in (*PAUSES_S, None):
        try:
            await deal()
        except Exception as error:
            if is_transient(error):
                raise
            if pause_s is None:
                log.exception("what came cannot be dealt with", provider=provider_id)
                return False
            await asyncio.sleep(pause_s)
        else:
            return True
    return False
