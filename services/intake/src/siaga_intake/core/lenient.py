"""Reading the parts of a payload that a call can do without: a wrong one is noted as a defect and left out."""

from siaga_intake.core import fields, times
from siaga_intake.core.events import Defect
from siaga_intake.core.fields import Payload, Refused


class Lenient:
    """As the functions of `fields` and `times`, but never refusing; `defects` collects what was left out."""

    __slots__ = ("_seen", "latest_ms")

    def __init__(self, latest_ms: int) -> None:
        self.latest_ms = latest_ms
        self._seen: dict[str, Defect] = {}

    @property
    def defects(self) -> tuple[Defect, ...]:
        return tuple(self._seen.values())

    def text(self, payload: Payload, name: str, rule: str = "name", path: str = "") -> str:
        try:
            return fields.text(payload, name, rule, path)
        except Refused as refused:
            self.note(refused.field, refused.reason)
            return ""

    def moment(self, payload: Payload, name: str, path: str = "") -> int | None:
        try:
            return times.moment(payload, name, self.latest_ms, path)
        except Refused as refused:
            self.note(refused.field, refused.reason)
            return None

    def whole(self, payload: Payload, name: str, most: int, path: str = "") -> int:
        try:
            return fields.whole(payload, name, most, path)
        except Refused as refused:
            self.note(refused.field, refused.reason)
            return 0

    def part(self, payload: Payload, name: str, path: str = "") -> Payload:
        try:
            return fields.part(payload, name, path)
        except Refused as refused:
            self.note(refused.field, refused.reason)
            return fields.EMPTY

    def note(self, field: str, reason: str) -> None:
        """Leave a field out; asked for twice, it is told once."""
        self._seen.setdefault(field, Defect(field, reason))
