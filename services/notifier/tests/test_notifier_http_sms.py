"""SMS by HTTP: each packaged provider as its documents say it behaves, and one that no preset knows."""

import base64
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from notifier_http_peer import NOW_MS, NUMBER, TEXT, Asked, Peer, attempt, peer, running
from siaga_notifier.adapters.http_sms.provider import HttpSmsProvider
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_tenants.http_sms import provider

# One server for all: starting and ending one takes longer than the rest of a test.
pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLBACK = "https://112.example.go.id/n/v1/sms/36.73/gate/receipts"
SETTINGS: dict[str, dict[str, Any]] = {
    "zenziva": {"params": {"userkey": "abc"}, "secrets": ("passkey",)},
    "oca_telkom": {"secrets": ("token",)},
    "kannel": {"params": {"username": "siaga"}, "secrets": ("password",), "sender": "112"},
    "twilio": {"params": {"account_sid": "AC1"}, "secrets": ("auth_token",), "sender": "+6221500112"},
    "vonage": {"params": {"api_key": "k1"}, "secrets": ("api_secret",), "sender": "SIAGA112"},
    "generic": {"secrets": ("token",), "sender": "112"},
}
PATHS = {"kannel": "/cgi-bin/sendsms", "twilio": "/2010-04-01/Accounts/{params.account_sid}/Messages.json"}
SECRET = "s3cret/+ x"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def standing() -> AsyncIterator[Peer]:
    async with peer() as one:
        yield one


@pytest.fixture
def gate(standing: Peer) -> Peer:
    standing.asked.clear()
    return standing


class Workshop:
    """Makes channels, keeps them while the test runs, and closes them."""

    def __init__(self, folder: Path, gate: Peer, keep: AsyncExitStack) -> None:
        self._folder, self._gate, self._keep = folder, gate, keep

    async def own(self, settings: dict[str, Any], public_url: str = "https://112.example.go.id/n/") -> HttpSmsProvider:
        channel = HttpSmsProvider("gate", provider(settings), public_url, lambda: NOW_MS)
        await self._keep.enter_async_context(running(channel))
        return channel

    async def at(self, url: str, name: str) -> HttpSmsProvider:
        return await self.own(told(self._folder, url, preset=name, **SETTINGS[name]))

    async def preset(self, name: str) -> HttpSmsProvider:
        return await self.at(self._gate.url + PATHS.get(name, "/send"), name)


@pytest_asyncio.fixture(loop_scope="module")
async def make(tmp_path: Path, gate: Peer) -> AsyncIterator[Workshop]:
    async with AsyncExitStack() as keep:
        yield Workshop(tmp_path, gate, keep)


def told(folder: Path, url: str, **settings: Any) -> dict[str, Any]:
    names = settings.pop("secrets", ())
    for name in names:
        (folder / name).write_text(f"{SECRET}\n")
    return {**settings, "url": url, "secrets": {name: folder / name for name in names}, "callback_ips": ["127.0.0.1"]}


def zenziva(asked: Asked) -> None:
    assert asked.method == "POST"
    assert asked.form == {"userkey": "abc", "passkey": SECRET, "to": "08110004411", "message": TEXT}


def oca_telkom(asked: Asked) -> None:
    assert asked.headers["authorization"] == f"Bearer {SECRET}"
    assert asked.json == {"phone": "628110004411", "message": TEXT}


def kannel(asked: Asked) -> None:
    assert (asked.method, asked.path) == ("GET", "/cgi-bin/sendsms")
    # Kannel's own marks are not percent-encoded once more than the address that holds them.
    assert asked.query.pop("dlr-url") == f"{CALLBACK}?id=attempt-1&status=%d&number=%p"
    assert asked.query == {
        "username": "siaga", "password": SECRET, "from": "112", "to": NUMBER, "text": TEXT, "charset": "UTF-8",
        "validity": "30", "dlr-mask": "19",
    }  # fmt: skip


def twilio(asked: Asked) -> None:
    assert asked.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(f"AC1:{SECRET}".encode()).decode()
    assert asked.form == {
        "From": "+6221500112", "To": NUMBER, "Body": TEXT, "StatusCallback": CALLBACK, "ValidityPeriod": "1800",
    }  # fmt: skip


def vonage(asked: Asked) -> None:
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(f"k1:{SECRET}".encode()).decode()
    assert asked.json == {
        "channel": "sms", "message_type": "text", "from": "SIAGA112", "to": "628110004411", "text": TEXT,
        "client_ref": "attempt-1", "webhook_url": CALLBACK, "sms": {"encoding_type": "auto"},
    }  # fmt: skip


