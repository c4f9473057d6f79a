"""The whole service running in the test's own process, for tests that ask it from outside."""

import asyncio
import gc
import hashlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from siaga_contracts.catalogue import Topic
from siaga_intake.app import start
from siaga_kit.service import Runtime
from siaga_kit.settings import HttpSettings, KafkaSettings, ServerSettings, Settings

TENANTS: Final = Path(__file__).parents[3] / "tenants"
TOKEN: Final = "token of the tests"


@dataclass(frozen=True)
class Here:
    """Where the service listens."""

    url: str
    grpc: str


def only_local_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests, and a token that opens every door."""
    for name in [name for name in os.environ if name.startswith("SIAGA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SIAGA_LOCAL_TOKEN_SHA256", hashlib.sha256(TOKEN.encode()).hexdigest())


@asynccontextmanager
async def serving(topic: Topic, bootstrap: str, folder: Path) -> AsyncIterator[Here]:
    """The service with all its parts, until the end of the block."""
    http, grpc = free_port(), free_port()
    settings = Settings(
        kafka=KafkaSettings(bootstrap=bootstrap),
        http=HttpSettings(port=http),
        grpc=ServerSettings(port=grpc),
        tenants_dir=TENANTS,
        data_dir=folder,
        caller_secret="secret of the tests",
    )
    threshold = gc.get_threshold()
    runtime = Runtime("intake", settings)
    await start(runtime, topic)
    yield Here(f"http://127.0.0.1:{http}", f"127.0.0.1:{grpc}")
    runtime.stop.set()
    # On a busy machine the process's own budget for the end may be too short; what is left over would warn later.
    await asyncio.wait(runtime._tasks, timeout=30)
    await runtime.shut_down()
    gc.set_threshold(*threshold)
    gc.unfreeze()
    assert not runtime.failed


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
