"""A road network for tests, in which the nearest are not the soonest."""

from collections.abc import Sequence

from siaga_dispatcher.adapters.roads.answers import Answers, RoadsUnusableError
from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.roads.drives import Drive
from siaga_dispatcher.core.values import Position


class River:
    """Whoever is nearer than 1.5 km has a river between: an hour; the others drive a minute a kilometre."""

    source = "valhalla"

    def __init__(self, *, down: bool = False) -> None:
        self.down = down
        self.asked: list[int] = []

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def ask(self, origins: Sequence[Position], destination: Position, answers: Answers) -> None:
        self.asked.append(len(origins))
        if self.down:
            raise RoadsUnusableError("refused")
        for number, origin in enumerate(origins):
            away_m = distance_m(origin, destination)
            answers.drives[number] = Drive(3_600 if away_m < 1_500 else away_m * 0.06, away_m * 1.2)
        answers.heard = True
