"""Who may post: tokens, signatures, the local token, and nobody else."""

import base64
import hashlib
import hmac
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from siaga_intake.adapters.sources import AccessSettings, Admitted, Denied, Sources
from siaga_tenants import Source, Tenants

NOW_S = 1_710_123_600.0
BODY = b'{"Event":"Hangup"}'
ASTERISK, FORM = frozenset({"asterisk"}), frozenset({"form"})


def sha(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture
def tenants(tmp_path: Path) -> Any:
    key = tmp_path / "edge.key"
    key.write_text("signing key\n")
    serang = (
        Source("asterisk", "pbx1", token_sha256=sha("pbx1 token")),
        Source("asterisk", "drill", token_sha256=sha("drill token"), test=True),
        Source("kamailio", "edge1", hmac_secret_file=str(key)),
    )
    return {
        "32.14": SimpleNamespace(code="32.14", sources=(Source("asterisk", "pbx9"),), operators=()),
        "36.73": SimpleNamespace(code="36.73", sources=serang, operators=("op-03",)),
    }


def access(**given: Any) -> AccessSettings:
    return AccessSettings(**given)


def admit(sources: Sources, kinds: frozenset[str] = ASTERISK, /, **headers: str) -> Admitted | Denied:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sources.admit(named.get, BODY, kinds, NOW_S)


def signed(body: bytes = BODY, at_s: float = NOW_S, key: bytes = b"signing key") -> str:
    return f"t={at_s:.0f},v1=" + hmac.new(key, f"{at_s:.0f}.".encode() + body, hashlib.sha256).hexdigest()


def test_a_token_tells_tenant_and_source(tenants: Any) -> None:
    found = admit(Sources(tenants, access()), authorization="Bearer pbx1 token")
    assert isinstance(found, Admitted)
    assert found.source is not None
    assert (found.centre.tenant, found.source.name, found.any_tenant) == ("36.73", "asterisk/pbx1", False)
    assert found.centre.operators == {"op03"}


@pytest.mark.parametrize(
    ("headers", "kinds", "status"),
    [
        ({}, ASTERISK, 401),
        ({"authorization": "Bearer nonsense"}, ASTERISK, 401),
        ({"authorization": "Bearer "}, ASTERISK, 401),
        ({"authorization": "Basic pbx1 token"}, ASTERISK, 401),
        ({"authorization": "Basic"}, ASTERISK, 401),
        ({"authorization": "Basic " + base64.b64encode(b"pbx1 token").decode()}, ASTERISK, 401),
        ({"authorization": "Basic " + base64.b64encode(b"pbx1 token:nonsense").decode()}, ASTERISK, 401),
        ({"authorization": "Digest pbx1 token"}, ASTERISK, 401),
        ({"authorization": "Bearer pbx1 token"}, FORM, 403),
        ({"authorization": "Bearer pbx1 token", "x_siaga_tenant": "32.14"}, ASTERISK, 403),
        ({"authorization": "Bearer local token", "x_siaga_tenant": "99.99"}, ASTERISK, 400),
        ({"x_siaga_signature": "v1=abc"}, ASTERISK, 401),
    ],
)
def test_denied(tenants: Any, headers: dict[str, str], kinds: frozenset[str], status: int) -> None:
    found = admit(Sources(tenants, access(local_token_sha256=sha("local token"))), kinds, **headers)
    assert isinstance(found, Denied)
    assert found.status == status


@pytest.mark.parametrize("user", ["", "fs1", "anybody"])
def test_a_switch_that_can_only_send_basic_shows_its_token_as_the_password(tenants: Any, user: str) -> None:
    shown = base64.b64encode(f"{user}:pbx1 token".encode()).decode()
    found = admit(Sources(tenants, access()), authorization=f"basic {shown}")
    assert isinstance(found, Admitted)
    assert found.source is not None
    assert (found.centre.tenant, found.source.name, found.any_tenant) == ("36.73", "asterisk/pbx1", False)


def test_the_local_token_posts_for_every_tenant(tenants: Any) -> None:
    sources = Sources(tenants, access(local_token_sha256=sha("local token")))
    unbound = admit(sources, FORM, authorization="Bearer local token")
    bound = admit(sources, FORM, authorization="Bearer local token", x_siaga_tenant="32.14")
    assert isinstance(unbound, Admitted)
    assert isinstance(bound, Admitted)
    assert (unbound.centre.tenant, unbound.any_tenant) == ("36.73", True)
    assert (bound.centre.tenant, bound.any_tenant) == ("32.14", False)


def test_anonymous_only_when_allowed_and_a_wrong_token_is_wrong_even_then(tenants: Any) -> None:
    sources = Sources(tenants, access(allow_anonymous=True))
    assert isinstance(admit(sources), Admitted)
    assert isinstance(admit(sources, authorization="Bearer nonsense"), Denied)


def test_the_default_tenant(tenants: Any) -> None:
    assert Sources(tenants, access(default_tenant="32.14")).default_tenant == "32.14"
    assert Sources(cast("Tenants", {"32.14": tenants["32.14"]}), access()).default_tenant == "32.14"
    with pytest.raises(ValueError, match="SIAGA_DEFAULT_TENANT"):
        Sources(tenants, access(default_tenant="99.99"))


def test_no_tenants_no_service() -> None:
    with pytest.raises(ValueError, match="no tenants"):
        Sources(cast("Tenants", {}), access())


KAMAILIO = frozenset({"kamailio"})


def test_a_signature_tells_the_source(tenants: Any) -> None:
    found = admit(Sources(tenants, access()), KAMAILIO, x_siaga_signature=signed())
    assert isinstance(found, Admitted)
    assert found.source is not None
    assert found.source.name == "kamailio/edge1"


@pytest.mark.parametrize(
    ("signature", "more"),
    [
        (signed(at_s=NOW_S - 301), {}),
        (signed(at_s=NOW_S + 301), {}),
        (signed(key=b"another key"), {}),
        (signed(body=b"another body"), {}),
        (signed(), {"x_siaga_source": "edge2"}),
        (signed(), {"x_siaga_tenant": "32.14"}),
        (signed(), {"x_siaga_tenant": "99.99"}),
    ],
)
def test_a_wrong_signature(tenants: Any, signature: str, more: dict[str, str]) -> None:
    found = admit(Sources(tenants, access()), KAMAILIO, x_siaga_signature=signature, **more)
    assert isinstance(found, Denied)
    assert found.status == 401


def test_an_empty_key_file_stops_the_start(tenants: Any, tmp_path: Path) -> None:
    (tmp_path / "edge.key").write_text("\n")
    with pytest.raises(ValueError, match=r"edge\.key"):
        Sources(tenants, access())
