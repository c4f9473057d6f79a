"""Phones' long messages: parts come in any order, twice, or never; what they make together is handed on as one text."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from siaga_notifier.adapters.smpp.patience import Patience
from siaga_notifier.adapters.smpp.pdu import Deliver, Segment

# Messages that wait for parts; beyond it the oldest is handed on as it is.
UNFINISHED: Final = 200
# Messages that are through, by which a part offered again is known: a centre does that when our answer was lost.
FINISHED: Final = 500

Key = tuple[str, int, int]
HandOn = Callable[[str, str], Awaitable[None]]


class _Gathering:
    def __init__(self) -> None:
        self.parts: dict[int, str] = {}
        self.through: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.expiry: asyncio.Task[None] | None = None
        # Being handed on: a part that comes again meanwhile waits for how that ends.
        self.handed_on = False

    def text(self) -> str:
        return "".join(text for _, text in sorted(self.parts.items()))

    def ended(self, error: BaseException | None) -> None:
        through, self.through = self.through, asyncio.get_running_loop().create_future()
        if through.done():
            return
        if error is None:
            through.set_result(None)
        else:
            through.set_exception(error)
            # Nobody may be waiting for it: the last part raises the same.
            through.exception()


class Joining:
    """Takes parts; a part counts as dealt with when its message is.

    When the others keep it waiting too long it counts as dealt with, too, for many a centre offers the next part only
    after the first was answered. Such a part is lost if this process ends before the others are here.
    """

    def __init__(self, hand_on: HandOn, patience: Patience) -> None:
        self._hand_on = hand_on
        self._patience = patience
        self._gathering: OrderedDict[Key, _Gathering] = OrderedDict()
        self._finished: OrderedDict[Key, dict[int, str]] = OrderedDict()

    async def take(self, part: Deliver, segment: Segment) -> None:
        """One part; raises what handing on raises, and then all its parts may be offered again."""
        key = (part.source, segment.reference, segment.total)
        if self._finished.get(key, {}).get(segment.number) == part.text:
            return
        gathering = self._gathering.get(key)
        if gathering is None:
            gathering = self._gathering[key] = _Gathering()
            gathering.expiry = asyncio.create_task(self._expire(key, gathering))
            await self._make_room()
        gathering.parts[segment.number] = part.text
        if len(gathering.parts) >= segment.total and not gathering.handed_on:
            await self._through(key, gathering)
            return
        through = gathering.through
        await asyncio.wait({through}, timeout=None if gathering.handed_on else self._patience.part_s)
        if through.done():
            through.result()

    def close(self) -> None:
        """Stop waiting for parts; those not answered are offered again to the next process."""
        for gathering in self._gathering.values():
            if gathering.expiry is not None:
                gathering.expiry.cancel()

    async def _through(self, key: Key, gathering: _Gathering) -> None:
        gathering.handed_on = True
        try:
            await self._hand_on(key[0], gathering.text())
        except Exception as error:
            gathering.ended(error)
            raise
        finally:
            gathering.handed_on = False
        gathering.ended(None)
        if self._gathering.get(key) is gathering:
            del self._gathering[key]
        if gathering.expiry is not None and gathering.expiry is not asyncio.current_task():
            gathering.expiry.cancel()
        self._finished[key] = gathering.parts
        if len(self._finished) > FINISHED:
            self._finished.popitem(last=False)

    async def _make_room(self) -> None:
        if len(self._gathering) > UNFINISHED:
            await self._through(*next(iter(self._gathering.items())))

    async def _expire(self, key: Key, gathering: _Gathering) -> None:
        while True:
            await asyncio.sleep(self._patience.rest_of_message_s)
            # Whatever is in the way, the broker mostly: what is there has to wait for it.
            with contextlib.suppress(Exception):
                await self._through(key, gathering)
                return
