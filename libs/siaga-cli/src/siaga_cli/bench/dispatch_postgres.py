"""A PostgreSQL of the bench's own: made in a scratch folder, reached by a socket in it, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

BINARIES: Final = Path("/usr/lib/postgresql/15/bin")
POSTGIS: Final = Path("/usr/share/postgresql/15/extension/postgis.control")
MISSING: Final = "apt-get install postgresql-15 postgresql-15-postgis-3, and the development requirements (asyncpg)"
START_S: Final = 30.0
# As one would set it for this work on this machine: all of it in memory, no checkpoint in the middle of a round. Not set:
# `fsync = off`, which nobody runs.
SETTINGS: Final = {
    "max_connections": "50",
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "work_mem": "8MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "lz4",
    "jit": "off",
    "autovacuum_naptime": "10s",
    "random_page_cost": "1.1",
}
# PostgreSQL refuses to run as root; Debian's package brings this user.
_SERVER_USER: Final = "postgres"


def available() -> bool:
    """Whether the server, PostGIS and the client are installed."""
    try:
        import asyncpg  # noqa: F401, PLC0415  (for development only)
    except ImportError:
        return False
    return (BINARIES / "initdb").is_file() and POSTGIS.is_file()


@contextmanager
def server() -> Iterator[Path]:
    """A running server with an empty cluster; gives the folder of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="siaga-peer-"))
    as_user: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL}
    if os.geteuid() == 0:
        owner = pwd.getpwnam(_SERVER_USER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_user |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    data, log = folder / "data", folder / "server.log"
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    options += f" -c listen_addresses='' -c unix_socket_directories={folder}"
    try:
        _run([BINARIES / "initdb", "-D", data, "-U", "siaga", "-A", "trust", "-E", "UTF8", "--no-sync"], as_user)
        _run(
            [BINARIES / "pg_ctl", "-D", data, "-l", log, "-w", "-t", f"{START_S:.0f}", "-o", options, "start"], as_user
        )
        try:
            yield folder
        finally:
            _run([BINARIES / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], as_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[Any], as_user: dict[str, Any]) -> None:
    # The server inherits the descriptors of pg_ctl: a pipe would stay open as long as it runs.
    done = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, check=False, **as_user)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}; its words are above")