def generic(asked: Asked) -> None:
    assert asked.headers["authorization"] == f"Bearer {SECRET}"
    assert asked.json == {
        "id": "attempt-1", "to": NUMBER, "from": "112", "text": TEXT, "validity_s": "1800", "callback_url": CALLBACK,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "check", "status", "said", "message_id"),
    [
        ("zenziva", zenziva, 201, {"messageId": 5571, "to": "08110004411", "status": "1", "text": "Success"}, "5571"),
        ("oca_telkom", oca_telkom, 200, {"status": "sent", "msg_uid": "df82-a5"}, "df82-a5"),
        ("kannel", kannel, 202, "0: Accepted for delivery", "attempt-1"),
        ("kannel", kannel, 202, "3: Queued for later delivery", "attempt-1"),
        ("twilio", twilio, 201, {"sid": "SM9", "status": "queued", "error_code": None}, "SM9"),
        ("vonage", vonage, 202, {"message_uuid": "aaaa-bbbb"}, "aaaa-bbbb"),
        ("generic", generic, 200, {"id": "g-1"}, "g-1"),
        # Nothing says under which id: it is known by ours.
        ("generic", generic, 204, "", "attempt-1"),
    ],
)
async def test_each_provider_is_asked_as_it_wants(
    gate: Peer, make: Workshop, name: str, check: Any, status: int, said: Any, message_id: str
) -> None:
    gate.answer = (status, said, {})
    channel = await make.preset(name)
    assert await channel.send(attempt()) == Accepted(message_id)
    check(gate.asked[0])
    assert channel.trouble() is None


def oca(code: int) -> dict[str, Any]:
    return {"errors": [{"message": "whatever", "code": code}]}


@pytest.mark.parametrize(
    ("name", "status", "said", "headers", "outcome"),
    [
        ("zenziva", 200, {"status": "5", "text": "Userkey / Passkey Salah"}, {}, ("down", 60)),
        ("zenziva", 200, {"status": "6"}, {}, "permanent"),
        ("zenziva", 200, {"status": "99"}, {}, ("down", 60)),
        # A refusal that nobody has named is taken as passing.
        ("zenziva", 200, {"status": "77"}, {}, ("temporary", 1)),
        ("oca_telkom", 406, oca(39), {}, "permanent"),
        (
            "oca_telkom",
            406,
            {"errors": [{"message": [{"msg": "Invalid country code"}], "code": "39"}]},
            {},
            "permanent",
        ),
        ("oca_telkom", 401, oca(17), {}, ("down", 60)),
        ("oca_telkom", 429, oca(9), {}, ("temporary", 2)),
        ("oca_telkom", 500, oca(13), {}, ("temporary", 5)),
        ("kannel", 503, "Temporal failure, try again later.", {}, ("temporary", 1)),
        ("kannel", 403, "Authorization failed for sendsms", {}, ("down", 30)),
        ("kannel", 403, "Not routable. Do not try again.", {}, "permanent"),
        ("kannel", 400, "Empty receiver number not allowed, rejected", {}, "permanent"),
        (
            "twilio",
            400,
            {"code": 21211, "message": f"The 'To' number {NUMBER} is not valid", "status": 400},
            {},
            "permanent",
        ),
        ("twilio", 401, {"code": 20003}, {}, ("down", 60)),
        ("twilio", 429, {"code": 20429}, {"Retry-After": "7"}, ("temporary", 7)),
        ("vonage", 422, {"type": "https://x/api-errors#1150", "title": "Invalid sender"}, {}, "permanent"),
        ("vonage", 402, {"title": "Low balance"}, {}, ("down", 60)),
        ("vonage", 429, {"title": "Rate Limit Hit"}, {}, ("temporary", 1)),
        ("generic", 400, "", {}, "permanent"),
        ("generic", 429, "", {"Retry-After": "Thu, 09 Oct 2025 08:53:30 GMT"}, ("temporary", 10)),
        ("generic", 503, "", {"Retry-After": "100000"}, ("down", 300)),
        ("generic", 302, "", {"Location": "http://elsewhere.example/"}, ("down", 15)),
        # The gateway broke off: it may have gone out, and must be resent as a repeat.
        ("generic", 500, "", {}, "unknown"),
        ("generic", 502, "<html>", {}, "unknown"),
        ("kannel", 202, "hello", {}, "unknown"),
    ],
)
async def test_what_each_provider_refuses_is_understood(
    gate: Peer, make: Workshop, name: str, status: int, said: Any, headers: dict[str, str], outcome: Any
) -> None:
    gate.answer = (status, said, headers)
    channel = await make.preset(name)
    result = await channel.send(attempt())
    assert shape(result) == outcome
    assert NUMBER.removeprefix("+") not in str(result)
    assert (channel.trouble() is not None) == (isinstance(outcome, tuple) and outcome[0] == "down")


