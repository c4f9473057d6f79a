"""The door for devices: who is let in, for which unit, and what becomes of what they say."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from notifier_door import CREWS, ENDPOINT, FLEET, OFF, OLD, OTHER, SECOND, TEST, TOKEN, UNIT, World
from notifier_push import Browser
from siaga_notifier.core.device_words import Shown
from siaga_notifier.core.model import FCM, WEBPUSH, UnitAnswer
from siaga_notifier.core.states import State


def calling(world: World, secret: bytes = b"secret") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(world.application(secret)), base_url="http://door")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(world) as client:
        yield client


def bearer(shown: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}"}


async def sign_in(client: httpx.AsyncClient, device: str = "hp-1", token: str = TOKEN, **more: Any) -> httpx.Response:
    content = {"subscription": Browser().subscription(ENDPOINT), **more}
    return await client.put(f"/v1/devices/webpush/{device}", json=content, headers=bearer(token))


async def test_a_device_signs_in_and_answers(world: World, client: httpx.AsyncClient) -> None:
    answer = await sign_in(client)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["unit_id"], told["device"]) == (UNIT, "hp-1")
    assert world.registry.find("36.73", UNIT, WEBPUSH, "hp-1") is not None
    mine = bearer(told["session"])
    shown = {"order_id": "order-1", "attempt_id": "attempt-1", "status": "shown"}
    assert (await client.post("/v1/answers", json=shown, headers=mine)).status_code == 202
    said = {"order_id": "order-1", "status": "en_route", "at_ms": 1, "lat": -6.1, "lon": 106.1}
    assert (await client.post("/v1/answers", json=said, headers=mine)).status_code == 202
    assert world.shown == [Shown("order-1", "attempt-1", State.DELIVERED)]
    assert world.answers == [UnitAnswer(UNIT, "order-1", "en_route", 0, -6.1, 106.1, via="app")]


async def test_an_app_signs_in_with_its_token(world: World, client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/devices/fcm/hp-1", json={"token": "abc"}, headers=bearer(TOKEN))
    assert answer.status_code == 200
    device = world.registry.find("36.73", UNIT, FCM, "hp-1")
    assert device is not None
    assert device.token == "abc"


@pytest.mark.parametrize(
    ("device", "token", "more", "status", "word"),
    [
        ("hp-1", "wrong", {}, 401, "unknown"),
        ("hp-1", "x" * 600, {}, 401, "Bearer"),
        ("hp-1", OLD, {}, 401, "replaced"),
        ("hp-1", OFF, {}, 401, "disabled"),
        ("hp-1", TEST, {}, 401, "exercises"),
        ("hp-1", "elsewhere", {}, 403, "no unit of 32.14"),
        ("hp-3", "hp-3", {}, 403, "units.yaml"),
        ("hp-1", TOKEN, {"unit_id": OTHER}, 403, "contacts"),
        ("hp-2", SECOND, {}, 403, "several units"),
        ("hp-2", TOKEN, {"unit_id": UNIT}, 403, "no other"),
        # By what a vehicle tells its position nobody reads orders.
        ("hp-1", FLEET, {}, 403, "no other"),
        ("hp-1", TOKEN, {"subscription": {}}, 422, "object"),
        ("hp-1", TOKEN, {"subscription": Browser().subscription("https://10.0.0.5/x")}, 422, "private network"),
    ],
)
async def test_who_may_not_sign_in(
    world: World, client: httpx.AsyncClient, device: str, token: str, more: dict[str, Any], status: int, word: str
) -> None:
    answer = await sign_in(client, device, token, **more)
    assert answer.status_code == status
    assert word in answer.json()["detail"]
    assert not world.registry.published


async def test_units_that_share_a_device_take_turns(world: World, client: httpx.AsyncClient) -> None:
    assert (await sign_in(client, "hp-2", SECOND, unit_id=OTHER)).json()["unit_id"] == OTHER
    assert (await sign_in(client, "hp-2", SECOND, unit_id=UNIT)).json()["unit_id"] == UNIT
    assert world.registry.find("36.73", OTHER, WEBPUSH, "hp-2") is None
    assert world.registry.find("36.73", UNIT, WEBPUSH, "hp-2") is not None


async def test_nobody_signs_in_without_a_secret_or_a_broker(world: World) -> None:
    async with calling(world, b"") as client:
        assert (await sign_in(client)).status_code == 503
    world.registry.away = True
    async with calling(world) as client:
        answer = await sign_in(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert world.registry.find("36.73", UNIT, WEBPUSH, "hp-1") is None


async def test_log_out_ends_the_session_and_the_pushes(world: World, client: httpx.AsyncClient) -> None:
    mine = bearer((await sign_in(client)).json()["session"])
    assert (await client.delete("/v1/devices/webpush/hp-1", headers=mine)).status_code == 204
    assert world.registry.find("36.73", UNIT, WEBPUSH, "hp-1") is None
    assert world.registry.published[-1].message is None
    said = {"order_id": "order-1", "status": "en_route"}
    assert (await client.post("/v1/answers", json=said, headers=mine)).status_code == 401
    assert (await client.delete("/v1/devices/webpush/hp-1", headers=mine)).status_code == 401
    # Nobody's device any more: whoever holds the token finds it done.
    assert (await client.delete("/v1/devices/webpush/hp-1", headers=bearer(TOKEN))).status_code == 204
    assert not world.answers


async def test_a_log_out_that_the_broker_does_not_have_is_none(world: World, client: httpx.AsyncClient) -> None:
    mine = bearer((await sign_in(client)).json()["session"])
    world.registry.away = True
    assert (await client.delete("/v1/devices/webpush/hp-1", headers=mine)).status_code == 503
    assert world.registry.find("36.73", UNIT, WEBPUSH, "hp-1") is not None


async def test_a_phone_handed_on_ends_the_old_session(world: World, client: httpx.AsyncClient) -> None:
    old = bearer((await sign_in(client)).json()["session"])
    # The same browser, signed in by the next crew under its own device.
    await sign_in(client, "hp-2", SECOND, unit_id=OTHER)
    assert world.registry.find("36.73", UNIT, WEBPUSH, "hp-1") is None
    assert (
        await client.post("/v1/answers", json={"order_id": "order-1", "status": "clear"}, headers=old)
    ).status_code == 401
    # First the old one ends, then the new one begins.
    assert [each.message is None for each in world.registry.published] == [False, True, False]


async def test_a_subscription_is_renewed_by_its_own_session_only(world: World, client: httpx.AsyncClient) -> None:
    first = (await sign_in(client)).json()["session"]
    again = await sign_in(client, token=first)
    assert again.status_code == 200
    assert again.json()["session"] != first
    assert (await sign_in(client, token=first)).status_code == 401
    session = again.json()["session"]
    assert (await sign_in(client, "hp-2", token=session, unit_id=UNIT)).status_code == 403
    assert (await sign_in(client, token=session, unit_id=OTHER)).status_code == 403


Forge = Callable[[str], str]


@pytest.mark.parametrize(
    "forge",
    [
        lambda session: session[:-1] + ("0" if session[-1] != "0" else "1"),
        lambda session: session.split(".")[0] + ".1." + session.split(".")[2],
        lambda session: session.rsplit(".", 1)[0] + ".",
        lambda _: "00000000-0000-5000-8000-000000000000.1.00",
        lambda session: session + "é",
    ],
)
async def test_a_forged_session_opens_nothing(client: httpx.AsyncClient, forge: Forge) -> None:
    session = (await sign_in(client)).json()["session"]
    said = {"order_id": "order-1", "status": "en_route"}
    shown = {b"Authorization": b"Bearer " + forge(session).encode()}
    assert (await client.post("/v1/answers", json=said, headers=shown)).status_code == 401


async def test_a_crew_answers_for_itself_only(world: World, client: httpx.AsyncClient) -> None:
    mine = bearer((await sign_in(client)).json()["session"])
    other = await client.post("/v1/answers", json={"order_id": "order-2", "status": "declined"}, headers=mine)
    assert (other.status_code, other.json()["field"]) == (403, "order_id")
    shown = {"order_id": "order-2", "status": "shown", "attempt_id": "attempt-1"}
    assert (await client.post("/v1/answers", json=shown, headers=mine)).status_code == 403
    # An order that nobody remembers is the unit's own word, and may be its only one.
    unknown = await client.post("/v1/answers", json={"order_id": "order-9", "status": "en_route"}, headers=mine)
    assert unknown.status_code == 202
    assert [answer.unit_id for answer in world.answers] == [UNIT]
    token = await client.post("/v1/answers", json={"order_id": "order-1", "status": "clear"}, headers=bearer(TOKEN))
    assert token.status_code == 401


async def test_a_device_that_left_the_contacts_is_out(world: World, client: httpx.AsyncClient) -> None:
    mine = bearer((await sign_in(client)).json()["session"])
    world.crews = replace(CREWS, units={})
    answer = await client.post("/v1/answers", json={"order_id": "order-1", "status": "clear"}, headers=mine)
    assert answer.status_code == 403
    assert not world.answers


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 422), (b"{}", 422), (b"x" * 20_000, 413), (b'{"order_id":"\xff"}', 400)]
)
async def test_what_cannot_be_read_is_told(client: httpx.AsyncClient, body: bytes, status: int) -> None:
    mine = bearer((await sign_in(client)).json()["session"])
    answer = await client.post("/v1/answers", content=body, headers=mine)
    assert answer.status_code == status
    assert answer.json()["detail"]


async def test_without_the_devices_nobody_is_turned_away_for_good(world: World, client: httpx.AsyncClient) -> None:
    mine = bearer((await sign_in(client)).json()["session"])
    world.registry.read.clear()
    answer = await client.post("/v1/answers", json={"order_id": "order-1", "status": "clear"}, headers=mine)
    assert answer.status_code == 503
    assert (await sign_in(client)).status_code == 503


async def test_the_key_that_browsers_subscribe_by(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/push/key?tenant=36.73")).json() == {"public_key": "BKey"}
    assert (await client.get("/v1/push/key?tenant=32.14")).status_code == 404


async def test_the_page_runs_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/app/")
    assert page.status_code == 200
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<style" not in page.text
    assert "onclick" not in page.text
    for name in ("app.css", "app.js", "shared.js", "sw.js", "manifest.webmanifest", "icon.svg"):
        found = await client.get(f"/app/{name}")
        assert found.status_code == 200
        again = await client.get(f"/app/{name}", headers={"If-None-Match": found.headers["ETag"]})
        assert again.status_code == 304
    assert (await client.get("/app")).headers["location"] == "app/"
