"""How many messages may be without an answer at once; fewer, and after a pause, where a centre says it is crowded."""

import asyncio
from collections import deque
from typing import Final

# Twice as long with each refusal in a row. Longer pauses would leave a centre idle that takes messages again.
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 4.0


class Window:
    """Slows down when the centre is crowded and finds its way back by itself; nobody in it is ever turned away."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._pause_s = 0.0
        self._paused_until = 0.0

    async def enter(self) -> None:
        """Wait for a place."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                pause_s = self._paused_until - loop.time()
                if pause_s > 0:
                    await asyncio.sleep(pause_s)
                elif self._open < int(self._limit):
                    self._open += 1
                    return
                else:
                    turn = loop.create_future()
                    self._waiting.append(turn)
                    await turn
        except asyncio.CancelledError:
            # It may just have been called: somebody else goes instead.
            self._call()
            raise

    def leave(self) -> None:
        """Free a place."""
        self._open -= 1
        self._call()

    def _call(self) -> None:
        places = int(self._limit) - self._open
        while places > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                places -= 1

    def taken(self) -> None:
        """The centre took one: one more fits for every windowful of them."""
        self._pause_s = 0.0
        self._limit = min(float(self._most), self._limit + 1 / self._limit)

    def crowded(self) -> float:
        """The centre refused one for want of room; how long it is left alone (s)."""
        now_s = asyncio.get_running_loop().time()
        # Refusals of what had been sent before the pause say nothing new.
        if now_s >= self._paused_until:
            self._limit = max(1.0, self._limit / 2)
            self._pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, self._pause_s * 2))
            self._paused_until = now_s + self._pause_s
        return round(self._paused_until - now_s, 3)