def shape(result: Outcome) -> Any:
    match result:
        case Temporary(_, after_s, down):
            return ("down" if down else "temporary", after_s)
        case Permanent():
            return "permanent"
        case Unknown():
            return "unknown"
    return "accepted"


# A provider of this kind answers `1701|…` or a bare number, and tells by GET what became of a message.
OWN = """
send:
  method: GET
  url: {url}/api
  number: "62"
  headers: {{Idempotency-Key: "{{key}}"}}
  idempotent: true
  query: {{username: "{{params.user}}", password: "{{secrets.pw}}", destination: "{{to}}", message: "{{text}}", type: "0"}}
  unicode: {{type: "2"}}
  charset: iso-8859-1
answer:
  accepted: {{regex: '^1701\\|'}}
  id: {{regex: '^1701\\|(\\w+)'}}
  code: {{regex: '^(\\d{{4}})'}}
  errors:
    - {{code: ["1025"], then: down, after_s: 60, reason: kredit habis}}
    - {{code: ["1706"], then: permanent}}
receipts: {{id: msgid, number: mobile, status: status, states: {{DELIVRD: delivered, UNDELIV: failed, REJECTD: failed, EXPIRED: expired}}}}
"""


async def test_a_provider_that_no_preset_knows_needs_no_code(gate: Peer, make: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "tcast.yaml"
    file.write_text(OWN.format(url=gate.url))
    (tmp_path / "pw").write_text("p w")
    settings = {"file": file, "params": {"user": "siaga"}, "secrets": {"pw": tmp_path / "pw"}}
    channel = await make.own(settings, public_url="")
    # The provider knows repeats by their key; without an address to be told at, nothing is confirmed.
    assert (channel.keyed, channel.confirms) == (True, False)
    gate.answer = (200, "1701|abc9", {})
    assert await channel.send(attempt("Jl. Café ✓")) == Accepted("abc9")
    assert await channel.send(attempt("Jl. Café")) == Accepted("abc9")
    first, second = gate.asked
    assert first.headers["idempotency-key"] == "key-1"
    # The alphabet lacks ✓: another type, and what the encoding lacks is replaced, never a failure.
    assert (first.query["type"], second.query["type"]) == ("2", "0")
    assert first.query["destination"] == "628110004411"
    gate.answer = (200, "1025", {})
    assert await channel.send(attempt()) == Temporary("kredit habis", 60, down=True)
    gate.answer = (200, "1706|x", {})
    assert await channel.send(attempt()) == Permanent("HTTP 200 (1706)")


async def test_an_order_that_ends_soon_is_not_shown_later(gate: Peer, make: Workshop) -> None:
    gate.answer = (202, "0: Accepted for delivery", {})
    channel = await make.preset("kannel")
    await channel.send(attempt(expires_at_ms=NOW_MS + 300_000))
    await channel.send(attempt(expires_at_ms=NOW_MS - 300_000))
    assert [asked.query["validity"] for asked in gate.asked] == ["5", "1"]


async def test_a_provider_that_is_away_or_silent(make: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = await make.at("http://127.0.0.1:9/", "generic")
    assert shape(await channel.send(attempt())) == ("down", 15)
    assert channel.trouble() is not None
    monkeypatch.setattr("siaga_notifier.adapters.http_sms.provider.WHOLE_S", 0.0)
    silent = await make.preset("generic")
    assert shape(await silent.send(attempt())) == "unknown"


async def test_a_secret_that_is_missing_is_told_and_a_new_one_is_used(
    gate: Peer, make: Workshop, tmp_path: Path
) -> None:
    gate.answer = (200, {"id": "1"}, {})
    channel = await make.preset("generic")
    (tmp_path / "token").unlink()
    assert shape(await channel.send(attempt())) == ("down", 15)
    assert str(tmp_path / "token") in str(channel.trouble())
    (tmp_path / "token").write_text("new")
    assert await channel.send(attempt()) == Accepted("1")
    assert gate.asked[-1].headers["authorization"] == "Bearer new"


async def test_neither_number_nor_text_nor_secret_is_shown(
    gate: Peer, make: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gate.answer = (202, "0: Accepted for delivery", {})
    channel = await make.preset("kannel")
    await channel.send(attempt())
    broken = await make.at("http://127.0.0.1:9/", "kannel")
    result = await broken.send(attempt())
    shown = caplog.text + repr(channel.__dict__) + repr(result)
    for personal in (NUMBER.removeprefix("+"), "Merdeka", SECRET, "s3cret"):
        assert personal not in shown
