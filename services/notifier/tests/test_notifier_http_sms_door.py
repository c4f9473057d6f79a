"""What providers of SMS by HTTP tell by themselves: who is believed, what is understood, what comes twice."""

import asyncio
import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from notifier_http_peer import NOW_MS, NUMBER, running
from siaga_notifier.adapters.door.requests import on_http_error
from siaga_notifier.adapters.http_sms import receipts_door
from siaga_notifier.adapters.http_sms.provider import HttpSmsProvider
from siaga_notifier.adapters.http_sms.receipts_door import ReceiptsDoor, Say
from siaga_notifier.core.model import PhoneMessage
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.states import State
from siaga_tenants.http_sms import provider
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

BASE = "/v1/sms/36.73/gate"
PUBLIC = "https://112.example.go.id/n"
SECRET = "12345"
DEFINITION = """
send: {{method: POST, url: "http://127.0.0.1:9/", number: "62", json: {{to: "{{to}}", text: "{{text}}"}}}}
answer: {{id: {{json: id}}}}
{rest}
"""
LISTED = """
receipts: {list: results, id: messageId, number: to, status: status.groupName, reason: error.name,
  states: {DELIVERED: delivered, SEEN: read, UNDELIVERABLE: failed, EXPIRED: expired, PENDING: waiting}}
"""


