"""What would be sent, without doing it: the same choice as in earnest, and what it is refused for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc
import pytest
from dispatcher_bench import Bench
from dispatcher_samples import CENTRE, NOON_MS, POLICY, RULES, TENANT, World, call, north, seen, unit
from siaga.v1 import dispatch_service_pb2 as api
from siaga.v1.common_pb2 import PRIORITY_P1, PRIORITY_P3
from siaga_dispatcher.adapters.preview import Dispatch
from siaga_dispatcher.core.coverage import NO_POSTS, Standing, available, covers_of
from siaga_dispatcher.core.preview import imagined, preview
from siaga_dispatcher.core.values import Incident, Place, Priority
from siaga_kit.grpc_server import Refused
from siaga_tenants.coverage import Post

FIRE = imagined(TENANT, "fire_building", Priority.P1, CENTRE, (), NOON_MS)


def test_it_is_whom_a_call_would_send() -> None:
    world = World(unit("d1"), unit("d2", away_m=2_000), unit("p1", "puskesmas"), unit("d3", away_m=3_000))
    found = preview(FIRE, seen(*world.units.values()), NO_POSTS, NOON_MS)
    world.assess(call(priority=Priority.P1))
    chosen = [(c.unit_id, c.role) for c in found.candidates if c.verdict == "chosen"]
    assert chosen == [(a.unit_id, a.role) for a in world.incident.assignments]
    assert [(c.unit_id, c.verdict) for c in found.candidates if c.verdict != "chosen"] == [("d3", "slower")]
    assert [(need.role, need.count, need.optional) for need in found.needs] == [
        ("damkar", 2, False),
        ("ambulance", 1, False),
        ("satgas", 1, True),
    ]


def test_an_open_incident_is_asked_for_what_it_still_lacks() -> None:
    world = World(unit("d1"), unit("p1", "puskesmas"))
    world.assess(call(priority=Priority.P1))
    more = unit("d2", away_m=4_000)
    found = preview(world.incident, seen(*world.units.values(), more), NO_POSTS, NOON_MS)
    assert [(need.role, need.count) for need in found.needs if not need.optional] == [("damkar", 1)]
    assert [c.unit_id for c in found.candidates if c.verdict == "chosen"] == ["d2"]
    without = preview(world.incident, seen(*world.units.values(), more), NO_POSTS, NOON_MS, frozenset({"d2"}))
    assert [(gap.role, gap.code) for gap in without.shortfalls] == [("damkar", "all_busy")]
    assert "d2" not in {c.unit_id for c in without.candidates}


def test_posts_that_would_be_left_short_are_warned_of() -> None:
    post = Post("pusat", "Pos Pusat", CENTRE.lat, CENTRE.lon, ("damkar",), (), 1, within_m=3_000)
    units = [unit("d1"), unit("d2", away_m=2_000), unit("p1", "puskesmas")]
    standing = Standing(covers_of([post], available(units, NOON_MS), POLICY, 12))
    found = preview(FIRE, seen(*units), standing, NOON_MS)
    assert found.warnings == ("Pos Pusat: 0 dari 1 unit damkar siaga dalam 3.0 km",)
    assert not preview(replace(FIRE, priority=Priority.P3), seen(*units), standing, NOON_MS).warnings


@pytest.mark.parametrize(
    ("incident", "codes"),
    [
        (replace(FIRE, place=Place()), ["place_unknown", "place_unknown"]),
        (replace(FIRE, type="non_emergency"), []),
    ],
)
def test_where_nobody_would_be_looked_for_it_says_so(incident: Incident, codes: list[str]) -> None:
    found = preview(incident, seen(unit("d1"), rules=RULES), NO_POSTS, NOON_MS)
    assert not found.candidates
    assert found.search is None
    assert [gap.code for gap in found.shortfalls] == codes


@pytest.mark.stack
async def test_over_grpc_nothing_is_written(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2", away_m=30_000), unit("p1", "puskesmas"))
    service = Dispatch(bench.dispatcher, bench.dispatcher._rules)
    request = api.PreviewRequest(
        tenant=bench.code, type="fire_building", priority=PRIORITY_P1, lat=CENTRE.lat, lon=CENTRE.lon,
        further_types=["injury"],
    )  # fmt: skip
    before = await bench.redis.dbsize()
    answer = await service.Preview(request, None)
    assert [(c.unit_id, c.verdict, c.eta_source) for c in answer.candidates] == [
        ("d1", "chosen", "great_circle"),
        ("d2", "chosen", "great_circle"),
        ("p1", "chosen", "great_circle"),
    ]
    assert answer.candidates[1].detail.startswith("Pos d2: 30.0 km")
    assert [need.role for need in answer.needs] == ["damkar", "ambulance", "satgas"]
    assert await bench.redis.dbsize() == before
    decision = await bench.dispatcher.take_assessment(bench.call(priority=Priority.P1))
    assert decision.incident is not None
    assert {a.unit_id for a in decision.incident.assignments} == {"d1", "d2", "p1"}


@pytest.mark.stack
async def test_over_grpc_an_incident_by_its_id_unless_it_is_confidential(bench: Bench) -> None:
    await bench.put(unit("d1", off_shift=True), unit("s1", "satgas"))
    service = Dispatch(bench.dispatcher, bench.dispatcher._rules)
    fire = await bench.dispatcher.take_assessment(bench.call())
    home = await bench.dispatcher.take_assessment(
        bench.call("call-2", type="kdrt", confidential=True, place=Place(north(900)))
    )
    assert fire.incident is not None
    assert home.incident is not None
    answer = await service.Preview(api.PreviewRequest(tenant=bench.code, incident_id=fire.incident.incident_id), None)
    assert [(gap.role, gap.code) for gap in answer.shortfalls] == [("damkar", "off_duty")]
    asked = api.PreviewRequest(tenant=bench.code, incident_id=home.incident.incident_id)
    with pytest.raises(Refused) as refused:
        await service.Preview(asked, None)
    assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.stack
@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"tenant": "00.00"}, grpc.StatusCode.INVALID_ARGUMENT, "tenant"),
        ({"type": ""}, grpc.StatusCode.INVALID_ARGUMENT, "type: is required"),
        ({"type": "fire_bilding"}, grpc.StatusCode.INVALID_ARGUMENT, "type: 'fire_bilding' is no type"),
        ({"further_types": ["x"]}, grpc.StatusCode.INVALID_ARGUMENT, "further_types: 'x'"),
        ({"lat": 0, "lon": 0}, grpc.StatusCode.INVALID_ARGUMENT, "lat: and lon are required"),
        ({"lat": 91}, grpc.StatusCode.INVALID_ARGUMENT, "lat: 91.0 is not between"),
        ({"excluded_unit_ids": ["u"] * 101}, grpc.StatusCode.INVALID_ARGUMENT, "excluded_unit_ids: names 101"),
        ({"incident_id": "none"}, grpc.StatusCode.NOT_FOUND, "has no incident none"),
    ],
)
async def test_over_grpc_what_is_wrong_is_named(
    bench: Bench, change: dict[str, Any], code: grpc.StatusCode, said: str
) -> None:
    # Without a working state nothing is unknown: it may be there once the state is made again.
    await bench.put()
    service: Callable[..., Any] = Dispatch(bench.dispatcher, bench.dispatcher._rules).Preview
    asked = {"tenant": bench.code, "type": "flood", "priority": PRIORITY_P3, "lat": CENTRE.lat, "lon": CENTRE.lon}
    with pytest.raises(Refused, match=said) as refused:
        await service(api.PreviewRequest(**{**asked, **change}), None)
    assert refused.value.code is code
