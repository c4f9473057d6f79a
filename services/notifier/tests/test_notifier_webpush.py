"""Web Push against a push service that decrypts what it gets and checks the centre's signature."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from notifier_push import (
    NOW_MS,
    ORDER,
    TRUSTED,
    Answer,
    Browser,
    Registry,
    Service,
    attempt,
    claims,
    now_ms,
    running,
    web_push_spec,
)
from notifier_smsc import free_port
from siaga_notifier.adapters.push import connecting
from siaga_notifier.adapters.push.vapid import GOOD_FOR_S, Vapid, public_key
from siaga_notifier.adapters.push.webpush import WebPush
from siaga_notifier.core.model import WEBPUSH
from siaga_notifier.core.outcomes import Accepted, Permanent, Temporary, Unknown


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with Service(Answer()).listening() as listening:
        yield listening


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Callable[[Registry], WebPush]]:
    async with running() as run:
        yield lambda registry: run(WebPush(web_push_spec(tmp_path), registry, now_ms, TRUSTED))


Make = Callable[[Registry], WebPush]


async def test_the_service_gets_what_only_the_browser_can_read(service: Service, made: Make, tmp_path: Path) -> None:
    browser = Browser()
    channel = made(Registry(browser.device(f"{service.url}/push/abc")))
    assert await channel.send(attempt(WEBPUSH)) == Accepted("attempt-1")
    (asked,) = service.asked
    assert b"Merdeka" not in asked.body
    order = browser.read(asked.body)
    assert (order["order_id"], order["attempt_id"], order["address"]) == ("order-1", "attempt-1", "Jl. Merdeka 1")
    assert (asked.path, asked.headers["Urgency"], asked.headers["TTL"]) == ("/push/abc", "high", "600")
    assert asked.headers["Content-Encoding"] == "aes128gcm"
    told = claims(asked.headers["Authorization"])
    assert (told["aud"], told["sub"]) == (service.url, "mailto:112@serangkota.go.id")
    assert 0 < told["exp"] - now_ms() // 1000 <= GOOD_FOR_S
    assert asked.headers["Authorization"].endswith(f"k={public_key(tmp_path / 'vapid.pem')}")


async def test_a_repeat_replaces_what_the_phone_has_not_got_yet(service: Service, made: Make) -> None:
    channel = made(Registry(Browser().device(f"{service.url}/push/abc")))
    await channel.send(attempt(WEBPUSH))
    await channel.send(attempt(WEBPUSH, number=2))
    await channel.send(replace(attempt(WEBPUSH), key="another"))
    first, repeat, other = (asked.headers["Topic"] for asked in service.asked)
    assert first == repeat != other
    assert len(first) == 32
    assert set(first) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


async def test_a_long_note_is_cut_for_what_services_take(service: Service, made: Make) -> None:
    browser = Browser()
    channel = made(Registry(browser.device(f"{service.url}/push/abc")))
    await channel.send(attempt(WEBPUSH, order=replace(ORDER, text='"é' * 5_000)))
    assert len(service.asked[0].body) <= 4_096
    order = browser.read(service.asked[0].body)
    assert order["note"].startswith('"é')
    assert order["address"] == "Jl. Merdeka 1"


async def test_a_device_that_nobody_signed_in_gets_nothing(service: Service, made: Make) -> None:
    channel = made(Registry(Browser().device(f"{service.url}/push/abc", name="another")))
    assert await channel.send(attempt(WEBPUSH)) == Permanent("no device signed in as hp-1")
    assert not service.asked


async def test_until_the_devices_are_read_others_stand_in(made: Make) -> None:
    registry = Registry()
    registry.read.clear()
    outcome = await made(registry).send(attempt(WEBPUSH))
    assert isinstance(outcome, Temporary)
    assert outcome.down


@pytest.mark.parametrize("status", [404, 410])
async def test_a_dead_subscription_is_dropped(service: Service, made: Make, status: int) -> None:
    device = Browser().device(f"{service.url}/push/abc")
    registry = Registry(device)
    channel = made(registry)
    service.answers.append(Answer(status))
    assert isinstance(await channel.send(attempt(WEBPUSH)), Permanent)
    assert [(each.key, each.message) for each in registry.published] == [(device.key, None)]
    assert await channel.send(attempt(WEBPUSH)) == Permanent("no device signed in as hp-1")
    assert len(service.asked) == 1


async def test_a_subscription_renewed_meanwhile_is_not_dropped(service: Service, made: Make) -> None:
    old, new = (Browser().device(f"{service.url}/push/{path}") for path in ("old", "new"))
    registry = Registry(old)
    found = registry.find("36.73", ORDER.unit_id, WEBPUSH, "hp-1")
    assert found is not None
    await registry.sign_in(new)
    await registry.drop(found)
    assert await made(registry).send(attempt(WEBPUSH)) == Accepted("attempt-1")
    assert service.asked[0].path == "/push/new"


@pytest.mark.parametrize(
    ("answer", "kind", "after_s"),
    [
        (Answer(202), Accepted, None),
        (Answer(429, {"Retry-After": "7"}), Temporary, 7),
        (Answer(503, {"Retry-After": "100000"}), Temporary, 300),
        (Answer(500), Temporary, 5),
        (Answer(413), Permanent, None),
        (Answer(403), Permanent, None),
        (Answer(400), Permanent, None),
        # A service has no business sending us elsewhere: that is how a device would lead us inside.
        (Answer(307, {"Location": "http://127.0.0.1:1/"}), Permanent, None),
    ],
)
async def test_what_services_answer(
    service: Service, made: Make, answer: Answer, kind: type, after_s: float | None
) -> None:
    registry = Registry(Browser().device(f"{service.url}/push/abc"))
    service.answers.append(answer)
    outcome = await made(registry).send(attempt(WEBPUSH))
    assert isinstance(outcome, kind)
    if isinstance(outcome, Temporary):
        assert (outcome.retry_after_s, outcome.down) == (after_s, False)
    assert not registry.published


async def test_a_service_that_is_away(service: Service, made: Make) -> None:
    dead = Browser().device(f"http://127.0.0.1:{free_port()}/push/abc", "hp-1")
    alive = Browser().device(f"{service.url}/push/abc", "hp-2")
    channel = made(Registry(dead, alive))
    alone = await channel.send(attempt(WEBPUSH))
    await channel.send(attempt(WEBPUSH, device="hp-2"))
    beside = await channel.send(attempt(WEBPUSH))
    assert isinstance(alone, Temporary)
    assert alone.down
    # Another service answers, so the line is not cut: the one device's must not stop the others.
    assert isinstance(beside, Temporary)
    assert not beside.down


async def test_a_service_that_hangs_up_may_have_taken_it(made: Make) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        channel = made(Registry(Browser().device(f"http://127.0.0.1:{port}/push/abc")))
        assert isinstance(await channel.send(attempt(WEBPUSH)), Unknown)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/abc",
        "https://127.0.0.2/abc",
        "https://10.0.0.5/abc",
        "https://[::1]/abc",
        "https://[::ffff:10.0.0.5]/abc",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/abc",
        "https://0x7f.1/abc",
        "https://user@127.0.0.1/abc",
        "ftp://127.0.0.1/abc",
        "https://push.example\\@10.0.0.5/abc",
        "file:///etc/passwd",
    ],
)
async def test_no_device_leads_us_into_a_private_network(made: Make, endpoint: str) -> None:
    outcome = await made(Registry(Browser().device(endpoint))).send(attempt(WEBPUSH))
    assert isinstance(outcome, Permanent)
    assert "address" in outcome.reason


async def test_nor_does_a_name(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    async def inside(_: object, host: str, port: int, family: int) -> list[dict[str, object]]:
        return [{"hostname": host, "host": "10.0.0.5", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", inside)
    outcome = await made(Registry(Browser().device("https://push.example/abc"))).send(attempt(WEBPUSH))
    assert outcome == Permanent("the device's address leads into a private network")
    # A service of the centre's own, named in its settings, may be there.
    assert await connecting.PublicOnly({"push.example"}).resolve("push.example", 443)


def test_one_signature_serves_a_service_for_hours(tmp_path: Path) -> None:
    clock = [NOW_MS]
    spec = web_push_spec(tmp_path)
    signer = Vapid(spec.settings["vapid_key_file"], "mailto:112@example.go.id", lambda: clock[0])
    first = signer.authorization("https://push.example")
    assert signer.authorization("https://push.example") == first
    assert signer.authorization("https://other.example") != first
    clock[0] += GOOD_FOR_S * 1000
    renewed = signer.authorization("https://push.example")
    assert claims(renewed)["exp"] == clock[0] // 1000 + GOOD_FOR_S


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_without_a_key_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vapid.pem").write_bytes(content)
    with pytest.raises(ValueError, match="siaga notify keys"):
        public_key(tmp_path / "vapid.pem")


def test_what_is_shown_of_a_device_does_not_open_it() -> None:
    assert "secret" not in json.dumps(repr(Browser().device("https://push.example/secret")))
