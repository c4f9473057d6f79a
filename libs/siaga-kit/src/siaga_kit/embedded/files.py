"""Small files that a reader never sees half written."""

import os
from pathlib import Path
from typing import Final

# Enough to see what happened, little enough for a small disk.
LOG_LIMIT_BYTES: Final = 20 * 1024 * 1024


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace the file's content in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=mode)
    draft.write_text(text)
    draft.replace(path)


def rotate(path: Path) -> None:
    """Put a log that has grown too large aside, over the one put aside before."""
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))


def tail(path: Path, lines: int = 20, limit_bytes: int = 16_384) -> str:
    """The last lines of a file; empty when there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - limit_bytes))
        text = file.read().decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-lines:])
