"""Who may post: tokens, signatures, the local token, and nobody else."""

import base64
import hashlib
import hmac
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from siaga_intake.adapters.sources import AccessSettings, Admitted, Denied, Sources
from siaga_tenants import Conversations, Source, Tenants

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
        "32.14": SimpleNamespace(
            code="32.14",
            sources=(Source("asterisk", "pbx9"),),
            operators=(),
            timezone="Asia/Jakarta",
            conversations=Conversations(),
        ),
        "36.73": SimpleNamespace(
            code="36.73", sources=serang, operators=("op-03",), timezone="Asia/Jakarta", conversations=Conversations()
        ),
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


def given(*sources: Source) -> Sources:
    """A centre with these sources."""
    return Sources(
        cast(
            "Tenants",
            {
                "36.73": SimpleNamespace(
                    code="36.73", sources=sources, operators=(), timezone="Asia/Jakarta", conversations=Conversations()
                )
            },
        ),
        access(),
    )


ROTATED = Source(
    "asterisk", "pbx1", token_sha256=sha("new"), previous_token_sha256=sha("old"), previous_until_ms=int(NOW_S * 1000)
)


@pytest.mark.parametrize(
    ("token", "later_s", "let_in"), [("new", 0, True), ("old", 0, True), ("new", 1, True), ("old", 1, False)]
)
def test_the_token_of_before_is_good_until_its_time(token: str, later_s: float, let_in: bool) -> None:
    headers = {"authorization": f"Bearer {token}"}
    found = given(ROTATED).admit(headers.get, BODY, ASTERISK, NOW_S + later_s)
    assert isinstance(found, Admitted) is let_in
    if isinstance(found, Denied):
        assert (found.status, found.reason) == (
            401, "this credential was replaced, and was good until 2024-03-11T02:20:00Z",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "later_s", "let_in"),
    [(b"new", 0, True), (b"old", 0, True), (b"old", 1, False), (b"new", 1, True), (b"other", 0, False)],
)
def test_the_key_of_before_is_good_until_its_time(tmp_path: Path, key: bytes, later_s: float, let_in: bool) -> None:
    for name in ("new", "old"):
        (tmp_path / name).write_text(name)
    sources = given(
        Source(
            "kamailio", "k1", hmac_secret_file=str(tmp_path / "new"), previous_hmac_secret_file=str(tmp_path / "old"),
            previous_until_ms=int(NOW_S * 1000),
        )
    )  # fmt: skip
    now_s = NOW_S + later_s
    headers = {"x-siaga-signature": signed(at_s=now_s, key=key)}
    assert isinstance(sources.admit(headers.get, BODY, KAMAILIO, now_s), Admitted) is let_in


def test_a_disabled_source_is_told_so_and_still_known_by_name() -> None:
    sources = given(Source("asterisk", "pbx1", token_sha256=sha("t"), disabled=True))
    found = admit(sources, authorization="Bearer t")
    assert isinstance(found, Denied)
    assert (found.status, "source asterisk/pbx1 is disabled" in found.reason) == (403, True)
    assert sources.centres["36.73"].instances == {"asterisk": ("pbx1",)}


CERTIFICATE, BEFORE = "c" * 64, "b" * 64


@pytest.mark.parametrize(
    ("source", "shown", "token", "status"),
    [
        (Source("asterisk", "a", client_cert_sha256=CERTIFICATE), CERTIFICATE, "", 0),
        (Source("asterisk", "a", client_cert_sha256=CERTIFICATE), "d" * 64, "", 401),
        (Source("asterisk", "a", client_cert_sha256=CERTIFICATE), "", "", 401),
        (Source("asterisk", "a", client_cert_sha256=CERTIFICATE, disabled=True), CERTIFICATE, "", 403),
        (Source("asterisk", "a", sha("t"), client_cert_sha256=CERTIFICATE), CERTIFICATE, "t", 0),
        (Source("asterisk", "a", sha("t"), client_cert_sha256=CERTIFICATE), "", "t", 403),
        (Source("asterisk", "a", sha("t"), client_cert_sha256=CERTIFICATE), CERTIFICATE, "", 401),
        (Source("asterisk", "a", sha("t")), CERTIFICATE, "t", 0),
    ],
)
def test_a_certificate_opens_alone_or_beside_the_token_where_there_is_one(
    source: Source, shown: str, token: str, status: int
) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    found = given(source).admit(headers.get, BODY, ASTERISK, NOW_S, shown)
    assert (found.status if isinstance(found, Denied) else 0) == status


@pytest.mark.parametrize(("later_s", "let_in"), [(0, True), (1, False)])
@pytest.mark.parametrize("token", ["", "t"])
def test_the_certificate_of_before_is_good_until_its_time(later_s: float, token: str, let_in: bool) -> None:
    source = Source(
        "asterisk", "a", sha(token) if token else None, client_cert_sha256=CERTIFICATE,
        previous_client_cert_sha256=BEFORE, previous_until_ms=int(NOW_S * 1000),
    )  # fmt: skip
    headers = {"authorization": f"Bearer {token}"} if token else {}
    found = given(source).admit(headers.get, BODY, ASTERISK, NOW_S + later_s, BEFORE)
    assert isinstance(found, Admitted) is let_in


@pytest.mark.parametrize("name", ["authorization", "x_siaga_signature"])
def test_a_header_without_end_is_not_looked_into(tenants: Any, name: str) -> None:
    found = admit(Sources(tenants, access()), KAMAILIO, **{name: "Bearer " + "x" * 4096})
    assert isinstance(found, Denied)
    assert (found.status, "at most 4096" in found.reason) == (401, True)


def test_a_signed_request_sent_again_within_its_window_is_taken_again(tenants: Any) -> None:
    sources, signature = Sources(tenants, access()), signed()
    assert all(isinstance(admit(sources, KAMAILIO, x_siaga_signature=signature), Admitted) for _ in range(2))


def test_what_is_known_changes_as_a_whole_and_not_when_a_key_is_missing(tenants: Any, tmp_path: Path) -> None:
    sources = Sources(tenants, access())
    assert sources.version == 1
    sources.install(sources.prepared({"36.73": (Source("asterisk", "pbx1", token_sha256=sha("another")),)}))
    assert sources.version == 2
    assert isinstance(admit(sources, authorization="Bearer another"), Admitted)
    assert isinstance(admit(sources, authorization="Bearer pbx1 token"), Denied)
    with pytest.raises(FileNotFoundError):
        sources.prepared({"36.73": (Source("kamailio", "k", hmac_secret_file=str(tmp_path / "nowhere")),)})
    assert (sources.version, isinstance(admit(sources, authorization="Bearer another"), Admitted)) == (2, True)
