"""How much one source, and all together, may send: what is over it is told to wait, and nothing of it is taken."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

# A hundred times what a nation's centres send on average. Without a limit one switch in a loop takes the loop's whole
# time, and every other source waits behind it.
RATE_PER_S: Final = 5_000.0
# An outage's backlog comes at once; two seconds' worth of it may.
BURST_S: Final = 2.0
# Requests that may be under way at once: twice what waits when a broker hangs for its two seconds at 1,000 a second.
# Beyond it the process would only grow, and answer nobody in time.
MAX_UNDER_WAY: Final = 4_096
# Bodies lie in memory until their answer: without a bound 4,096 of the largest would be 4 GB.
MAX_BYTES_UNDER_WAY: Final = 256 * 1024 * 1024

# Sums of fractions miss nothing by less: who has waited as long as he was told must not be told to wait again.
_ROUNDING: Final = -1e-6


@dataclass(slots=True)
class _Bucket:
    """What a source may still send, in events. Below nothing is a debt: a list larger than a bucket is taken once."""

    level: float
    at_s: float


@dataclass(slots=True)
class Limits:
    """A bucket of events for each source, filled by its rate. `clock_s` only goes forward."""

    rate_per_s: float = RATE_PER_S
    clock_s: Callable[[], float] = time.monotonic
    # As many as there are sources.
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def wait_s(self, tenant: str, source: str, rate_per_s: float | None = None) -> int:
        """Whole seconds until the source may send again; 0 = now."""
        rate = rate_per_s or self.rate_per_s
        bucket = self._filled(tenant, source, rate)
        return 0 if bucket.level > _ROUNDING else math.floor(-bucket.level / rate) + 1

    def spend(self, tenant: str, source: str, events: int, rate_per_s: float | None = None) -> None:
        """The source sends so many; an empty list costs as much as one."""
        self._filled(tenant, source, rate_per_s or self.rate_per_s).level -= max(events, 1)

    def _filled(self, tenant: str, source: str, rate: float) -> _Bucket:
        now_s, most = self.clock_s(), max(rate * BURST_S, 1.0)
        bucket = self._buckets.setdefault((tenant, source), _Bucket(most, now_s))
        bucket.level = min(most, bucket.level + (now_s - bucket.at_s) * rate)
        bucket.at_s = now_s
        return bucket


@dataclass(slots=True)
class Gate:
    """Counts the requests under way and the bytes they announce."""

    max_requests: int = MAX_UNDER_WAY
    max_bytes: int = MAX_BYTES_UNDER_WAY
    requests: int = 0
    bytes: int = 0

    @contextmanager
    def passing(self, size: int) -> Iterator[bool]:
        """Whether there is room for one more of that size; it is taken until the end of the block."""
        if self.requests >= self.max_requests or self.bytes + size > self.max_bytes:
            yield False
            return
        self.requests += 1
        self.bytes += size
        try:
            yield True
        finally:
            self.requests -= 1
            self.bytes -= size
