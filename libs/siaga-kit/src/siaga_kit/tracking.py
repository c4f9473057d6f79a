"""Which offsets may be committed, per partition that this process holds."""

Where = tuple[str, int]


class OffsetTracker:
    """The next offset to read of each held partition; what was taken away is forgotten, late results with it."""

    def __init__(self) -> None:
        self._finished: dict[Where, int | None] = {}
        self._committed: dict[Where, int] = {}

    def hold(self, topic: str, partition: int) -> None:
        """The partition is ours from now on."""
        self._finished.setdefault((topic, partition), None)

    def holds(self, topic: str, partition: int) -> bool:
        """Whether it is ours; records fetched before it was taken away must not be processed."""
        return (topic, partition) in self._finished

    def forget(self, topic: str, partition: int) -> None:
        """The partition was taken away."""
        self._finished.pop((topic, partition), None)
        self._committed.pop((topic, partition), None)

    def finished(self, topic: str, partition: int, next_offset: int) -> None:
        """Everything before `next_offset` has its results acknowledged or is in the dead letters."""
        where = (topic, partition)
        if where in self._finished:
            self._finished[where] = max(self._finished[where] or 0, next_offset)

    def committable(self) -> dict[Where, int]:
        """Next offset to read of every partition that has moved since it was last committed."""
        return {
            where: offset
            for where, offset in self._finished.items()
            if offset is not None and offset > self._committed.get(where, -1)
        }

    def committed(self, offsets: dict[Where, int]) -> None:
        """The broker has taken these."""
        for where, offset in offsets.items():
            if where in self._finished:
                self._committed[where] = max(offset, self._committed.get(where, -1))
