"""The credentials of all sources, ready to be looked up. Made as a whole and never changed: a reload makes new ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from siaga_tenants import Source

_MAX_SECRET_BYTES: Final = 4096
# Kinds of sources whose platform signs the body by X-Hub-Signature-256.
PLATFORMS: Final = frozenset({"whatsapp"})


@dataclass(frozen=True, slots=True)
class Held:
    """Whose credential it is. `until_ms` is set on what a source showed before its last rotation; 0 = it is the one of now."""

    tenant: str
    source: Source
    until_ms: int = 0

    def over(self, now_s: float) -> bool:
        """Whether it was good once, and is no longer."""
        return bool(self.until_ms) and now_s * 1000 > self.until_ms


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who shows what. Tokens and certificates are looked up by their digests, which tell nothing of how near a guess was."""

    by_token: Mapping[str, Held] = field(default_factory=dict)
    # Certificates that open a door alone; where a source has a token or key as well, see `certified`.
    by_certificate: Mapping[str, Held] = field(default_factory=dict)
    # By tenant, for a signature does not say who signs.
    signers: Mapping[str, tuple[tuple[Held, bytes], ...]] = field(default_factory=dict)
    # What a platform shows that asks whether this is the right place, by its digest.
    greetings: Mapping[str, Held] = field(default_factory=dict)

    # The keys that platforms sign whole bodies with, and the sources behind each: one app may serve several centres.
    platforms: Mapping[bytes, tuple[Held, ...]] = field(default_factory=dict)


def credentials(sources: Mapping[str, Sequence[Source]]) -> Credentials:
    """The credentials of the tenants' sources. OSError or ValueError when the file of a key has none."""
    every = [(code, source) for code, of_tenant in sources.items() for source in of_tenant]
    signers = {
        code: tuple(
            (held, signing_key(Path(file)))
            for source in of_tenant
            for file, held in _shown(code, source, source.hmac_secret_file, source.previous_hmac_secret_file)
        )
        for code, of_tenant in sources.items()
    }
    return Credentials(
        {
            digest: held
            for code, source in every
            for digest, held in _shown(code, source, source.token_sha256, source.previous_token_sha256)
        },
        {
            digest: held
            for code, source in every
            if not source.token_sha256 and not source.hmac_secret_file
            for digest, held in _shown(code, source, source.client_cert_sha256, source.previous_client_cert_sha256)
        },
        signers,
        {source.verify_token_sha256: Held(code, source) for code, source in every if source.verify_token_sha256},
        _platforms(signers),
    )


def _platforms(signers: Mapping[str, tuple[tuple[Held, bytes], ...]]) -> Mapping[bytes, tuple[Held, ...]]:
    found: dict[bytes, tuple[Held, ...]] = {}
    for of_tenant in signers.values():
        for held, secret in of_tenant:
            if held.source.kind in PLATFORMS:
                found[secret] = (*found.get(secret, ()), held)
    return found


def _shown(code: str, source: Source, now: str | None, before: str | None) -> list[tuple[str, Held]]:
    shown = [(now, Held(code, source))] if now else []
    return [*shown, (before, Held(code, source, source.previous_until_ms))] if before else shown


def certified(source: Source, certificate: str, now_s: float) -> bool:
    """Whether the connection's certificate (its SHA-256, or empty) is one that the source, if bound to any, may show."""
    if not source.client_cert_sha256 or certificate == source.client_cert_sha256:
        return True
    return certificate == source.previous_client_cert_sha256 and now_s * 1000 <= source.previous_until_ms


def signing_key(path: Path) -> bytes:
    """The key that a source signs with; OSError or ValueError when the file has none."""
    secret = path.read_bytes().strip()
    if not 0 < len(secret) <= _MAX_SECRET_BYTES:
        raise ValueError(f"{path}: an HMAC secret must have 1 to {_MAX_SECRET_BYTES} bytes")
    return secret
