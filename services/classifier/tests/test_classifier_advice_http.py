"""The HTTP door of advice: one word for a switch, and 200 `normal` with a reason for everything that is wrong."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from siaga_classifier.adapters import advice_http
from siaga_classifier.adapters.advice import CallerAdvice
from siaga_classifier.adapters.advice_http import MAX_BODY_BYTES, PATH, AdviceDoor
from siaga_classifier.adapters.askers import AccessSettings, Asker, Askers
from siaga_classifier.core.caller_advice import Kept, Routing, Sanction
from siaga_contracts.callers import caller_key
from siaga_kit.service import Runtime
from siaga_kit.settings import ServerSettings, Settings
from siaga_tenants import Source

SECRET = b"secret"
TENANT = "36.73"
OTHER = "32.14"
NUMBER = "+6281234567890"
NOW_MS = 1_000_000
TOKEN, LOCAL, OLD = "token-of-pbx1", "local-token", "token-before"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def askers(*, anonymous: bool = False, previous_until_ms: int = NOW_MS) -> Askers:
    known = {
        TENANT: [
            Source(
                "kamailio", "edge1", digest(TOKEN), previous_token_sha256=digest(OLD),
                previous_until_ms=previous_until_ms,
            ),
            Source("asterisk", "pbx9", digest("disabled"), disabled=True),
        ],
        OTHER: [Source("asterisk", "pbx1", digest("token-of-other"))],
    }  # fmt: skip
    return Askers(known, AccessSettings(local_token_sha256=digest(LOCAL), allow_anonymous=anonymous))


class OneCaller:
    """One sanctioned caller in one tenant, as the store would tell."""

    def __init__(self) -> None:
        self.broken: BaseException | None = None
        self.hold: asyncio.Event | None = None

    async def get(self, tenant: str, key: str) -> Kept:
        if self.hold is not None:
            await self.hold.wait()
        if self.broken is not None:
            raise self.broken
        if key == caller_key(SECRET, TENANT, NUMBER):
            return Kept(Sanction(Routing.SCREEN_LOW, 5, 0, 7))
        return Kept()


class Door:
    """The running door, and a switch that asks it."""

    def __init__(self, url: str, store: OneCaller, session: aiohttp.ClientSession) -> None:
        self.url, self.store, self._session = url, store, session

    async def ask(
        self, query: dict[str, str] | str = "", *, token: str | None = TOKEN, accept: str = "*/*", **how: Any
    ) -> tuple[int, str, str]:
        headers = {"Accept": accept, **how.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        asked = f"?{query}" if isinstance(query, str) else ""
        params = None if isinstance(query, str) else query
        method = how.pop("method", "GET")
        async with self._session.request(
            method, f"{self.url}{how.pop('path', PATH)}{asked}", params=params, headers=headers, **how
        ) as answer:
            return answer.status, await answer.text(), answer.headers["X-Siaga-Basis"]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    store = OneCaller()
    runtime = Runtime("classifier", Settings(advice=ServerSettings(port=0)))
    advice = CallerAdvice(store, {TENANT, OTHER}, SECRET, lambda: NOW_MS)
    url = advice_http.open_door(runtime, AdviceDoor(advice, askers(), lambda: NOW_MS))
    async with aiohttp.ClientSession() as session:
        yield Door(url, store, session)
    runtime.stop.set()
    await runtime.shut_down()


SANCTIONED = (200, "screen_low", "policy")


@pytest.mark.parametrize("number", ["+6281234567890", "081234567890", "0812-3456-7890"])
async def test_one_word_for_a_number_in_any_spelling(door: Door, number: str) -> None:
    assert await door.ask({"tenant": TENANT, "number": number}) == SANCTIONED


async def test_the_ways_to_ask(door: Door) -> None:
    basic = base64.b64encode(f"edge1:{TOKEN}".encode()).decode()
    asked = {"tenant": TENANT, "number": NUMBER}
    assert await door.ask("tenant=36.73&number=+6281234567890") == SANCTIONED  # a plus that nobody escaped
    assert await door.ask({"number": NUMBER}) == SANCTIONED  # the token's tenant
    assert await door.ask(asked, token=LOCAL) == SANCTIONED
    assert await door.ask(asked, token=OLD) == SANCTIONED
    assert await door.ask(asked, token=None, headers={"Authorization": f"Basic {basic}"}) == SANCTIONED
    assert await door.ask(method="POST", data=asked) == SANCTIONED
    assert await door.ask(method="POST", json=asked) == SANCTIONED
    status, body, _ = await door.ask(asked, accept="application/json")
    assert (status, json.loads(body)) == (
        200,
        {"advice": "screen_low", "state": "permanent", "basis": "policy", "until_ms": 0},
    )


@pytest.mark.parametrize(
    ("how", "basis"),
    [
        ({"query": {"tenant": TENANT, "number": "081200000001"}}, "unknown_caller"),
        ({"query": {"tenant": TENANT, "number": ""}}, "no_number"),
        ({"query": {"tenant": TENANT, "number": "anonymous"}}, "no_number"),
        ({"query": {"tenant": TENANT}}, "no_number"),
        ({"query": {"tenant": "99.99", "number": NUMBER}, "token": LOCAL}, "unknown_tenant"),
        ({"query": {"number": NUMBER}, "token": LOCAL}, "no_tenant"),
        ({"query": {"tenant": TENANT, "number": NUMBER}, "token": "token-of-other"}, "other_tenant"),
        ({"query": {"tenant": TENANT, "number": NUMBER}, "token": None}, "unauthorised"),
        ({"query": {"tenant": TENANT, "number": NUMBER}, "token": "wrong"}, "unauthorised"),
        ({"query": {"tenant": TENANT, "number": NUMBER}, "token": "disabled"}, "unauthorised"),
        ({"query": {"tenant": TENANT, "number": NUMBER}, "token": None, "headers": {"Authorization": "Basic %"}}, "unauthorised"),
        ({"method": "POST", "data": b'{"tenant":'}, "bad_request"),
        ({"method": "POST", "data": b"\xff\xfe"}, "bad_request"),
        ({"method": "POST", "data": b"[" * 9_000}, "bad_request"),
        ({"method": "POST", "json": {"tenant": TENANT, "number": 6281234567890}}, "bad_request"),
        ({"method": "POST", "data": b"n" * (MAX_BODY_BYTES + 1)}, "bad_request"),
    ],
)  # fmt: skip
async def test_everything_else_is_normal_and_says_why(door: Door, how: dict[str, Any], basis: str) -> None:
    assert await door.ask(**how) == (200, "normal", basis)
    _, told, _ = await door.ask(**how, accept="application/json")
    assert json.loads(told)["advice"] == "normal"
    assert NUMBER[1:] not in told
    assert ("reason" in json.loads(told)) == (basis in advice_http.REMEDIES)


async def test_a_store_that_fails_hangs_or_lies_is_normal(door: Door) -> None:
    asked = {"tenant": TENANT, "number": NUMBER}
    door.store.broken = ConnectionError("away")
    assert await door.ask(asked) == (200, "normal", "store_unavailable")
    door.store.hold = asyncio.Event()
    assert await door.ask(asked) == (200, "normal", "store_unavailable")
    door.store.hold.set()


async def test_a_fault_of_ours_is_normal_and_its_log_names_nobody(
    door: Door, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError(NUMBER)

    monkeypatch.setattr(CallerAdvice, "advise", broken)
    assert await door.ask({"tenant": TENANT, "number": NUMBER}) == (200, "normal", "failed")
    told = "".join(capsys.readouterr())
    assert "advice failed" in told
    assert NUMBER[1:] not in told


async def test_another_path_reads_like_an_answer(door: Door) -> None:
    assert await door.ask(path="/v1/advise") == (404, "normal", "no_such_path")


async def test_a_body_that_does_not_come_is_not_waited_for(door: Door) -> None:
    host, _, port = door.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 50\r\n\r\ntenant".encode()
    )
    async with asyncio.timeout(20):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert head.startswith("http/1.1 200")
    assert "x-siaga-basis: slow_request" in head
    writer.close()


def test_a_token_from_before_the_rotation_ends() -> None:
    known = askers(previous_until_ms=NOW_MS)
    assert known.admit(f"Bearer {OLD}", NOW_MS) == Asker(TENANT)
    assert known.admit(f"Bearer {OLD}", NOW_MS + 1) is None
    assert askers(anonymous=True).admit("", NOW_MS) == Asker(None)


async def test_a_rotated_token_needs_no_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siaga_classifier.adapters.askers.POLL_S", 0.01)
    file = tmp_path / "36.73-test" / "sources.yaml"
    file.parent.mkdir()

    def write(token: str) -> None:
        file.write_text(f'sources:\n  - {{kind: kamailio, instance: edge1, token_sha256: "{digest(token)}"}}\n')

    write("first")
    known = Askers({}, AccessSettings())
    runtime = Runtime("classifier", Settings())
    following = asyncio.create_task(known.follow(runtime, tmp_path))

    async def until(done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await asyncio.sleep(0.01)

    try:
        for token in ("second-token", "third-token-here"):
            # Written until it is noticed: the first look may come after the first writing.
            async with asyncio.timeout(20):
                while known.admit(f"Bearer {token}", NOW_MS) is None:
                    write(token)
                    await asyncio.sleep(0.02)
        file.write_text("sources: [")
        await until(lambda: known.trouble is not None)
        assert known.admit("Bearer third-token-here", NOW_MS) == Asker(TENANT)
    finally:
        runtime.stop.set()
        await following
