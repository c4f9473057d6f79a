"""What every road network is asked, however it is reached."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from siaga_dispatcher.core.roads.drives import Drive
from siaga_dispatcher.core.values import Position


class RoadsUnusableError(Exception):
    """A network gave no answer, or one that means nothing."""


@dataclass(slots=True)
class Answers:
    """Drives by the number of their origin, as they come in; None = no road leads from there.

    What has come when the time is up counts. `heard` = somebody answered, if only to refuse.
    """

    drives: dict[int, Drive | None] = field(default_factory=dict)
    heard: bool = False


class RoadNetwork(Protocol):
    """A way to know driving times; `source` is its name in an `Eta`."""

    source: str

    async def open(self) -> None:
        """Get ready to be asked. Raises RoadsUnusableError; a network that is asked all the same says so then."""

    async def ask(self, origins: Sequence[Position], destination: Position, answers: Answers) -> None:
        """Fill in a drive from each origin to the destination. Raises RoadsUnusableError."""

    async def close(self) -> None:
        """Let go of what is held."""
