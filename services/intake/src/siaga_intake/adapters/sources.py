"""Who may post: bearer token, HMAC or certificate per source, a local token for the machine itself, anybody only in a demo."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from siaga_tenants import Source, Tenant, Tenants

from siaga_intake.adapters.credentials import PLATFORMS, Credentials, Held, certified, credentials
from siaga_intake.core.centre import Centre, plain

# A signature is good for this long either way: long enough for clocks set by hand, short enough to make a recorded
# request useless.
SIGNATURE_WINDOW_S: Final = 300
_SIGNATURE: Final = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
# No token of ours is near it; what is longer is not decoded and hashed for whoever sends it.
_MAX_HEADER_CHARACTERS: Final = 4096
# Hours ahead of UTC; Indonesia has no summer time.
_ZONE_HOURS: Final = {"Asia/Jakarta": 7, "Asia/Pontianak": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9}
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
    # The centre and source by what citizens write to, where one platform brings what is for several.
    reached: Mapping[str, tuple[Centre, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Denied:
    """A request that may not: 401 = who are you, 403 = not you, 400 = no such tenant."""

    status: int
    reason: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of the sources at one time."""

    centres: Mapping[str, Centre]
    credentials: Credentials
    # By tenant and name.
    disabled: frozenset[tuple[str, str]] = frozenset()


