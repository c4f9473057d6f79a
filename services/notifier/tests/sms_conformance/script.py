"""Which of a case's faults is due."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sms_conformance.faults import Fault

Kind = TypeVar("Kind")


class Script:
    """The faults of a case, each with how often it was asked for."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._asked: Counter[Fault] = Counter()

    def all(self, kind: type[Kind]) -> Iterable[Kind]:
        return (fault for fault in self._faults if isinstance(fault, kind))

    def has(self, kind: type[Any]) -> bool:
        return any(True for _ in self.all(kind))

    def due(self, kind: type[Kind]) -> Kind | None:
        """The next fault of this kind that has not been done as often as the case says."""
        for fault in self._faults:
            if not isinstance(fault, kind):
                continue
            self._asked[fault] += 1
            after = getattr(fault, "after", 0)
            if after < self._asked[fault] <= after + getattr(fault, "times", 1):
                return fault
        return None