class Door:
    """A door with one provider behind it, and what came through."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        for name in ("token", "auth_token", "api_secret", "callback"):
            (folder / name).write_text(SECRET)
        self.folder = folder
        self.receipts: list[tuple[str, State | None, str, str]] = []
        self.messages: list[PhoneMessage] = []
        self.stuck = False
        usual = {
            "preset": "generic",
            "secrets": {"token": folder / "token"},
            "sender": "112",
            "url": "http://127.0.0.1:9/",
        }
        self.provider = HttpSmsProvider(
            "gate",
            provider(settings if "file" in settings or "preset" in settings else usual | settings),
            PUBLIC,
            lambda: NOW_MS,
        )
        door = ReceiptsDoor(self._find, self, lambda: NOW_MS / 1000)
        self._app = Starlette(routes=list(door.routes()), exception_handlers={HTTPException: on_http_error})

    def _find(self, tenant: str, provider_id: str) -> HttpSmsProvider | None:
        return self.provider if (tenant, provider_id) == ("36.73", "gate") else None

    async def receipt(self, receipt: Receipt, number: str, *, provider: str) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        assert provider == "gate"
        self.receipts.append((receipt.provider_id, receipt.state, receipt.reason, number))

    async def message(self, message: PhoneMessage, say: Say) -> None:
        assert say == self.provider.say
        self.messages.append(message)

    async def ask(self, method: str, path: str, address: str = "127.0.0.1", **how: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, client=(address, 40_000))
        async with running(self.provider), httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            return await client.request(method, f"{BASE}{path}", **how)


def own(folder: Path, rest: str, **settings: Any) -> Door:
    (folder / "own.yaml").write_text(DEFINITION.format(rest=rest))
    return Door(folder, file=folder / "own.yaml", callback_ips=["127.0.0.0/8"], **settings)


def twilio(folder: Path) -> Door:
    return Door(
        folder, preset="twilio", params={"account_sid": "AC1"}, secrets={"auth_token": folder / "auth_token"},
        sender="+6221500112", callback_secret_file=folder / "auth_token",
    )  # fmt: skip


def vonage(folder: Path) -> Door:
    return Door(
        folder, preset="vonage", params={"api_key": "k"}, secrets={"api_secret": folder / "api_secret"}, sender="112",
        callback_secret_file=folder / "callback",
    )  # fmt: skip


def signed(url: str, fields: dict[str, str], secret: str = SECRET) -> str:
    over = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.digest(secret.encode(), over.encode(), "sha1")).decode()


def jwt(claims: dict[str, Any], head: dict[str, Any] | None = None, secret: str = SECRET) -> str:
    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    told = f"{part(json.dumps(head or {'alg': 'HS256', 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{told}.{part(hmac.digest(secret.encode(), told.encode(), 'sha256'))}"


def test_the_signature_is_the_one_that_twilios_documents_show() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE", "Caller": "+12349013030", "Digits": "1234", "From": "+12349013030",
        "To": "+18005551212",
    }  # fmt: skip
    assert signed("https://mycompany.com/myapp.php?foo=1&bar=2", fields) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


TWILIO = {
    "MessageSid": "SM9",
    "MessageStatus": "undelivered",
    "ErrorCode": "30005",
    "To": NUMBER,
    "From": "+6221500112",
}


async def test_twilio_is_believed_by_its_signature_only(tmp_path: Path) -> None:
    door = twilio(tmp_path)
    good = signed(f"{PUBLIC}{BASE}/receipts", TWILIO)
    for header, status in ((good, 200), (good[:-2], 401), ("", 401), (signed(f"{PUBLIC}{BASE}/messages", TWILIO), 401)):
        answer = await door.ask("POST", "/receipts", data=TWILIO, headers={"X-Twilio-Signature": header})
        assert answer.status_code == status
    forged = await door.ask(
        "POST", "/receipts", data=TWILIO | {"MessageStatus": "delivered"}, headers={"X-Twilio-Signature": good}
    )
    assert forged.status_code == 401
    assert door.receipts == [("SM9", State.FAILED_PERMANENT, "30005", NUMBER)]


async def test_what_a_phone_sends_is_taken_once_and_twilio_answers_it_nothing(tmp_path: Path) -> None:
    door = twilio(tmp_path)
    fields = {"MessageSid": "SM1", "From": NUMBER, "Body": "1 #114 ✓", "To": "+6221500112"}
    headers = {"X-Twilio-Signature": signed(f"{PUBLIC}{BASE}/messages", fields)}
    for _ in range(2):
        answer = await door.ask("POST", "/messages", data=fields, headers=headers)
        assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert door.messages == [PhoneMessage(NUMBER, "1 #114 ✓", tenant="36.73")]


async def test_vonage_is_believed_by_its_jwt_of_now_and_of_this_body(tmp_path: Path) -> None:
    door = vonage(tmp_path)
    body = json.dumps({"message_uuid": "u1", "to": NUMBER.removeprefix("+"), "status": "delivered"}).encode()
    now_s = NOW_MS // 1000
    claims = {"iat": now_s - 20, "payload_hash": hashlib.sha256(body).hexdigest()}
    for token, status in (
        (jwt(claims), 200),
        (jwt(claims, secret="other"), 401),
        (jwt(claims, {"alg": "none"}), 401),
        (jwt(claims, {"alg": "none"}).rpartition(".")[0] + ".", 401),
        (jwt(claims | {"iat": now_s - 4_000}), 401),
        (jwt(claims | {"payload_hash": hashlib.sha256(b"other").hexdigest()}), 401),
        (jwt({"iat": now_s}), 401),
        ("a.b", 401),
        ("é.é.é", 401),
    ):
        headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")]
        assert (await door.ask("POST", "/receipts", content=body, headers=headers)).status_code == status
    assert door.receipts == [("u1", State.DELIVERED, "delivered", NUMBER)]


@pytest.mark.parametrize(
    ("settings", "how", "status"),
    [
        ({}, {}, 401),
        ({"callback_ips": ["127.0.0.1"]}, {}, 200),
        ({"callback_ips": ["10.0.0.0/8"]}, {}, 401),
        ({"callback_ips": ["10.0.0.0/8"]}, {"address": "::ffff:10.1.2.3"}, 200),
        ({"callback_ips": ["127.0.0.1"]}, {"address": "unix"}, 401),
        ({"callback_token_sha256": hashlib.sha256(b"t0k").hexdigest()}, {"params": {"token": "t0k"}}, 200),
        ({"callback_token_sha256": hashlib.sha256(b"t0k").hexdigest()}, {"headers": {"X-Siaga-Token": "t0k"}}, 200),
        (
            {"callback_token_sha256": hashlib.sha256(b"t0k").hexdigest()},
            {"headers": {"Authorization": "Bearer t0k"}},
            200,
        ),
        ({"callback_token_sha256": hashlib.sha256(b"t0k").hexdigest()}, {"params": {"token": "t1k"}}, 401),
        # All that a centre asks for must hold.
        ({"callback_token_sha256": "0" * 64, "callback_ips": ["127.0.0.1"]}, {}, 401),
    ],
)
async def test_a_provider_without_a_signature_is_believed_as_the_centre_says(
    tmp_path: Path, settings: dict[str, Any], how: dict[str, Any], status: int
) -> None:
    door = Door(tmp_path, **settings)
    answer = await door.ask("POST", "/receipts", json={"id": "g1", "to": NUMBER, "status": "expired"}, **how)
    assert answer.status_code == status
    assert door.receipts == ([("g1", State.EXPIRED, "expired", NUMBER)] if status == 200 else [])


async def test_a_token_in_a_file_is_told_to_the_provider_with_the_address(tmp_path: Path) -> None:
    door = Door(tmp_path, callback_secret_file=tmp_path / "callback")
    assert door.provider._callback_url("36.73") == f"{PUBLIC}{BASE}/receipts?token={SECRET}"
    receipt = {"id": "g1", "to": NUMBER, "status": "read"}
    assert (await door.ask("POST", f"/receipts?token={SECRET}", json=receipt)).status_code == 200
    assert (await door.ask("POST", "/receipts", json=receipt)).status_code == 401
    (tmp_path / "callback").unlink()
    answer = await door.ask("POST", f"/receipts?token={SECRET}", json=receipt)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert len(door.receipts) == 1


async def test_a_list_gives_each_its_own_and_what_is_none_harms_nobody(tmp_path: Path) -> None:
    door = own(tmp_path, LISTED)
    told = [
        {"messageId": "a", "to": "628110004411", "status": {"groupName": "DELIVERED"}},
        {"to": "628110004411"},
        "nothing",
        {"messageId": 7, "to": "08110004411", "status": {"groupName": "undeliverable"}, "error": {"name": "EC_ABSENT"}},
        {"messageId": "c", "to": "x", "status": {"groupName": "PENDING"}},
        {"messageId": "d", "status": {"groupName": "EXPIRED"}, "error": {"name": f"no answer from {NUMBER}"}},
        {"messageId": "e", "status": {"groupName": "SOMETHING_NEW"}},
    ]
    assert (await door.ask("POST", "/receipts", json={"results": told})).status_code == 200
    assert door.receipts == [
        ("a", State.DELIVERED, "DELIVERED", NUMBER),
        ("7", State.FAILED_PERMANENT, "EC_ABSENT", NUMBER),
        # A provider's words may name the phone.
        ("d", State.EXPIRED, "", ""),
    ]


@pytest.mark.parametrize(
    ("method", "path", "how", "status", "said"),
    [
        ("POST", "/receipts", {"json": {}}, 422, "correct 'list'"),
        ("POST", "/receipts", {"json": {"results": [{}]}}, 422, "correct its paths"),
        ("POST", "/receipts", {"json": {"results": [{}] * 201}}, 422, "more than 200"),
        ("POST", "/receipts", {"content": b"{" * 100_000}, 422, "neither JSON nor a form"),
        ("POST", "/receipts", {"content": b"[" * (600 * 1024)}, 413, "bytes"),
        (
            "POST",
            "/receipts",
            {"content": urlencode({f"f{n}": "" for n in range(200)}).encode()},
            422,
            "more than 100 fields",
        ),
        ("GET", "/receipts", {"params": {"q": "x" * 9_000}}, 414, "8192"),
        ("GET", "/messages", {}, 404, "'messages'"),
        ("POST", "/../other/receipts", {}, 404, "notify.yaml"),
        ("DELETE", "/receipts", {}, 405, ""),
    ],
)
async def test_what_cannot_be_read_is_told_and_never_a_fault_of_ours(
    tmp_path: Path, method: str, path: str, how: dict[str, Any], status: int, said: str
) -> None:
    door = own(tmp_path, LISTED)
    answer = await door.ask(method, path, **how)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert door.receipts == []


async def test_a_receipt_by_get_and_one_that_cannot_be_kept_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = own(tmp_path, "receipts: {id: msgid, number: mobile, status: status, states: {DELIVRD: delivered}}")
    assert (await door.ask("GET", "/receipts?msgid=1&mobile=62811+0004411&status=DELIVRD")).status_code == 200
    assert door.receipts == [("1", State.DELIVERED, "DELIVRD", NUMBER)]
    door.stuck = True
    monkeypatch.setattr(receipts_door, "PATIENCE_S", 0.0)
    answer = await door.ask("GET", "/receipts?msgid=1&mobile=628110004411&status=DELIVRD")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
