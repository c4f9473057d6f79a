"""Which switch may ask for advice over HTTP: the sources of the tenants, by the tokens that they show intake."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from siaga_kit.service import Runtime
from siaga_tenants import Source, TenantError, load_sources

log = structlog.get_logger()

# A token that was rotated or a source that was disabled is known as such after this long.
POLL_S: Final = 2.0
# No token is near it; what is longer is not decoded and hashed for whoever sends it.
_MAX_HEADER_CHARACTERS: Final = 4_096


class AccessSettings(BaseSettings):
    """Access that is no tenant's own: for one machine and for demonstrations."""

    # An empty variable is one that was not set: a compose file cannot leave one out.
    model_config = SettingsConfigDict(env_prefix="SIAGA_", frozen=True, extra="ignore", env_ignore_empty=True)

    local_token_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    allow_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who may ask: for one tenant, or (None) for any."""

    tenant: str | None


@dataclass(frozen=True, slots=True)
class _Held:
    tenant: str
    # Set on the token from before the last rotation; 0 = it is the one of now.
    until_ms: int = 0


class Askers:
    """Who may ask, by the digest of the token shown."""

    def __init__(self, sources: Mapping[str, Sequence[Source]], access: AccessSettings) -> None:
        self._access = access
        self.trouble: str | None = None
        self.install(sources)

    def install(self, sources: Mapping[str, Sequence[Source]]) -> None:
        """Know these sources from now on."""
        held: dict[str, _Held] = {}
        for tenant, of_tenant in sources.items():
            for source in of_tenant:
                if source.disabled:
                    continue
                if source.token_sha256:
                    held[source.token_sha256] = _Held(tenant)
                if source.previous_token_sha256:
                    held[source.previous_token_sha256] = _Held(tenant, source.previous_until_ms)
        self._held = held

    def admit(self, authorization: str, now_ms: int) -> Asker | None:
        """Who shows this header (`Bearer TOKEN`, or `Basic` with the token as password); None = nobody who may ask."""
        token = _token(authorization)
        if token:
            digest = hashlib.sha256(token.encode()).hexdigest()
            if digest == self._access.local_token_sha256:
                return Asker(None)
            held = self._held.get(digest)
            if held is not None and (not held.until_ms or now_ms <= held.until_ms):
                return Asker(held.tenant)
        return Asker(None) if self._access.allow_anonymous else None

    async def follow(self, runtime: Runtime, directory: Path) -> None:
        """Read the sources again when a file of theirs has changed; what cannot be read changes nothing, and is told."""
        seen = await asyncio.to_thread(_stamps, directory)
        while not await runtime.sleep(POLL_S):
            now = await asyncio.to_thread(_stamps, directory)
            if now != seen:
                seen = now
                await self._reload(directory)

    async def _reload(self, directory: Path) -> None:
        try:
            self.install(await asyncio.to_thread(load_sources, directory))
        except (TenantError, OSError, ValueError) as error:
            self.trouble = str(error)
            log.warning("changed sources cannot be used, the ones before stay", problems=self.trouble)
        else:
            self.trouble = None


def _token(authorization: str) -> str:
    scheme, _, shown = authorization[:_MAX_HEADER_CHARACTERS].partition(" ")
    shown = shown.strip()
    if scheme.lower() == "bearer":
        return shown
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(shown, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _stamps(directory: Path) -> dict[Path, tuple[int, int]]:
    found = {}
    for file in directory.glob("*/sources.yaml"):
        try:
            told = file.stat()
        except OSError:
            continue
        found[file] = (told.st_mtime_ns, told.st_size)
    return found
