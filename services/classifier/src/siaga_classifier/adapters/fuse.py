"""A fuse before something that answers in a millisecond or not at all: once it has failed, most are spared the wait.

Without it, with the store away, every question would pay for a connection that fails and a time-out, and at some hundred
a second those answers that need nothing from the store would wait behind them.
"""

from collections.abc import Callable
from typing import Final

# One slow answer is a busy machine; so many in a row are an outage.
FAILURES: Final = 5
# If they last so long: a process that was held up for a moment has many fail at once, and the next one works.
LASTS_S: Final = 0.1
# Then so often one is let through to see whether it is back: the longest that a store which is back goes unasked.
RETRY_S: Final = 0.25


class Fuse:
    """Closed while things work. `clock` in seconds, monotonic."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._first_at = 0.0
        self._retry_at = 0.0
        self.blown = False

    def lets_through(self) -> bool:
        """Whether to ask: always while it works, else now and then."""
        if not self.blown:
            return True
        now = self._clock()
        if now < self._retry_at:
            return False
        self._retry_at = now + RETRY_S
        return True

    def worked(self) -> bool:
        """It answered; tells whether that is news."""
        was_blown, self.blown, self._failures = self.blown, False, 0
        return was_blown

    def failed(self) -> bool:
        """It did not; tells whether that is news."""
        now = self._clock()
        if not self._failures:
            self._first_at = now
        self._failures += 1
        if self.blown or self._failures < FAILURES or now - self._first_at < LASTS_S:
            return False
        self.blown = True
        self._retry_at = now + RETRY_S
        return True
