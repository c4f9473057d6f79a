"""The country that dispatching is measured on: whole, the same every time, and each call an incident of its own."""

import math
from collections import Counter

from siaga_cli.bench import dispatch_nation
from siaga_tenants.borders import METRES_PER_DEGREE


def test_every_regency_has_units_of_every_kind() -> None:
    tenants = dispatch_nation.tenants()
    assert len(tenants) == 514
    assert sum(len(tenant.units) for tenant in tenants.values()) == dispatch_nation.UNITS
    assert all({unit.kind for unit in t.units} == set(dispatch_nation.CAPABILITIES) for t in tenants.values())
    ids = [unit.unit_id for tenant in tenants.values() for unit in tenant.units]
    assert len(set(ids)) == len(ids)
    # Kabupaten Bogor has the most puskesmas, 101 of 10,292.
    assert max(tenants, key=lambda code: len(tenants[code].units)) == "32.01"


def test_calls_are_the_same_every_time_and_apart() -> None:
    calls = dispatch_nation.calls("test", 400, ("32.01", "36.73"))
    assert calls == dispatch_nation.calls("test", 400, ("32.01", "36.73"))
    assert calls != dispatch_nation.calls("another", 400, ("32.01", "36.73"))
    assert len({call.call_id for call in calls}) == 400
    assert Counter(call.type for call in calls).most_common(1)[0][1] < 200
    for first in calls:
        for other in calls:
            same = (first.tenant, first.type) == (other.tenant, other.type)
            if same and first.call_id != other.call_id:
                here, there = first.place.position, other.place.position
                # A hair less than in degrees: a degree of longitude is shorter away from the equator.
                stretch = math.cos(math.radians(here.lat))
                away_m = math.hypot(here.lat - there.lat, (here.lon - there.lon) * stretch) * METRES_PER_DEGREE
                assert away_m > 500
