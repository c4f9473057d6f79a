"""Many calls at once from several processes, on the real Redis: one incident for one fire, two for two."""

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest
from dispatcher_bench import Bench
from dispatcher_samples import NOON_MS, north, unit
from siaga_dispatcher.core.values import Place, Priority

pytestmark = pytest.mark.stack
AREA = "36.73.02.1005"


def told(number: int, at_m: float) -> dict[str, Any]:
    """What the caller of that number tells of the fire at that place."""
    scatter = random.Random(number)
    point = replace(north(at_m + scatter.uniform(-60, 60)), radius_m=scatter.choice([0, 20, 200]), source="aml")
    usual: dict[str, Any] = {
        "place": Place(point, "", AREA),
        "event_at_ms": NOON_MS + scatter.randrange(600_000),
        "type": scatter.choice(["fire_building", "fire_building", "gas_leak", "fire_vehicle"]),
    }
    others: tuple[dict[str, Any], ...] = (
        {},
        # The form is not complete yet.
        {"type": "unclear", "priority": None},
        # Only the kelurahan, as the gazetteer has it.
        {"type": "fire_land", "place": Place(replace(north(at_m + 700), radius_m=900, source="gazetteer"), "", AREA)},
        {"priority": Priority.P1},
    )
    return {**usual, **others[number % 4]}


async def test_forty_calls_for_one_fire_make_one_incident_whoever_takes_them(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2", away_m=2000), unit("p1", "puskesmas"))
    processes = (bench.dispatcher, bench.another())
    numbers = list(range(40))
    random.Random(7).shuffle(numbers)
    await bench.dispatcher.take_assessment(bench.call("call-0", **told(0, 0.0)))
    await asyncio.gather(
        *(processes[n % 2].take_assessment(bench.call(f"call-{n}", **told(n, 0.0))) for n in numbers if n)
    )
    (incident,) = await bench.store.listed(bench.code, open_only=False, limit=100)
    assert sorted(incident.call_ids) == sorted(f"call-{n}" for n in numbers)
    assert incident.priority is Priority.P1
    assert await bench.store.linked(bench.code, incident.call_ids) == set(incident.call_ids)
    # What each told came with it, and each unit was sent once.
    assert {account.call_id for account in incident.accounts} == set(incident.call_ids)
    assert len({a.unit_id for a in incident.assignments}) == len(incident.assignments)


async def test_two_fires_four_hundred_metres_apart_stay_two_whoever_takes_their_calls(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2", away_m=2000))
    processes = (bench.dispatcher, bench.another())
    calls = []
    for number in range(40):
        fire = number // 2 % 2
        point = replace(north(400 * fire + number % 5 * 10 - 20), radius_m=(0, 250)[number % 2], source="aml")
        calls.append(bench.call(f"{fire}-{number}", place=Place(point, "", AREA)))
    random.Random(8).shuffle(calls)
    await asyncio.gather(*(processes[n % 2].take_assessment(one) for n, one in enumerate(calls)))
    incidents = await bench.store.listed(bench.code, open_only=False, limit=100)
    assert sorted(len(incident.call_ids) for incident in incidents) == [20, 20]
    assert all(len({call_id[0] for call_id in incident.call_ids}) == 1 for incident in incidents)
