"""The page behind a crew's link, as a browser, a link preview and a stranger meet it."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import httpx
import pytest
from siaga_notifier.adapters import hashes
from siaga_notifier.adapters.door import links as door_links
from siaga_notifier.adapters.door.links import ANSWERS_A_WINDOW, STRANGERS_A_WINDOW, LinkDoor, Local, routes
from siaga_notifier.adapters.door.requests import on_http_error
from siaga_notifier.adapters.hashes import Hashes
from siaga_notifier.adapters.link_book import LinkBook
from siaga_notifier.core import links
from siaga_notifier.core.links import EPOCH_MS
from siaga_notifier.core.model import Order, OrderKind, Task, UnitAnswer, task_of
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

# 2025-10-09 in Serang, 15.26.
NOW_MS = 1_760_000_000_000 - 1_760_000_000_000 % 60_000
ORDER = Order(
    order_id="o-1", tenant="36.73", incident_id="i-1", ticket_no="T-1", unit_id="u-1", kind=OrderKind.DISPATCH,
    task_code="114", type="fire_building", priority="P1", confidential=False, address="Jl. Melati 3 <blkg masjid>",
    lat=-6.1, lon=106.1, text="", callback_number="081234567890", contacts=(), event_at_ms=NOW_MS, unit_name="Damkar 1",
)  # fmt: skip
BEGINS = "http://door/a/"


class World:
    """A door, a clock, and what crews said through it."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.answers: list[UnitAnswer] = []
        self.tasks: dict[str, Task] = {}
        self.broker = asyncio.Event()
        self.broker.set()
        self.book = LinkBook(Hashes(hashes.client("redis://127.0.0.1:1")), b"secret", "http://door", lambda _: 12)
        local = Local({"fire_building": "Kebakaran bangunan", "kdrt": "KDRT"}, ZoneInfo("Asia/Jakarta"))
        self.door = LinkDoor(self.book, self._answer, self._task, lambda _: local, lambda: self.now_ms)

    async def _answer(self, answer: UnitAnswer) -> None:
        await self.broker.wait()
        self.answers.append(answer)

    async def _task(self, order_id: str) -> Task | None:
        return self.tasks.get(order_id)

    def link(self, order: Order = ORDER) -> str:
        self.tasks[order.order_id] = task_of(order, NOW_MS, None)
        return self.book.link(order, NOW_MS)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def browser(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=routes(world.door), exception_handlers={HTTPException: on_http_error})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
        yield client


