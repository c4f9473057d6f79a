"""Credentials in `sources.yaml`: rotation, certificates, limits, and what is said of what cannot be."""

import shutil
from pathlib import Path

import pytest
from siaga_tenants import Source, TenantError, load_sources, load_tenants

REAL = Path(__file__).resolve().parents[3] / "tenants"
SERANG, PURWAKARTA = "36.73-kota-serang", "32.14-purwakarta"
A, B, C = "a" * 64, "b" * 64, "c" * 64
# 2026-01-15T14:00:00+07:00
UNTIL_MS = 1_768_460_400_000


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in (SERANG, PURWAKARTA):
        (tmp_path / name).mkdir()
        shutil.copy(REAL / name / "sources.yaml", tmp_path / name)
    return tmp_path


def _text(*entries: str) -> str:
    return "sources:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def _write(directory: Path, *entries: str, tenant: str = SERANG) -> Path:
    file = directory / tenant / "sources.yaml"
    file.write_text(_text(*entries), "utf-8")
    return file


def test_every_credential_with_the_one_before_it(directory: Path) -> None:
    until = 'previous_until: "2026-01-15T14:00:00+07:00"'
    folder = _write(
        directory,
        f"kind: asterisk, instance: a1, token_sha256: {A}, previous_token_sha256: {B}, {until}, rate_per_s: 250",
        f"kind: kamailio, instance: k1, hmac_secret_file: new.key, previous_hmac_secret_file: /old.key, {until}",
        f"kind: freeswitch, instance: f1, client_cert_sha256: {C}, disabled: true",
        "kind: form, instance: console",
    ).parent
    assert load_sources(directory)["36.73"] == (
        Source("asterisk", "a1", A, previous_token_sha256=B, previous_until_ms=UNTIL_MS, rate_per_s=250),
        Source(
            "kamailio", "k1", hmac_secret_file=str(folder / "new.key"), previous_hmac_secret_file="/old.key",
            previous_until_ms=UNTIL_MS,
        ),
        Source("freeswitch", "f1", client_cert_sha256=C, disabled=True),
        Source("form", "console"),
    )  # fmt: skip


def test_the_sources_alone_are_those_of_the_whole() -> None:
    assert load_sources(REAL) == {code: tenant.sources for code, tenant in load_tenants(REAL).items()}


def test_a_text_that_is_to_stand_there_is_read_instead(directory: Path) -> None:
    file = directory / SERANG / "sources.yaml"
    found = load_sources(directory, {file: _text("kind: app, instance: app9")})
    assert [source.name for source in found["36.73"]] == ["app/app9"]
    assert len(found["32.14"]) > 1


@pytest.mark.parametrize(
    ("entry", "place", "expected"),
    [
        (f"token_sha256: {A[1:]}", "token_sha256", "is not a SHA-256 in 64 lower-case hex digits"),
        (f"previous_token_sha256: {A}, previous_until: '2026-01-15T14:00Z'", "previous_token_sha256", "without token"),
        (f"token_sha256: {A}, previous_token_sha256: {B}", "previous_token_sha256", "needs 'previous_until'"),
        (
            f"token_sha256: {A}, previous_token_sha256: {A}, previous_until: '2026-01-15T14:00Z'",
            "previous_token_sha256",
            "stands already at",
        ),
        (f"token_sha256: {A}, previous_until: '2026-01-15T14:00Z'", "previous_until", "stands without"),
        (
            f"token_sha256: {A}, previous_token_sha256: {B}, previous_until: '2026-01-15T14:00'",
            "previous_until",
            "is not a time with its offset",
        ),
        (
            f"token_sha256: {A}, previous_token_sha256: {B}, previous_until: soon",
            "previous_until",
            "'soon' is not a time",
        ),
        (
            f"token_sha256: {A}, previous_token_sha256: {B}, previous_until: 2026-01-15T14:00:00Z",
            "previous_until",
            "put it in quotes",
        ),
        ("rate_per_s: 0", "rate_per_s", "is not a number from 0.1"),
        ("disabled: no!", "disabled", "must be true or false"),
        (f"token_sha265: {A}", "token_sha265", "did you mean 'token_sha256'?"),
    ],
)
def test_what_cannot_be_is_named_with_its_place(directory: Path, entry: str, place: str, expected: str) -> None:
    file = _write(directory, f"kind: asterisk, instance: a1, {entry}")
    with pytest.raises(TenantError) as caught:
        load_sources(directory)
    (told,) = caught.value.problems
    assert told.startswith(f"{file}:2: sources[0].{place}: ")
    assert expected in told


@pytest.mark.parametrize("key", ["token_sha256", "client_cert_sha256"])
def test_a_credential_tells_one_source_of_one_tenant_even_when_it_is_the_one_before(directory: Path, key: str) -> None:
    first = _write(directory, f"kind: asterisk, instance: a1, {key}: {A}", tenant=PURWAKARTA)
    _write(
        directory,
        f"kind: asterisk, instance: a1, {key}: {B}, previous_{key}: {A}, previous_until: '2026-01-15T14:00:00Z'",
    )
    with pytest.raises(TenantError, match=f"stands already at {first}:2"):
        load_sources(directory)
