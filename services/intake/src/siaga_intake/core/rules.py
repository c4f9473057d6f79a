"""The rules of the trust edge: what is longer, further or later than this is refused with the field's name."""

from typing import Final, NamedTuple

# Longest texts taken, by canonical field. Longer ones are mistakes or attacks: a record must stay far below a megabyte,
# and a key below what the broker indexes.
MAX_LENGTH: Final = {
    "call_ref": 255,
    "name": 128,
    "number": 128,
    "digits": 64,
    "text": 10_000,
    "address": 1_000,
    "code": 64,
    "time": 64,
}

# Indonesia with a margin for its sea (Aceh to Papua, Rote to Miangas): outside, a fix is a defect or another country's.
LAT_RANGE: Final = (-11.5, 6.5)
LON_RANGE: Final = (94.0, 142.0)


class Area(NamedTuple):
    """Where a caller can be, in WGS 84 degrees; `name` as a sentence has it."""

    name: str
    lat: tuple[float, float]
    lon: tuple[float, float]


INDONESIA: Final = Area("Indonesia", LAT_RANGE, LON_RANGE)
# For captures, which come from laboratories all over it; no running intake takes a fix by it.
EARTH: Final = Area("the Earth", (-90.0, 90.0), (-180.0, 180.0))
# A phone that knows only the country is worth nothing to a crew, and larger values are usually kilometres misread.
MAX_RADIUS_M: Final = 100_000.0

# Older than any 112 centre: a switch whose clock was reset to 1970 would otherwise open sanction windows there.
EARLIEST_MS: Final = 946_684_800_000
# A switch's clock may be wrong by a time zone and a bit; more than a day ahead would keep a caller's windows open.
MAX_AHEAD_MS: Final = 24 * 3_600_000

MAX_DURATION_S: Final = 24 * 3600

# ITU-T Q.850 has seven bits for a cause, SIP six classes of statuses: what is larger is another field's value.
LARGEST_Q850: Final = 127
LARGEST_SIP_STATUS: Final = 699
