"""Push services that listen on this machine: they decrypt, check signatures, and answer what a test wants."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import http_ece
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from py_vapid import Vapid02
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing
from siaga_kit.settings import KafkaSettings
from siaga_notifier.adapters.push import vapid
from siaga_notifier.adapters.push.registry import Devices
from siaga_notifier.channel import Channel
from siaga_notifier.core.devices import Device
from siaga_notifier.core.model import FCM, WEBPUSH, Attempt, Order, OrderKind
from siaga_tenants.model import ProviderSpec

NOW_MS = 1_760_000_000_000
TRUSTED = frozenset({"127.0.0.1"})

ORDER = Order(
    order_id="order-1",
    tenant="36.73",
    incident_id="incident-1",
    ticket_no="T-114",
    unit_id="3673-DMK-01",
    kind=OrderKind.DISPATCH,
    task_code="114",
    type="fire_building",
    priority="P1",
    confidential=False,
    address="Jl. Merdeka 1",
    lat=-6.12,
    lon=106.15,
    text="Dua lantai",
    callback_number="081234567890",
    contacts=(),
    event_at_ms=NOW_MS,
)


def attempt(channel: str, *, device: str = "hp-1", order: Order = ORDER, number: int = 1) -> Attempt:
    return Attempt(
        f"attempt-{number}", channel, device, number, "#114 P1 Kebakaran: Jl. Merdeka 1", order, key="5b0e2a9e-key"
    )


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Browser:
    """What a browser keeps of a subscription, and by which it reads messages."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = b"0123456789abcdef"
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.p256dh, self.auth = b64(point), b64(self._auth)

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        found: dict[str, Any] = json.loads(plain)
        return found

    def subscription(self, endpoint: str) -> dict[str, Any]:
        return {"endpoint": endpoint, "keys": {"p256dh": self.p256dh, "auth": self.auth}}

    def device(self, endpoint: str, name: str = "hp-1", unit_id: str = ORDER.unit_id) -> Device:
        return Device("36.73", unit_id, WEBPUSH, name, endpoint, self.p256dh, self.auth)


@dataclass
class Answer:
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    content: Any = None


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes


class Service:
    """An HTTP server that keeps what it was asked and answers what is next in `answers`, or the usual."""

    def __init__(self, usual: Answer) -> None:
        self.usual = usual
        self.answers: list[Answer] = []
        self.asked: list[Asked] = []
        self.url = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Service"]:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(Asked(request.path, dict(request.headers), await request.read()))
        answer = self.answers.pop(0) if self.answers else self.usual
        if answer.content is None:
            return web.Response(status=answer.status, headers=answer.headers)
        return web.json_response(answer.content, status=answer.status, headers=answer.headers)


def claims(header: str) -> dict[str, Any]:
    """What a VAPID header claims; AssertionError when its signature is not by the key that it shows."""
    assert Vapid02.verify(header)
    token = header.split("t=")[1].split(",", maxsplit=1)[0]
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return told


def web_push_spec(folder: Path) -> ProviderSpec:
    key_file = folder / "vapid.pem"
    key_file.write_bytes(vapid.made())
    return ProviderSpec(
        "browsers", WEBPUSH, WEBPUSH, {"vapid_key_file": key_file, "subject": "mailto:112@serangkota.go.id"}
    )


def fcm_spec(folder: Path, url: str) -> ProviderSpec:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": "siaga-serang",
        "private_key_id": "1",
        "private_key": key.decode(),
        "client_email": "push@siaga-serang.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{url}/token",
    }
    file = folder / "account.json"
    file.write_text(json.dumps(account))
    return ProviderSpec("firebase", FCM, FCM, {"service_account_file": file, "url": url})


class Registry(Devices):
    """Devices whose broker is a list; with `away` it does not acknowledge."""

    def __init__(self, *devices: Device) -> None:
        self.published: list[Outgoing] = []
        self.away = False
        self.now_ms = NOW_MS
        super().__init__(KafkaSettings(), self._kept, lambda: self.now_ms)
        self.read.set()
        for device in devices:
            self._book.put(replace(device, signed_in_at_ms=device.signed_in_at_ms or NOW_MS - 1_000))

    async def _kept(self, outgoing: Sequence[Outgoing]) -> None:
        if self.away:
            raise Transient("away")
        self.published.extend(outgoing)


C = TypeVar("C", bound=Channel)


@asynccontextmanager
async def running() -> AsyncIterator[Callable[[C], C]]:
    """Runs each channel that it is given until the end."""
    tasks: list[asyncio.Task[None]] = []

    def run(channel: C) -> C:
        tasks.append(asyncio.create_task(channel.run()))
        return channel

    yield run
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def now_ms() -> int:
    """Tokens are judged by the wall clock."""
    return time.time_ns() // 1_000_000
