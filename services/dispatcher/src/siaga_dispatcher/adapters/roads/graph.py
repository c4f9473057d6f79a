"""A network in a file, searched in this process."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from siaga_dispatcher.adapters.roads.answers import Answers, RoadsUnusableError
from siaga_dispatcher.adapters.roads.files import RoadFileError, load
from siaga_dispatcher.core.roads.search import RoadSearch
from siaga_dispatcher.core.values import Position

SOURCE: Final = "graph"


class Graph:
    """The network of a compact file (`siaga roads build`)."""

    source = SOURCE

    def __init__(self, file: Path) -> None:
        self._file = file
        self._search: RoadSearch | None = None

    async def open(self) -> None:
        """Read the file, beside the loop; raises RoadsUnusableError."""
        try:
            self._search = await asyncio.to_thread(lambda: RoadSearch(load(self._file)))
        except RoadFileError as error:
            raise RoadsUnusableError(str(error)) from error

    async def close(self) -> None:
        """Nothing to do."""

    async def ask(self, origins: Sequence[Position], destination: Position, answers: Answers) -> None:
        """Fill in all drives by one search, in a thread: a large network takes tens of milliseconds."""
        if self._search is None:
            raise RoadsUnusableError("the network is not loaded")
        drives = await asyncio.to_thread(self._search.drives, origins, destination)
        answers.heard = True
        answers.drives.update(enumerate(drives))
