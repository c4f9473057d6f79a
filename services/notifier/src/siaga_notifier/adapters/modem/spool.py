"""gammu-smsd's folders. Every step is one rename or one truncation, so that a crash between two of them repeats nothing.

A message of ours: `outbox/NAME`, moved by the daemon to `sent/NAME` or `error/NAME`; emptied there when it was noticed, for its
text is nobody's any more; `sent/.KEY` when its report came, for then its number is not, either; gone after a day.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siaga_notifier.core.modem_files import Incoming, Outgoing, encoded, read_incoming, read_outgoing

FOLDERS: Final = ("inbox", "outbox", "sent", "error")
# Written by the daemon's `--pid`, where it is told to.
PID_FILE: Final = "smsd.pid"
# So long a message handed over again is known to have been handed over; nothing is tried again after half a day.
KEPT_S: Final = 24 * 3600
# What cannot be read is put aside under such names, for people.
UNREAD: Final = ".unread-"


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in the folders."""

    # With the wall clock, in seconds, after which each is worth nothing.
    waiting: tuple[tuple[Outgoing, float], ...]
    # Not noticed yet.
    sent: tuple[Outgoing, ...]
    failed: tuple[Outgoing, ...]
    # With what changes while a file is written.
    incoming: tuple[tuple[Incoming, tuple[int, int]], ...]


class Spool:
    """All calls may block, and raise OSError where a folder is missing or closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def trouble(self) -> str | None:
        """What keeps messages from going out, for people; None when nothing is seen."""
        for name in FOLDERS:
            if not os.access(self._folder / name, os.R_OK | os.W_OK | os.X_OK):
                return f"{self._folder / name} is missing or may not be written: gammu-smsd's folder, same group"
        try:
            os.kill(int((self._folder / PID_FILE).read_text()), 0)
        except ProcessLookupError:
            return f"gammu-smsd does not run (by {self._folder / PID_FILE}): systemctl status gammu-smsd"
        except (OSError, ValueError):
            # No such file, or a daemon of another user.
            return None
        return None

    def hand_over(self, message: Outgoing, text: str, worthless_at_s: float) -> None:
        """Give it to the daemon, unless that was done before."""
        # Looked for in the order in which it moves, so that it cannot slip by.
        if any(path.exists() for path in (self._at("outbox", message), self._at("sent", message), self._done(message))):
            return
        draft = self._folder / "outbox" / f".{message.key}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o660), "wb") as file:
            file.write(encoded(text))
            file.flush()
            os.fsync(file.fileno())
        # The daemon ignores the time; whoever finds the file after a crash needs it.
        os.utime(draft, (worthless_at_s, worthless_at_s))
        draft.rename(self._at("outbox", message))

    def look(self) -> Found:
        """What there is now; forgets what is older than a day."""
        return Found(
            tuple((one, stat.st_mtime) for one, stat in self._ours("outbox")),
            tuple(one for one, stat in self._ours("sent") if stat.st_size),
            tuple(one for one, _ in self._ours("error")),
            tuple(self._incoming()),
        )

    def _ours(self, folder: str) -> Iterator[tuple[Outgoing, os.stat_result]]:
        for entry in sorted(os.scandir(self._folder / folder), key=lambda entry: entry.name):
            message = read_outgoing(entry.name)
            if message is not None:
                try:
                    yield message, entry.stat()
                except FileNotFoundError:
                    # Moved on meanwhile; the next look finds it there.
                    continue

    def _incoming(self) -> Iterator[tuple[Incoming, tuple[int, int]]]:
        for entry in sorted(os.scandir(self._folder / "inbox"), key=lambda entry: entry.name):
            file = read_incoming(entry.name)
            if file is not None:
                with suppress(FileNotFoundError):
                    stat = entry.stat()
                    yield file, (stat.st_size, stat.st_mtime_ns)

    def notice_sent(self, message: Outgoing, now_s: float) -> None:
        """It is known to be on the air: its text goes; the time tells in which order reports will come."""
        path = self._at("sent", message)
        with suppress(FileNotFoundError):
            os.truncate(path, 0)
            os.utime(path, (now_s, now_s))

    def awaiting_report(self, number: str) -> Outgoing | None:
        """The oldest message to a number of which nothing was reported: networks report in the order of sending."""
        known = [
            (stat.st_mtime_ns, one) for one, stat in self._ours("sent") if one.number == number and not stat.st_size
        ]
        return min(known, key=lambda one: one[0])[1] if known else None

    def notice_report(self, message: Outgoing, *, arrived: bool) -> None:
        """Its report was told: its number goes. What did not arrive may be handed over again."""
        path = self._at("sent", message)
        if arrived:
            with suppress(FileNotFoundError):
                path.rename(self._done(message))
        else:
            self._removed(path)

    def withdraw(self, message: Outgoing) -> bool:
        """Take back what waits; False when the daemon was quicker."""
        return self._removed(self._at("outbox", message))

    def notice_failed(self, message: Outgoing) -> None:
        """Its failure was told; handed over again, it is a new try."""
        self._removed(self._at("error", message))

    def read(self, file: Incoming) -> bytes:
        """A file's bytes."""
        return (self._folder / "inbox" / file.name).read_bytes()

    def notice_read(self, file: Incoming) -> None:
        """It was dealt with, and is kept elsewhere."""
        self._removed(self._folder / "inbox" / file.name)

    def put_aside(self, file: Incoming) -> None:
        """Nobody can read it but people."""
        (self._folder / "inbox" / file.name).rename(self._folder / "inbox" / f"{UNREAD}{file.name}")

    def forget(self, now_s: float) -> None:
        """Remove what was sent more than a day ago, and drafts that a crash left behind."""
        for folder in ("sent", "outbox"):
            for entry in os.scandir(self._folder / folder):
                ours = entry.name.startswith(".") or (folder == "sent" and read_outgoing(entry.name) is not None)
                if ours and entry.stat().st_mtime < now_s - KEPT_S:
                    self._removed(Path(entry.path))

    def _at(self, folder: str, message: Outgoing) -> Path:
        return self._folder / folder / message.name

    def _done(self, message: Outgoing) -> Path:
        return self._folder / "sent" / f".{message.key}"

    @staticmethod
    def _removed(path: Path) -> bool:
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        return True
