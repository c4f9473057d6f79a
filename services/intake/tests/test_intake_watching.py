"""Changed sources are noticed while intake runs; what cannot be read changes nothing and is told."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from siaga_intake.adapters.sources import AccessSettings, Admitted, Sources
from siaga_intake.adapters.watching import SourceWatch
from siaga_tenants import Conversations, Tenants, load_sources

POLL_S = 0.01


def sha(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass
class Watched:
    """A tenant's folder under watch."""

    folder: Path
    sources: Sources
    watch: SourceWatch

    def write(self, *entries: str) -> None:
        (self.folder / "sources.yaml").write_text("sources:\n" + "".join(f"  - {{{each}}}\n" for each in entries))

    def admits(self, token: str) -> bool:
        headers = {"authorization": f"Bearer {token}"}
        return isinstance(self.sources.admit(headers.get, b"", frozenset({"asterisk"}), 0.0), Admitted)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(POLL_S)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    folder = tmp_path / "36.73-kota-serang"
    folder.mkdir()
    (folder / "sources.yaml").write_text(f"sources:\n  - {{kind: asterisk, instance: a, token_sha256: {sha('one')}}}\n")
    tenant = SimpleNamespace(
        code="36.73",
        sources=load_sources(tmp_path)["36.73"],
        operators=(),
        timezone="Asia/Jakarta",
        conversations=Conversations(),
    )
    sources = Sources(cast("Tenants", {"36.73": tenant}), AccessSettings())
    made = Watched(folder, sources, SourceWatch(tmp_path, sources, POLL_S))
    stop = asyncio.Event()
    running = asyncio.create_task(made.watch.run(stop))
    await made.until(lambda: sources.version == 2)
    yield made
    stop.set()
    await running


async def test_a_changed_token_is_known_without_a_restart(watched: Watched) -> None:
    assert watched.admits("one")
    watched.write(f"kind: asterisk, instance: a, token_sha256: {sha('two')}")
    await watched.until(lambda: watched.admits("two"))
    assert not watched.admits("one")
    watched.write(f"kind: asterisk, instance: a, token_sha256: {sha('two')}, disabled: true")
    await watched.until(lambda: not watched.admits("two"))


async def test_what_cannot_be_read_changes_nothing_and_is_told_until_it_is_mended(watched: Watched) -> None:
    version = watched.sources.version
    watched.write("kind: asterisk, instance: a, token_sha256: the-token-itself")
    await watched.until(lambda: watched.watch.trouble is not None)
    assert watched.admits("one")
    assert "sources.yaml:2: sources[0].token_sha256: is not a SHA-256" in str(watched.watch.trouble)
    assert "the-token-itself" not in str(watched.watch.trouble)
    assert watched.sources.version == version
    watched.write(f"kind: asterisk, instance: a, token_sha256: {sha('two')}")
    await watched.until(lambda: watched.admits("two"))
    assert watched.watch.trouble is None


async def test_a_key_that_is_missing_or_changed_is_noticed_when_it_comes(watched: Watched) -> None:
    version = watched.sources.version
    watched.write(f"kind: asterisk, instance: a, token_sha256: {sha('two')}, hmac_secret_file: a.key")
    await watched.until(lambda: watched.watch.trouble is not None)
    assert "a.key" in str(watched.watch.trouble)
    (watched.folder / "a.key").write_text("key")
    await watched.until(lambda: watched.watch.trouble is None)
    await watched.until(lambda: watched.sources.version > version)
    before = watched.sources.version
    (watched.folder / "a.key").write_text("key2")
    await watched.until(lambda: watched.sources.version > before)


async def test_a_file_replaced_by_one_of_the_same_size_is_noticed(watched: Watched) -> None:
    file = watched.folder / "sources.yaml"
    draft = file.with_suffix(".new")
    draft.write_text(file.read_text().replace(sha("one"), sha("two")))
    os.utime(draft, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    draft.replace(file)
    await watched.until(lambda: watched.admits("two"))
