"""Valhalla and OSRM over HTTP, played from what the real servers answered."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from road_answers import (
    BALZERS,
    ITALY,
    OSRM_TABLE,
    SCHAAN,
    VADUZ,
    VALHALLA_CELLS,
    VALHALLA_UNCONNECTED,
    valhalla_matrix,
)
from siaga_dispatcher.adapters.roads.answers import Answers, RoadNetwork, RoadsUnusableError
from siaga_dispatcher.adapters.roads.osrm import Osrm
from siaga_dispatcher.adapters.roads.valhalla import PORTION, Valhalla
from siaga_dispatcher.core.roads.drives import OFF_ROAD_KMH, Drive
from siaga_dispatcher.core.values import Position

Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def ask(network: RoadNetwork, *origins: Position) -> Answers:
    answers = Answers()
    try:
        await network.ask(origins, VADUZ, answers)
    finally:
        await network.close()
    return answers


def near(seconds: float, length_m: float, beside_m: float) -> Drive:
    """A drive with rests beside the road, as far as those are known to the metre."""
    return Drive(
        pytest.approx(seconds + beside_m / (OFF_ROAD_KMH / 3.6), abs=0.5), pytest.approx(length_m + beside_m, abs=1)
    )


async def test_osrm_tells_times_and_how_far_each_place_is_from_its_street() -> None:
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        return web.json_response(OSRM_TABLE)

    async with serving(answer) as url:
        answers = await ask(Osrm(url), SCHAAN, BALZERS, ITALY)
    assert answers.drives == {0: near(270.7, 2_982, 12.5 + 3.1), 1: near(694.3, 9_096.6, 30.7 + 3.1), 2: None}
    assert (
        asked[0].path == "/table/v1/driving/9.521000,47.141000;9.509000,47.165000;9.503000,47.066000;8.500000,46.100000"
    )
    assert asked[0].query["sources"] == "1;2;3"
    assert asked[0].query["destinations"] == "0"


async def test_osrm_without_a_way() -> None:
    table = OSRM_TABLE | {"durations": [[None], [694.3], [1514.1]], "distances": [[None], [9096.6], [12790.3]]}

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(table)

    async with serving(answer) as url:
        answers = await ask(Osrm(url), SCHAAN, BALZERS, ITALY)
    assert answers.drives[0] is None
    assert answers.drives[1] is not None


def valhalla(unconnected: set[Position], requests: list[int]) -> Handler:
    """A service that refuses a whole matrix for one place, as the real one does."""

    async def answer(request: web.Request) -> web.Response:
        question = await request.json()
        origins = [Position(place["lat"], place["lon"]) for place in question["sources"]]
        requests.append(len(origins))
        if unconnected & set(origins):
            return web.json_response(VALHALLA_UNCONNECTED, status=400)
        return web.json_response(valhalla_matrix(origins))

    return answer


async def test_valhalla_tells_times_in_one_request() -> None:
    requests: list[int] = []
    async with serving(valhalla(set(), requests)) as url:
        answers = await ask(Valhalla(url), SCHAAN, BALZERS)
    assert answers.drives == {0: near(220, 2_985, 12.5 + 3.1), 1: near(579, 9_100, 30.7 + 3.1)}
    assert requests == [2]


async def test_valhalla_is_asked_in_portions_the_nearest_first() -> None:
    requests: list[int] = []
    async with serving(valhalla(set(), requests)) as url:
        answers = await ask(Valhalla(url), *[SCHAAN] * (2 * PORTION + 1))
    assert sorted(requests) == [1, PORTION, PORTION]
    assert sorted(answers.drives) == list(range(2 * PORTION + 1))


async def test_one_place_that_valhalla_cannot_reach_does_not_spoil_the_others() -> None:
    requests: list[int] = []
    async with serving(valhalla({ITALY}, requests)) as url:
        answers = await ask(Valhalla(url), SCHAAN, ITALY, BALZERS, SCHAAN)
    assert {number for number, drive in answers.drives.items() if drive is None} == {1}
    assert len(answers.drives) == 4
    assert sorted(requests) == [1, 1, 2, 2, 4]


async def test_valhalla_without_a_way() -> None:
    async def answer(_: web.Request) -> web.Response:
        none = VALHALLA_CELLS[SCHAAN] | {"time": None, "distance": None}
        return web.json_response({"sources_to_targets": [[none]]})

    async with serving(answer) as url:
        assert (await ask(Valhalla(url), SCHAAN)).drives == {0: None}


@pytest.mark.parametrize("network", [Valhalla, Osrm])
@pytest.mark.parametrize(
    ("status", "body", "heard", "told"),
    [
        (502, b"<html>Bad Gateway</html>", False, "no JSON"),
        (200, b"[]", True, "status 200"),
        (200, b"{}", True, "status 200"),
        (500, b'{"code": "InternalError", "error_code": 500}', True, "status 500"),
        (302, b"{}", True, "status 302"),
        (200, b'"' + b"x" * 1_100_000 + b'"', False, "more than"),
    ],
)
async def test_what_is_no_answer(
    network: Callable[[str], RoadNetwork], status: int, body: bytes, heard: bool, told: str
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Location": "/elsewhere"} if status == 302 else {})

    answers = Answers()
    async with serving(answer) as url:
        asked = network(url)
        with pytest.raises(RoadsUnusableError, match=told):
            await asked.ask([SCHAAN], VADUZ, answers)
        await asked.close()
    assert (answers.drives, answers.heard) == ({}, heard)


@pytest.mark.parametrize("network", [Valhalla, Osrm])
async def test_nobody_there_is_told_without_the_place(network: Callable[[str], RoadNetwork]) -> None:
    with pytest.raises(RoadsUnusableError) as told:
        await ask(network("http://127.0.0.1:9"), SCHAAN)
    assert "47.1" not in str(told.value)


def test_the_samples_are_json_as_it_came() -> None:
    everything: list[Any] = [OSRM_TABLE, VALHALLA_UNCONNECTED, valhalla_matrix([SCHAAN, BALZERS])]
    assert json.loads(json.dumps(everything)) == everything
