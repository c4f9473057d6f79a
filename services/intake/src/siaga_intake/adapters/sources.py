"""Who may post: bearer token or HMAC per source, a local token for the machine itself, anybody only in a demo."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from siaga_tenants import Source, Tenant, Tenants

from siaga_intake.core.centre import Centre, plain

# A signature is good for this long either way: long enough for clocks set by hand, short enough to make a recorded
# request useless.
SIGNATURE_WINDOW_S: Final = 300
_SIGNATURE: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_MAX_SECRET_BYTES: Final = 4096
DEMO_TENANT: Final = "36.73"


class AccessSettings(BaseSettings):
    """Access that is not a tenant's own: for one machine and for demos."""

    # An empty variable is one that was not set: a compose file cannot leave one out.
    model_config = SettingsConfigDict(env_prefix="SIAGA_", frozen=True, extra="ignore", env_ignore_empty=True)

    # SHA-256 (hex) of a token that may post for every tenant.
    local_token_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    # Takes requests without credentials.
    allow_anonymous: bool = False
    # Where requests go that are not bound to a tenant and name none.
    default_tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may go on: whose it is, and by which source; None = by this machine or a demo."""

    centre: Centre
    source: Source | None
    # With neither credentials nor a header that bind it to a tenant, the payload may choose.
    any_tenant: bool


@dataclass(frozen=True, slots=True)
class Denied:
    """A request that may not: 401 = who are you, 403 = not you, 400 = no such tenant."""

    status: int
    reason: str
    field: str = ""


class Sources:
    """The configured sources of all tenants, by their credentials."""

    def __init__(self, tenants: Tenants, access: AccessSettings) -> None:
        if not tenants:
            raise ValueError("no tenants are configured: intake would not know whose calls it takes")
        self.centres: Mapping[str, Centre] = {code: centre(tenant) for code, tenant in tenants.items()}
        self._access = access
        self._by_token: dict[str, tuple[str, Source]] = {}
        self._signers: dict[str, tuple[tuple[Source, bytes], ...]] = {}
        for code, tenant in tenants.items():
            for source in tenant.sources:
                if source.token_sha256:
                    self._by_token[source.token_sha256.lower()] = (code, source)
            self._signers[code] = tuple(
                (source, signing_key(Path(source.hmac_secret_file)))
                for source in tenant.sources
                if source.hmac_secret_file
            )
        self.default_tenant = _default(tenants, access)

    def admit(
        self, header: Callable[[str], str | None], body: bytes, kinds: frozenset[str], now_s: float
    ) -> Admitted | Denied:
        """Judge a request by its headers and, when it is signed, its body; `kinds` are those the door is open for."""
        wanted = header("x-siaga-tenant")
        found: tuple[str, Source] | Denied | None = None
        authorization, signature = header("authorization"), header("x-siaga-signature")
        if authorization is not None:
            found = self._by_token_shown(authorization)
        elif signature is not None:
            named = header("x-siaga-source") or ""
            found = self._by_signature(wanted or self.default_tenant, named, signature, body, now_s)
        elif not self._access.allow_anonymous:
            return Denied(401, "no credentials: send Authorization: Bearer or Basic, or X-Siaga-Signature")
        if isinstance(found, Denied):
            return found
        if wanted is not None and wanted not in self.centres:
            return Denied(400, f"no tenant {wanted[:32]!r} is configured", "X-Siaga-Tenant")
        if found is None:
            return Admitted(self.centres[wanted or self.default_tenant], None, wanted is None)
        code, source = found
        if wanted is not None and wanted != code:
            return Denied(403, "this source belongs to another tenant", "X-Siaga-Tenant")
        if source.kind not in kinds:
            return Denied(403, f"a source of kind {source.kind} may not post here")
        return Admitted(self.centres[code], source, any_tenant=False)

    def _by_token_shown(self, authorization: str) -> tuple[str, Source] | Denied | None:
        """The token's source; None for the local token."""
        token = _token(authorization)
        digest = hashlib.sha256(token or b"").hexdigest()
        found = self._by_token.get(digest)
        local = self._access.local_token_sha256
        if token is None or (found is None and not (local and hmac.compare_digest(local, digest))):
            return Denied(401, "unknown token")
        return found

    def _by_signature(
        self, tenant: str, named: str, signature: str, body: bytes, now_s: float
    ) -> tuple[str, Source] | Denied:
        parsed = _SIGNATURE.fullmatch(signature.strip())
        if parsed is None:
            return Denied(401, "must be t=<epoch>,v1=<hex hmac-sha256>", "X-Siaga-Signature")
        if abs(now_s - int(parsed[1])) > SIGNATURE_WINDOW_S:
            return Denied(401, "the signature's time is too far from ours", "X-Siaga-Signature")
        signed = parsed[1].encode() + b"." + body
        for source, secret in self._signers.get(tenant, ()):
            if named and named not in (source.name, source.instance):
                continue
            if hmac.compare_digest(hmac.new(secret, signed, hashlib.sha256).hexdigest(), parsed[2]):
                return tenant, source
        return Denied(401, "unknown signature", "X-Siaga-Signature")


def _token(authorization: str) -> bytes | None:
    """The token of a bearer, or the password of Basic, all that FreeSWITCH can send; its user name may be any."""
    scheme, _, shown = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return shown.strip().encode()
        case "basic":
            try:
                _, colon, password = base64.b64decode(shown.strip(), validate=True).partition(b":")
            except ValueError:
                return None
            return password if colon else None
        case _:
            return None


def centre(tenant: Tenant) -> Centre:
    """What the core knows of a tenant."""
    instances: dict[str, tuple[str, ...]] = {}
    for source in tenant.sources:
        instances[source.kind] = (*instances.get(source.kind, ()), source.instance)
    return Centre(tenant.code, instances, frozenset(plain(operator) for operator in tenant.operators))


def _default(tenants: Tenants, access: AccessSettings) -> str:
    if access.default_tenant is not None:
        if access.default_tenant not in tenants:
            raise ValueError(f"SIAGA_DEFAULT_TENANT names no configured tenant: {access.default_tenant}")
        return access.default_tenant
    return DEMO_TENANT if DEMO_TENANT in tenants else next(iter(tenants))


def signing_key(path: Path) -> bytes:
    """The key that a source signs with; OSError or ValueError when the file has none."""
    secret = path.read_bytes().strip()
    if not 0 < len(secret) <= _MAX_SECRET_BYTES:
        raise ValueError(f"{path}: an HMAC secret must have 1 to {_MAX_SECRET_BYTES} bytes")
    return secret
