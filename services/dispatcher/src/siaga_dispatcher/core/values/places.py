"""Where something is."""

from siaga_contracts.values import value


@value(frozen=True, slots=True)
class Position:
    """A point with its uncertainty; radius 0 = not stated, `fixed_at_ms` 0 = unknown."""

    lat: float
    lon: float
    radius_m: float = 0.0
    fixed_at_ms: int = 0
    source: str = ""


@value(frozen=True, slots=True)
class Place:
    """A place as people and maps name it; the address is what the crew reads, as it was typed."""

    position: Position | None = None
    address: str = ""
    area_code: str = ""
    area_name: str = ""
