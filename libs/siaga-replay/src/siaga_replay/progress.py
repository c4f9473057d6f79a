"""What a long run tells whoever watches it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a run: `stage` is `generate`, `post` or `drain`; `total` 0 = not known."""

    stage: str
    done: int
    total: int
    detail: str = ""


Watch = Callable[[Progress], None]


def unwatched(_progress: Progress) -> None:
    """Nobody watches."""
