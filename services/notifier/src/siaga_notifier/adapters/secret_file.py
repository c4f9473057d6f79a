"""Secrets of providers, in files: read again when the file changes, so that a new one needs no restart."""

from pathlib import Path
from typing import Final

from siaga_kit.watching import state

MAX_SECRET_BYTES: Final = 8192


class SecretError(Exception):
    """The file has no secret; says which file and what to do."""


class SecretFile:
    """One secret, without the line's end that editors put behind it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._secret = b""

    def state(self) -> tuple[int, int, int] | None:
        """What changes with the file; None = it is not there."""
        return state(self.path)

    def read(self) -> bytes:
        """The secret of now; raises SecretError when the file has none."""
        now = self.state()
        if now is None or now != self._seen:
            self._secret = self._read()
            self._seen = now
        return self._secret

    def _read(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                secret = file.read(MAX_SECRET_BYTES + 1).strip()
        except OSError as error:
            raise SecretError(f"{self.path}: {error.strerror}; put the secret there (chmod 600)") from error
        if not 0 < len(secret) <= MAX_SECRET_BYTES:
            raise SecretError(f"{self.path} must hold a secret of 1 to {MAX_SECRET_BYTES} bytes")
        return secret
