"""One holder per folder, by a lock that ends with the process that holds it."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from siaga_kit.embedded.errors import StackError


class Lock:
    """An advisory lock on a file; the file names the holder, for people."""

    def __init__(self, path: Path, refusal: str, remedy: str, *, wait: bool = False) -> None:
        self._path = path
        self._refusal = refusal
        self._remedy = remedy
        self._wait = wait
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX if self._wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise StackError(f"{self._refusal} (pid {holder})", self._remedy) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def is_held(path: Path) -> bool:
    """Whether some process holds the lock now."""
    try:
        with path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
