"""Who WhatsApp's posts are from: the hand-shake, the signature over the body, and one app that serves several centres."""

import hashlib
import hmac
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from siaga_intake.adapters.handshake import handshake
from siaga_intake.adapters.sources import AccessSettings, Admitted, Denied, Sources
from siaga_tenants import Conversations, Source, Tenants
from starlette.requests import Request
from starlette.responses import Response

NOW_S = 1_710_123_600.0
BODY = b'{"object":"whatsapp_business_account","entry":[]}'
WHATSAPP = frozenset({"whatsapp"})


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def signed(key: str, body: bytes = BODY) -> str:
    return "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    def key(name: str) -> str:
        file = tmp_path / name
        file.write_text(f"{name}\n")
        return str(file)

    serang = (
        Source("whatsapp", "serang", hmac_secret_file=key("shared"), address="1060", verify_token_sha256=sha("greet me")),
        Source("whatsapp", "off", hmac_secret_file=key("off"), verify_token_sha256=sha("gone"), disabled=True),
        Source("kamailio", "edge1", hmac_secret_file=key("edge")),
        Source("whatsapp", "rotated", hmac_secret_file=key("new"), previous_hmac_secret_file=key("old"),
               previous_until_ms=int(NOW_S * 1000)),
    )  # fmt: skip
    purwakarta = (Source("whatsapp", "purwakarta", hmac_secret_file=key("shared"), address="2070"),)
    tenants = {
        code: SimpleNamespace(
            code=code, sources=of_tenant, operators=(), timezone="Asia/Makassar", conversations=Conversations(60, 90)
        )
        for code, of_tenant in (("36.73", serang), ("32.14", purwakarta))
    }
    return Sources(cast("Tenants", tenants), AccessSettings())


def admitted(
    sources: Sources, signature: str, body: bytes = BODY, kinds: frozenset[str] = WHATSAPP, now_s: float = NOW_S
) -> Admitted | Denied:
    return sources.admit({"x-hub-signature-256": signature}.get, body, kinds, now_s)


def test_a_signed_body_is_its_sources(sources: Sources) -> None:
    found = admitted(sources, signed("shared"))
    assert isinstance(found, Admitted)
    assert found.source is not None
    assert (found.centre.tenant, found.source.name) == ("36.73", "whatsapp/serang")
    assert {address: (centre.tenant, name) for address, (centre, name) in found.reached.items()} == {
        "1060": ("36.73", "whatsapp/serang"),
        "2070": ("32.14", "whatsapp/purwakarta"),
    }
    assert (found.centre.zone_hours, found.centre.session_gap_ms, found.centre.stale_after_ms) == (8, 3_600_000, 90_000)


@pytest.mark.parametrize("key", ["new", "old"])
def test_a_rotated_key_is_good_until_its_time(sources: Sources, key: str) -> None:
    assert isinstance(admitted(sources, signed(key)), Admitted)
    later = admitted(sources, signed(key), now_s=NOW_S + 1)
    assert isinstance(later, Denied) == (key == "old")


@pytest.mark.parametrize(
    ("signature", "body", "status"),
    [
        ("", BODY, 401),
        ("sha256=", BODY, 401),
        ("sha256=\xe9", BODY, 401),
        ("x" * 10_000, BODY, 401),
        (signed("guess"), BODY, 401),
        (signed("shared"), BODY + b" ", 401),
        (signed("shared").upper(), BODY, 401),
        # A switch's key signs its own way, with a time; a whole body signed by it opens nothing.
        (signed("edge"), BODY, 401),
        (signed("off"), BODY, 403),
    ],
)
def test_what_is_not_signed_so_is_not_let_in(sources: Sources, signature: str, body: bytes, status: int) -> None:
    found = admitted(sources, signature, body)
    assert isinstance(found, Denied)
    assert found.status == status


def test_it_opens_no_other_door(sources: Sources) -> None:
    found = admitted(sources, signed("shared"), kinds=frozenset({"asterisk"}))
    assert isinstance(found, Denied)
    assert found.status == 403


async def greeted(sources: Sources, query: str) -> Response:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": query.encode()}
    response: Response = await handshake(sources).endpoint(Request(scope))
    return response


async def test_who_shows_the_verify_token_gets_the_challenge_back(sources: Sources) -> None:
    response = await greeted(sources, "hub.mode=subscribe&hub.verify_token=greet%20me&hub.challenge=1158201444")
    assert (response.status_code, response.body) == (200, b"1158201444")
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 403),
        ("hub.mode=subscribe&hub.verify_token=guess&hub.challenge=1", 403),
        ("hub.mode=subscribe&hub.challenge=1", 403),
        ("hub.mode=unsubscribe&hub.verify_token=greet%20me&hub.challenge=1", 403),
        ("hub.mode=subscribe&hub.verify_token=gone&hub.challenge=1", 403),
        ("hub.mode=subscribe&hub.verify_token=greet%20me", 400),
        ("hub.mode=subscribe&hub.verify_token=greet%20me&hub.challenge=%3Cscript%3E", 400),
    ],
)
async def test_anybody_else_does_not(sources: Sources, query: str, status: int) -> None:
    assert (await greeted(sources, query)).status_code == status