class Sources:
    """The configured sources of all tenants. What is known of them changes as a whole, and `version` with it."""

    def __init__(self, tenants: Tenants, access: AccessSettings) -> None:
        if not tenants:
            raise ValueError("no tenants are configured: intake would not know whose calls it takes")
        self._tenants = tenants
        self._access = access
        self.default_tenant = _default(tenants, access)
        self.version = 0
        self.install(self.prepared({code: tenant.sources for code, tenant in tenants.items()}))

    def prepared(self, sources: Mapping[str, Sequence[Source]]) -> Known:
        """What is to be known of these sources; changes nothing yet. OSError or ValueError: a key cannot be read."""
        of_tenants = {code: sources.get(code, ()) for code in self._tenants}
        centres = {code: centre(tenant, of_tenants[code]) for code, tenant in self._tenants.items()}
        disabled = {(code, each.name) for code, of in of_tenants.items() for each in of if each.disabled}
        return Known(centres, credentials(of_tenants), frozenset(disabled))

    def install(self, known: Known) -> None:
        """Know this from now on, at once and as a whole."""
        self._known = known
        self.version += 1

    @property
    def centres(self) -> Mapping[str, Centre]:
        """The tenants as the core knows them."""
        return self._known.centres

    def lets_in(self, tenant: str, name: str) -> bool:
        """Whether a source to which intake connects by itself is not disabled at this moment."""
        return (tenant, name) not in self._known.disabled

    def admit(
        self,
        header: Callable[[str], str | None],
        body: bytes,
        kinds: frozenset[str],
        now_s: float,
        certificate: str = "",
    ) -> Admitted | Denied:
        """Judge a request by its headers and, when it is signed, its body; `kinds` are those the door is open for.

        `certificate` is the SHA-256 of what the connection has shown, empty without one.
        """
        wanted = header("x-siaga-tenant")
        held = self._found(header, wanted, body, now_s, certificate)
        if isinstance(held, Denied):
            return held
        if wanted is not None and wanted not in self.centres:
            return Denied(400, f"no tenant {wanted[:32]!r} is configured", "X-Siaga-Tenant")
        if held is None:
            return Admitted(self.centres[wanted or self.default_tenant], None, wanted is None)
        source = held.source
        if held.over(now_s):
            return Denied(401, f"this credential was replaced, and was good until {_written(held.until_ms)}")
        if source.disabled:
            return Denied(403, f"source {source.name} is disabled: `./siaga source enable` lets it in again")
        if not certified(source, certificate, now_s):
            return Denied(403, f"source {source.name} must show its own client certificate")
        if wanted is not None and wanted != held.tenant:
            return Denied(403, "this source belongs to another tenant", "X-Siaga-Tenant")
        if source.kind not in kinds:
            return Denied(403, f"a source of kind {source.kind} may not post here")
        return Admitted(self.centres[held.tenant], source, any_tenant=False, reached=self._reached(held, now_s))

    def greeted(self, token: str) -> bool:
        """Whether a platform shows what one of the sources is to be greeted with."""
        held = self._known.credentials.greetings.get(hashlib.sha256(token.encode()).hexdigest())
        return held is not None and not held.source.disabled

    def _reached(self, held: Held, now_s: float) -> Mapping[str, tuple[Centre, str]]:
        if held.source.kind not in PLATFORMS:
            return {}
        behind = next((each for each in self._known.credentials.platforms.values() if held in each), ())
        return {
            each.source.address: (self.centres[each.tenant], each.source.name)
            for each in behind
            if each.source.address and not each.source.disabled and not each.over(now_s)
        }

    def _found(
        self, header: Callable[[str], str | None], wanted: str | None, body: bytes, now_s: float, certificate: str
    ) -> Held | Denied | None:
        """What was shown; None for what belongs to no source: the local token, or nothing where that is allowed."""
        authorization, signature = header("authorization"), header("x-siaga-signature")
        signed = header("x-hub-signature-256")
        if max(len(authorization or ""), len(signature or ""), len(signed or "")) > _MAX_HEADER_CHARACTERS:
            return Denied(401, f"credentials have at most {_MAX_HEADER_CHARACTERS} characters")
        if authorization is not None:
            return self._by_token_shown(authorization)
        if signature is not None:
            named = header("x-siaga-source") or ""
            return self._by_signature(wanted or self.default_tenant, named, signature, body, now_s)
        if signed is not None:
            return self._by_platform(signed, body, now_s)
        held = self._known.credentials.by_certificate.get(certificate)
        if held is None and not self._access.allow_anonymous:
            return Denied(401, "no credentials: send Authorization: Bearer or Basic, or X-Siaga-Signature")
        return held

    def _by_token_shown(self, authorization: str) -> Held | Denied | None:
        """The token's source; None for the local token."""
        token = _token(authorization)
        digest = hashlib.sha256(token or b"").hexdigest()
        held = self._known.credentials.by_token.get(digest)
        local = self._access.local_token_sha256
        if token is None or (held is None and not (local and hmac.compare_digest(local, digest))):
            return Denied(401, "unknown token")
        return held

    def _by_signature(self, tenant: str, named: str, signature: str, body: bytes, now_s: float) -> Held | Denied:
        parsed = _SIGNATURE.fullmatch(signature.strip())
        if parsed is None:
            return Denied(401, "must be t=<epoch>,v1=<hex hmac-sha256>", "X-Siaga-Signature")
        if abs(now_s - int(parsed[1])) > SIGNATURE_WINDOW_S:
            return Denied(401, "the signature's time is too far from ours", "X-Siaga-Signature")
        signed = parsed[1].encode() + b"." + body
        for held, secret in self._known.credentials.signers.get(tenant, ()):
            if named and named not in (held.source.name, held.source.instance):
                continue
            if hmac.compare_digest(hmac.new(secret, signed, hashlib.sha256).hexdigest(), parsed[2]):
                return held
        return Denied(401, "unknown signature", "X-Siaga-Signature")

    def _by_platform(self, signature: str, body: bytes, now_s: float) -> Held | Denied:
        """Whose platform signs the body so. All keys are tried, so that the time it takes tells of none."""
        shown = signature.strip().removeprefix("sha256=").lower().encode()
        found: tuple[Held, ...] = ()
        for secret, behind in self._known.credentials.platforms.items():
            if hmac.compare_digest(hmac.new(secret, body, hashlib.sha256).hexdigest().encode(), shown):
                found = behind
        if not found:
            return Denied(401, "unknown signature", "X-Hub-Signature-256")
        in_force = [held for held in found if not held.source.disabled and not held.over(now_s)]
        return (*in_force, *found)[0]


def _written(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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


def centre(tenant: Tenant, sources: Sequence[Source] | None = None) -> Centre:
    """What the core knows of a tenant, perhaps with other sources than it was loaded with.

    Disabled ones too: what names them must not mean another meanwhile.
    """
    instances: dict[str, tuple[str, ...]] = {}
    known = tenant.sources if sources is None else sources
    for source in known:
        instances[source.kind] = (*instances.get(source.kind, ()), source.instance)
    return Centre(
        tenant.code,
        instances,
        frozenset(plain(operator) for operator in tenant.operators),
        drills=frozenset(source.name for source in known if source.test),
        zone_hours=_ZONE_HOURS[tenant.timezone],
        session_gap_ms=tenant.conversations.gap_minutes * 60_000,
        stale_after_ms=tenant.conversations.stale_seconds * 1_000,
    )


def _default(tenants: Tenants, access: AccessSettings) -> str:
    if access.default_tenant is not None:
        if access.default_tenant not in tenants:
            raise ValueError(f"SIAGA_DEFAULT_TENANT names no configured tenant: {access.default_tenant}")
        return access.default_tenant
    return DEMO_TENANT if DEMO_TENANT in tenants else next(iter(tenants))
