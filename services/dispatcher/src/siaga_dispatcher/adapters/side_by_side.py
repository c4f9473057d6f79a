"""Several works at once, none of them left behind."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def all_of(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do them side by side, each to its end; then raise the first error, if there is one.

    To the end: a batch comes again as a whole, and must not meet what is still under way from before.
    """
    for ended in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended
