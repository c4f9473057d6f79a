"""What bears on a call, and the free units it will most likely need, read in one trip."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import msgspec
from siaga_kit.pipe import Pipe, Script

from siaga_dispatcher.adapters import snapshots
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.request import Absent, Guard
from siaga_dispatcher.core.foresight import Foresight
from siaga_dispatcher.core.likeness import families_alike
from siaga_dispatcher.core.values import Assessment, Incident, Position, Unit

# Redis measures on a slightly larger earth than we do: a unit at the very edge of a radius must still be found.
RADIUS_MARGIN: Final = 1.001
# No call has this name: whoever asks for units only asks on behalf of none.
_NO_CALL: Final = ""


@dataclass(frozen=True, slots=True)
class Searched:
    """All free units of these kinds within the radius are known."""

    kinds: frozenset[str]
    around: Position | None
    radius_m: float


@dataclass(frozen=True, slots=True)
class CallContext:
    """What is stored about a call; the guards hold while it has no incident, and no other that it might join is added.

    `near` are all free units in what was `searched` for it beforehand.
    """

    linked: Incident | None
    open_incidents: tuple[Incident, ...] = ()
    guards: tuple[Guard | Absent, ...] = ()
    near: tuple[Unit, ...] = ()
    searched: Searched | None = None


class Contexts:
    """Reads them by one script."""

    def __init__(self, pipe: Pipe) -> None:
        self._script = Script(pipe, resources.files(__package__).joinpath("context.lua").read_text())

    async def of_call(
        self, assessment: Assessment, since_ms: int, foresight: Foresight, ladder_m: Sequence[float]
    ) -> CallContext:  # fmt: skip
        """The call's own incident, or else those of types like its own whose latest call is not before `since_ms`.

        With the latter come the free units that are foreseen, out to the first circle of the ladder that holds enough of them.
        """
        keys, families = Keys(assessment.tenant), families_alike(assessment.type)
        answer = await self._ask(keys, assessment.call_id, families, since_ms, foresight, ladder_m)
        if answer[0] is not None or len(answer) == 1:
            return CallContext(snapshots.incident(answer[0]) if answer[0] else None)
        _, versions, open_rows, rung, unit_rows = answer
        return CallContext(
            None,
            tuple(snapshots.incident(row) for row in open_rows if row),
            (
                # Two words of one call, heard at once while its partition moves, may be of types that are not alike.
                Absent(keys.call(assessment.call_id)),
                *(
                    Guard(keys.open_versions, family, int(version))
                    for family, version in zip(families, versions, strict=True)
                ),
            ),
            tuple(snapshots.unit(row) for row in unit_rows if row),
            _searched(foresight, ladder_m, rung),
        )

    async def foreseen(
        self, tenant: str, foresight: Foresight, ladder_m: Sequence[float]
    ) -> tuple[tuple[Unit, ...], Searched | None]:  # fmt: skip
        """The free units that are foreseen, and how far they were searched."""
        *_, rung, unit_rows = await self._ask(Keys(tenant), _NO_CALL, (), 0, foresight, ladder_m)
        units = tuple(snapshots.unit(row) for row in unit_rows if row)
        return units, _searched(foresight, ladder_m, rung)

    async def _ask(
        self, keys: Keys, call_id: str, families: Sequence[str], since_ms: int, foresight: Foresight,
        ladder_m: Sequence[float],
    ) -> list[Any]:  # fmt: skip
        around, kinds = foresight.around, foresight.kinds
        places = {name: number for number, name in enumerate(kinds, start=1)}
        request = {
            "families": families,
            "since": str(since_ms),
            "incident": keys.incident(""),
            "unit": keys.unit(""),
            "lon": repr(around.lon) if around else "",
            "lat": repr(around.lat) if around else "",
            "radii": [repr(radius_m * RADIUS_MARGIN) for radius_m in ladder_m] if kinds and around else [],
            "wanted": [[need.count, *(places[k] for k in need.kinds)] for need in foresight.needs if not need.optional],
        }
        opened = [keys.open(family) for family in families]
        sets = [keys.free(name) for name in kinds]
        answer: list[Any] = await self._script(
            [keys.call(call_id), keys.open_versions, *opened, *sets], [msgspec.json.encode(request)]
        )
        return answer


def _searched(foresight: Foresight, ladder_m: Sequence[float], rung: int) -> Searched | None:
    return Searched(frozenset(foresight.kinds), foresight.around, ladder_m[rung - 1]) if rung else None