async def test_the_page_says_what_the_task_is(world: World, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(world.link())
    assert answer.status_code == 200
    for part in (
        "#114",
        "P1",
        "Kebakaran bangunan",
        "Jl. Melati 3 &lt;blkg masjid&gt;",
        "maps.google.com/?q=-6.1000,106.1000",
    ):
        assert part in answer.text
    assert re.findall(r'name="status" value="(\w+)"', answer.text) == ["en_route", "on_scene", "clear", "declined"]
    assert "081234567890" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text


async def test_only_a_press_changes_anything(world: World, browser: httpx.AsyncClient) -> None:
    link = world.link()
    for _ in range(5):
        await browser.get(link)
        await browser.head(link)
    await browser.get(link, params={"status": "en_route"})
    assert world.answers == []
    pressed = await browser.post(link, data={"status": "en_route"})
    assert pressed.status_code == 303
    assert world.answers == [UnitAnswer("u-1", "o-1", "en_route", via="link")]
    assert pressed.next_request is not None
    assert str(pressed.next_request.url) == link
    seen = await browser.send(pressed.next_request)
    assert "Pukul 15.53: meluncur" in seen.text
    assert '<button class="next" name="status" value="on_scene"' in seen.text


async def test_pressed_twice_is_said_once(world: World, browser: httpx.AsyncClient) -> None:
    link = world.link()
    for _ in range(3):
        assert (await browser.post(link, data={"status": "on_scene"})).status_code == 303
    assert len(world.answers) == 1


@pytest.mark.parametrize("last", ["clear", "declined"])
async def test_a_task_that_was_ended_by_its_link_is_gone(world: World, browser: httpx.AsyncClient, last: str) -> None:
    link = world.link()
    await browser.post(link, data={"status": last})
    for answer in (await browser.get(link), await browser.post(link, data={"status": "en_route"})):
        assert answer.status_code == 410
        assert "Tugas ini sudah berakhir" in answer.text
        assert "<button" not in answer.text
        assert "Melati" not in answer.text
    assert [answer.status for answer in world.answers] == [last]


async def test_a_task_that_was_stood_down_is_gone(world: World, browser: httpx.AsyncClient) -> None:
    link = world.link()
    world.tasks["o-1"] = replace(world.tasks["o-1"], open=False)
    assert (await browser.get(link)).status_code == 410
    assert (await browser.post(link, data={"status": "en_route"})).status_code == 410
    assert world.answers == []


async def test_an_expired_link_is_gone_and_a_forged_one_unknown(world: World, browser: httpx.AsyncClient) -> None:
    link = world.link()
    forged = link[:-1] + ("2" if link[-1] != "2" else "3")
    for path in (forged, BEGINS + "x", BEGINS + "1" * 24, BEGINS + "%F0%9F%91%8D"):
        assert (await browser.get(path)).status_code == 404
        assert (await browser.post(path, data={"status": "en_route"})).status_code == 404
    nobodys = links.sign(links.key_of(b"secret"), "00" * 6, NOW_MS + 60_000)
    assert (await browser.get(BEGINS + nobodys)).status_code == 410
    world.now_ms += 12 * 3_600_000
    expired = await browser.post(link, data={"status": "en_route"})
    assert expired.status_code == 410
    assert "tidak berlaku" in expired.text
    assert world.answers == []


@pytest.mark.parametrize(
    "body", [b"", b"status=flying", b"status=clear&status=en_route", b"\xff\xfe", b"status=" + b"&a=1" * 100, b"{}"]
)
async def test_what_no_button_sends_is_refused(world: World, browser: httpx.AsyncClient, body: bytes) -> None:
    answer = await browser.post(world.link(), content=body)
    assert answer.status_code == 400
    assert "text/html" in answer.headers["content-type"]
    assert world.answers == []


async def test_a_body_without_end_is_not_read(world: World, browser: httpx.AsyncClient) -> None:
    assert (await browser.post(world.link(), content=b"x" * 100_000)).status_code == 413


async def test_a_confidential_task_names_nothing(world: World, browser: httpx.AsyncClient) -> None:
    order = replace(ORDER, type="kdrt", confidential=True, address="Jl. Melati 3 (KDRT, dianiaya suami)")
    text = (await browser.get(world.link(order))).text
    assert "Jl. Melati 3" in text
    assert "pendekatan senyap" in text
    for word in ("kdrt", "dianiaya", "081234567890"):
        assert word not in text.lower()


async def test_strangers_are_refused_and_crews_are_not(world: World, browser: httpx.AsyncClient) -> None:
    link = world.link()
    answers = [(await browser.get(f"{BEGINS}{number:024}")).status_code for number in range(STRANGERS_A_WINDOW + 1)]
    assert answers == [404] * STRANGERS_A_WINDOW + [429]
    assert (await browser.get(link)).status_code == 200
    for _ in range(ANSWERS_A_WINDOW):
        assert (await browser.post(link, data={"status": "en_route"})).status_code == 303
    assert (await browser.post(link, data={"status": "en_route"})).status_code == 429
    world.now_ms += 60_000
    assert (await browser.post(link, data={"status": "on_scene"})).status_code == 303


async def test_a_word_that_is_not_in_yet_is_not_shown_as_said(
    world: World, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_links, "ANSWER_WITHIN_S", 0.01)
    world.broker.clear()
    link = world.link()
    assert (await browser.post(link, data={"status": "en_route"})).status_code == 503
    assert ": meluncur" not in (await browser.get(link)).text
    world.broker.set()
    assert (await browser.post(link, data={"status": "en_route"})).status_code == 303


def test_the_clock_of_these_tests_is_within_reach() -> None:
    assert NOW_MS > EPOCH_MS
