"""The names and contents of the files by which gammu-smsd is spoken with (gammu-smsd-files(7), gammu-smsbackup(5))."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from siaga_notifier.core.states import State

# The daemon takes names in alphabetical order, so the letter comes first: a queue behind a mass SMS must not hold up a P0.
_LETTERS: Final = {"P0": "A", "P1": "B", "P2": "C", "P3": "D"}
OTHERS: Final = "E"
# It copies a name into 100 bytes without looking how long it is: 12 + 15 + 21 + 40 stay below.
NUMBER: Final = re.compile(r"\+?[0-9]{3,20}")
_KEY: Final = re.compile(r"[0-9A-Za-z-]{1,40}")
_OUT: Final = re.compile(r"OUT[A-Z]\d{8}_\d{6}_00_(\+?[0-9]{3,20})_([0-9A-Za-z-]{1,40})\.txtd?")
_IN: Final = re.compile(r"(IN\d{8}_\d{6}_\d+_(.*))_(\d+)\.(txt|smsbackup|bin)")
_SECTION: Final = re.compile(r"^\[SMSBackup[^\]]*\]\s*$", re.MULTILINE)
_VALUE: Final = re.compile(r"^(\w+)[ \t]*=[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_TEXT: Final = re.compile(r"Text\d+")
# What the daemon makes of a status report, TS 23.040 §9.2.3.15; None = it goes on trying.
_REPORTS: Final = {"Delivered": State.DELIVERED, "Failed": State.FAILED_PERMANENT, "Pending": None, "Unknown": None}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way through the modem."""

    name: str
    number: str
    key: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """One file of what came; those of one `group` are parts of one message."""

    name: str
    group: str
    source: str
    part: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a file says; `report` None = the file's format does not tell reports from messages."""

    text: str
    report: bool | None


def outgoing(number: str, key: str, priority: str, event_at_ms: int, *, report: bool) -> Outgoing:
    """The file for a message; the same message has the same name, whoever writes it and how often."""
    at = datetime.fromtimestamp(event_at_ms / 1000, UTC).strftime("%Y%m%d_%H%M%S")
    note = key if _KEY.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()[:32]
    name = f"OUT{_LETTERS.get(priority, OTHERS)}{at}_00_{number}_{note}.txt{'d' if report else ''}"
    return Outgoing(name, number, note)


def read_outgoing(name: str) -> Outgoing | None:
    """Which message of ours a file is; None when it is none of ours."""
    found = _OUT.fullmatch(name)
    return Outgoing(name, found[1], found[2]) if found else None


def read_incoming(name: str) -> Incoming | None:
    """Whose message a file is a part of; None for any other file."""
    found = _IN.fullmatch(name)
    return Incoming(name, found[1], found[2], int(found[3])) if found else None


def encoded(text: str) -> bytes:
    """A text as the daemon reads it without knowing the system's language; it goes out as GSM-7 where that suffices."""
    return text.encode("utf-16")


def read_content(file: Incoming, body: bytes) -> Content:
    """The text of a file in any of the daemon's formats. Raises ValueError for one that has none."""
    if file.name.endswith(".bin"):
        raise ValueError("a binary message")
    if body[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return Content(body.decode("utf-16"), None)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    if _SECTION.search(text) is None:
        return Content(text, None)
    parts = [dict(_VALUE.findall(section)) for section in _SECTION.split(text)[1:]]
    if any(part.get("Coding", "").startswith("8bit") for part in parts):
        raise ValueError("a binary message")
    # Files of one message list its parts in their order.
    whole = "".join(bytes.fromhex(_hex(part)).decode("utf-16-be") for part in parts)
    return Content(whole, any(part.get("PDU") == "Status_Report" for part in parts))


def _hex(part: dict[str, str]) -> str:
    return "".join(value for name, value in sorted(part.items()) if _TEXT.fullmatch(name))


def joined(contents: list[Content]) -> Content:
    """The message of several files, in the order of their parts."""
    return Content("".join(one.text for one in contents), contents[0].report)


def is_report(content: Content, *, awaited: bool) -> bool:
    """Whether it is a status report. In the formats that do not tell: one of the daemon's words, where one is awaited."""
    if content.report is None:
        return awaited and content.text.strip() in _REPORTS
    return content.report


def reported(content: Content) -> State | None:
    """What a status report says; None = nothing final."""
    return _REPORTS.get(content.text.strip())
