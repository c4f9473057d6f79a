"""The poster against a real HTTP server that fails as front doors do."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from siaga_replay.answers import Receipt, read_answer
from siaga_replay.poster import MAX_IN_FLIGHT, FrontDoorLocked, Poster
from siaga_replay.requests import BadLine, Request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """A front door on a port of its own; can be stopped hard and started again."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/{tail:.*}", self._handler)
        self._runner = web.AppRunner(application, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def opened(handler: Handler) -> AsyncIterator[Door]:
    door = Door(handler)
    await door.start()
    try:
        yield door
    finally:
        await door.stop()


def requests(count: int, path: str = "/v1/switch/asterisk") -> list[Request]:
    return [Request(line, line * 1_000, path, {}, json.dumps([{"n": line}]).encode(), 1) for line in range(count)]


def taken(index: int = 0, name: str = "x") -> dict[str, object]:
    return {"accepted": [{"index": index, "event_id": f"e{name}", "call_id": f"c{name}", "event_ids": [f"e{name}"]}]}


async def accept(request: web.Request) -> web.Response:
    (event,) = await request.json()
    return web.json_response(taken(name=str(event["n"])), status=202)


async def post(
    url: str,
    posts: Sequence[Request | BadLine],
    *,
    speed: float | None = None,
    patience_s: float = 20,
    token: str | None = None,
) -> tuple[list[Receipt], list[BadLine]]:
    receipts: list[Receipt] = []
    bad: list[BadLine] = []
    poster = Poster(url, token, on_receipt=receipts.append, on_bad_line=bad.append, patience_s=patience_s)
    await poster.post(posts, speed)
    return receipts, bad


async def test_every_request_is_acknowledged_with_its_ids_and_bad_lines_are_passed_over() -> None:
    async with opened(accept) as door:
        receipts, bad = await post(door.url, [*requests(3), BadLine(4, "no JSON"), *requests(6)[4:]])
    assert [receipt.event_ids for receipt in receipts] == [("e0",), ("e1",), ("e2",), ("e4",), ("e5",)]
    assert all(receipt.accepted == 1 and receipt.unaccounted == 0 for receipt in receipts)
    assert bad == [BadLine(4, "no JSON")]


async def test_order_is_kept_in_a_lane_and_lanes_run_beside_each_other() -> None:
    seen: defaultdict[str, list[int]] = defaultdict(list)
    under_way, most = 0, 0

    async def slow(request: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        (event,) = await request.json()
        await asyncio.sleep(0.001 * (event["n"] % 3))
        seen[request.path].append(event["n"])
        under_way -= 1
        return web.json_response(taken(), status=202)

    mixed = [each for pair in zip(requests(60, "/a"), requests(60, "/b"), strict=True) for each in pair]
    async with opened(slow) as door:
        await post(door.url, mixed)
    assert seen == {"/a": list(range(60)), "/b": list(range(60))}
    assert 1 < most <= MAX_IN_FLIGHT


@pytest.mark.parametrize("status", [503, 502, 429])
async def test_a_door_that_says_later_is_asked_again(status: int) -> None:
    tries: Counter[int] = Counter()

    async def sometimes(request: web.Request) -> web.Response:
        (event,) = await request.json()
        tries[event["n"]] += 1
        if tries[event["n"]] < 3:
            return web.json_response({"title": "later"}, status=status, headers={"Retry-After": "0.01"})
        return await accept(request)

    async with opened(sometimes) as door:
        receipts, _ = await post(door.url, requests(3))
    assert [receipt.accepted for receipt in receipts] == [1, 1, 1]
    assert tries == {0: 3, 1: 3, 2: 3}


async def test_a_door_that_breaks_on_one_request_gets_a_few_tries_and_the_rest_goes_on() -> None:
    tries: Counter[int] = Counter()

    async def broken(request: web.Request) -> web.Response:
        (event,) = await request.json()
        tries[event["n"]] += 1
        return web.Response(status=500) if event["n"] == 1 else await accept(request)

    async with opened(broken) as door:
        receipts, _ = await post(door.url, requests(3))
    assert [receipt.accepted for receipt in receipts] == [1, 0, 1]
    assert tries[1] == 3
    assert receipts[1].refused[0].reason.startswith("HTTP 500")


async def test_answers_lost_on_the_way_are_asked_for_again() -> None:
    tries: Counter[int] = Counter()

    async def cut(request: web.Request) -> web.StreamResponse:
        (event,) = await request.json()
        tries[event["n"]] += 1
        if tries[event["n"]] == 1:
            assert request.transport is not None
            request.transport.close()
        return await accept(request)

    async with opened(cut) as door:
        receipts, _ = await post(door.url, requests(5))
    assert [receipt.event_ids for receipt in receipts] == [(f"e{number}",) for number in range(5)]


async def test_a_door_killed_in_mid_replay_loses_nothing() -> None:
    door: Door
    restarting: list[asyncio.Task[None]] = []

    async def restart() -> None:
        await door.stop()
        await door.start()

    async def dies_once(request: web.Request) -> web.Response:
        (event,) = await request.json()
        if event["n"] == 40 and not restarting:
            restarting.append(asyncio.create_task(restart()))
            assert request.transport is not None
            request.transport.close()
        return await accept(request)

    async with opened(dies_once) as opened_door:
        door = opened_door
        receipts, _ = await post(door.url, requests(80))
        await asyncio.gather(*restarting)
    assert restarting
    assert sorted(int(receipt.call_ids[0][1:]) for receipt in receipts) == list(range(80))


async def test_a_door_that_never_comes_back_is_told_as_unaccounted() -> None:
    async with opened(accept) as door:
        url = door.url
    receipts, _ = await post(url, requests(2), patience_s=0.3)
    assert [(receipt.accepted, receipt.unaccounted) for receipt in receipts] == [(0, 1), (0, 1)]


async def test_a_locked_door_ends_the_replay_with_the_remedy() -> None:
    async def locked(_: web.Request) -> web.Response:
        return web.Response(status=401)

    async with opened(locked) as door:
        with pytest.raises(FrontDoorLocked, match="token"):
            await post(door.url, requests(300))


async def test_the_token_is_added_unless_the_recording_has_one_and_the_arrival_goes_along() -> None:
    seen: list[tuple[str, str]] = []

    async def look(request: web.Request) -> web.Response:
        seen.append((request.headers["Authorization"], request.headers["X-Siaga-Arrived-At"]))
        return web.json_response(taken(), status=202)

    own = Request(1, 5_000, "/a", {"authorization": "Bearer own"}, b"{}", 1)
    async with opened(look) as door:
        await post(door.url, [Request(0, 4_000, "/a", {}, b"{}", 1), own], token="stack")
    assert seen == [("Bearer stack", "4000"), ("Bearer own", "5000")]


async def test_the_recorded_pace_is_kept() -> None:
    arrivals: list[float] = []

    async def note(_: web.Request) -> web.Response:
        arrivals.append(asyncio.get_running_loop().time())
        return web.json_response(taken(), status=202)

    async with opened(note) as door:
        # Three seconds recorded, at thirty times the pace.
        await post(door.url, [requests(4)[0], requests(4)[3]], speed=30)
    assert arrivals[1] - arrivals[0] > 0.05


def request_of(items: int) -> Request:
    return Request(7, 0, "/a", {}, b"[]", items)


def test_an_answer_accounts_for_every_item() -> None:
    body = {
        "accepted": [{"index": 0, "event_id": "e", "call_id": "c", "event_ids": ["e", "f"]}],
        "ignored": [{"index": 1, "reason": "other leg"}],
        "rejected": [{"index": 2, "field": "Linkedid", "reason": "missing"}],
    }
    receipt = read_answer(request_of(4), 202, json.dumps(body).encode())
    assert (receipt.accepted, receipt.ignored, len(receipt.refused), receipt.unaccounted) == (1, 1, 1, 1)
    assert set(receipt.event_ids) == {"e", "f"}
    assert receipt.call_ids == ("c",)
    assert (receipt.refused[0].line, receipt.refused[0].field) == (7, "Linkedid")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"title":"Payload too large"}', b"\xff"])
def test_a_refusal_without_lists_refuses_every_item(body: bytes) -> None:
    receipt = read_answer(request_of(3), 413, body)
    assert (receipt.accepted, len(receipt.refused), receipt.unaccounted) == (0, 3, 0)


def test_a_success_that_says_nothing_accounts_for_nothing() -> None:
    assert read_answer(request_of(3), 202, b"{}").unaccounted == 3
