"""Python's collector of cycles, for processes that make many small values and hardly any cycles."""

import gc
from typing import Final

# At Python's 700 the collector takes a quarter of the time of a batch of events and an eighth of a dispatcher's decision
# (and up to half of what the notifier spends on an SMS), at 50,000, which eight lists of 500 events have alive at once, still a seventh. What it may leave lying is some tens of megabytes.
THRESHOLD: Final = 1_000_000


def calm() -> None:
    """Look seldom, and never again at what is there now; call it once a process is set up."""
    gc.freeze()
    gc.set_threshold(THRESHOLD)
