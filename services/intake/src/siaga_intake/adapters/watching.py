"""Notices changed sources and devices while intake runs: a rotated credential or another phone needs no restart."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from siaga_kit.watching import Seen, changes, seen
from siaga_tenants import Source, TenantError, load_devices, load_sources

from siaga_intake.adapters.sources import Known, Sources

log = structlog.get_logger()

# A switch whose token was given out may use it as soon as somebody has typed it in.
POLL_S: Final = 1.0


@dataclass(slots=True)
class SourceWatch:
    """Looks at every `sources.yaml` and the keys they name. What cannot be read changes nothing, and is told."""

    directory: Path
    sources: Sources
    poll_s: float = POLL_S
    # What is wrong with the files as they are now; None = nothing.
    trouble: str | None = None
    _keys: frozenset[Path] = field(default_factory=frozenset)

    async def run(self, stop: asyncio.Event) -> None:
        """Look until told to stop. The first look reads as well: something may have changed since the start read it."""
        async for _ in changes(self._look, stop, self.poll_s):
            await self._reload()

    async def _reload(self) -> None:
        # In a thread: the loop goes on answering while files are read.
        found, trouble = await asyncio.to_thread(self._read)
        if found is not None:
            self.sources.install(found)
            log.info("sources read again", version=self.sources.version)
        elif trouble != self.trouble:
            log.error("changed sources cannot be used, the ones before stay", problems=trouble)
        self.trouble = trouble

    def _read(self) -> tuple[Known | None, str | None]:
        try:
            found = load_sources(self.directory)
            self._keys = _keys(found)
            return self.sources.prepared(found), None
        except (TenantError, OSError, ValueError) as error:
            return None, str(error)

    def _look(self) -> Seen:
        return seen([*self.directory.glob("*/sources.yaml"), *self._keys])


@dataclass(slots=True)
class DeviceWatch:
    """Looks at every `devices.csv`, and `units.yaml`, whose units they name. What cannot be read changes nothing, and is told."""

    directory: Path
    install: Callable[[Mapping[str, Mapping[str, str]]], None]
    poll_s: float = POLL_S
    # What is wrong with the files as they are now; None = nothing.
    trouble: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Look until told to stop; the first look reads as well."""
        async for _ in changes(self._look, stop, self.poll_s):
            trouble = await asyncio.to_thread(self._reload)
            if trouble is not None and trouble != self.trouble:
                log.error("changed devices cannot be used, the ones before stay", problems=trouble)
            self.trouble = trouble

    def _reload(self) -> str | None:
        try:
            self.install(load_devices(self.directory))
        except (TenantError, OSError, ValueError) as error:
            return str(error)
        return None

    def _look(self) -> Seen:
        return seen(file for name in ("devices.csv", "units.yaml") for file in self.directory.glob(f"*/{name}"))


def _keys(sources: Mapping[str, Sequence[Source]]) -> frozenset[Path]:
    return frozenset(
        Path(file)
        for of_tenant in sources.values()
        for source in of_tenant
        for file in (source.hmac_secret_file, source.previous_hmac_secret_file)
        if file
    )
