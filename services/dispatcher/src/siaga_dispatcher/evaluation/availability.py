"""Which engines were free when, from a log alone: busy from dispatch until available."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from operator import attrgetter
from typing import Final, NamedTuple

from siaga_dispatcher.evaluation.fire_log import Sent

# Where the log forgot to write that a unit was free again. Half of all tasks are over by then; a longer guess keeps
# units from work that they were really sent to.
UNWRITTEN_TASK_MS: Final = 15 * 60_000
# No task is looked for that began earlier: the few that are longer are units kept at a great fire, or never written free.
LONGEST_TASK_MS: Final = 24 * 3_600_000


class _Task(NamedTuple):
    began_ms: int
    until_ms: int
    call: str
    paramedic: bool | None


_began: Final = attrgetter("began_ms")


class Availability:
    """Tasks by engine. Answers from what was written before the moment asked about, never from what came after."""

    def __init__(self, sent: Iterable[Sent]) -> None:
        self._tasks: dict[str, list[_Task]] = defaultdict(list)
        for one in sent:
            until_ms = one.available_ms if one.available_ms is not None else one.dispatched_ms + UNWRITTEN_TASK_MS
            self._tasks[one.engine].append(_Task(one.dispatched_ms, until_ms, one.call, one.paramedic))
        for tasks in self._tasks.values():
            tasks.sort(key=_began)

    @property
    def engines(self) -> frozenset[str]:
        """All that the log names."""
        return frozenset(self._tasks)

    def free(self, engine: str, at_ms: int, call: str) -> bool:
        """Whether it had no other task then. A task that begins in the same moment does not bind it yet."""
        return all(task.until_ms <= at_ms for task in self._before(engine, at_ms, call))

    def cleared_ms(self, engine: str, at_ms: int, call: str) -> int | None:
        """When a free engine's last task was over; None = it had none in the last day."""
        return max((task.until_ms for task in self._before(engine, at_ms, call)), default=None)

    def paramedic(self, engine: str, at_ms: int, call: str) -> bool | None:
        """Whether one was aboard at its last task; None = it had none in the last day, or the log does not say."""
        before = self._before(engine, at_ms, call)
        return before[-1].paramedic if before else None

    def _before(self, engine: str, at_ms: int, call: str) -> list[_Task]:
        tasks = self._tasks.get(engine, [])
        first = bisect_left(tasks, at_ms - LONGEST_TASK_MS, key=_began)
        return [task for task in tasks[first : bisect_left(tasks, at_ms, key=_began)] if task.call != call]
