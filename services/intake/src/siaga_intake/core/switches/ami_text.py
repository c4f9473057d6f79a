"""The manager's text (AMI) as messages: lines of `Name: value`, a blank line after each message, whatever else stands there.

One reader for a live connection, which gives what is complete of the bytes so far, and for a captured session. A name that
stands twice keeps its first value; the variables of a channel become one object, lines of output one text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from siaga_intake.core.captured import Broken, Piece, Pieces, excerpt, json_values
from siaga_intake.core.fields import Payload

# A manager's message has some kilobytes; without an end to it a broken peer would fill the memory.
MAX_MESSAGE_CHARS: Final = 1_000_000
_BANNER: Final = re.compile(r"[\w /.-]*Call Manager/[\w.]+")
_LINE: Final = re.compile(
    r"(ChanVariable\([^)]*\)|DestChanVariable\([^)]*\)|[A-Za-z][\w.\-/]*(?: ?\([^)]*\))?):[ \t]?(.*)"
)
_SESSION: Final = re.compile(r"^(?:event|response|action): ?\S", re.IGNORECASE | re.MULTILINE)
_VARIABLES: Final = re.compile(r"(Dest)?ChanVariable(?:\([^)]*\))?")
# Before Asterisk 14 the output of a command stood there as it was, blank lines and all, up to this mark.
_OUTPUT_FOLLOWS: Final = "follows"
_END_OF_OUTPUT: Final = "--END COMMAND--"
_TOO_LONG: Final = "a message of more than 1,000,000 characters"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a session: an `Event`, a `Response`, or an `Action` in a capture of both directions."""

    line: int
    fields: Payload


@dataclass(slots=True)
class _Draft:
    """A message of which lines are still coming."""

    line: int
    fields: dict[str, object] = field(default_factory=dict)
    chars: int = 0
    last: str = ""
    # In the free text that an old manager answers a command with.
    in_output: bool = False
    rubbish: str = ""

    def take(self, line: str) -> None:
        self.chars += len(line) + 1
        if self.chars > MAX_MESSAGE_CHARS:
            self.rubbish = self.rubbish or _TOO_LONG
            return
        found = None if self.in_output else _LINE.fullmatch(line)
        if found is None:
            self._loose(line)
        else:
            self._named(found[1], found[2].strip())

    def _named(self, name: str, value: str) -> None:
        variables = _VARIABLES.fullmatch(name)
        if variables is not None:
            variable, _, content = value.partition("=")
            held = self.fields.setdefault(f"{variables[1] or ''}ChanVariable", {})
            if isinstance(held, dict):
                held[variable] = content
            return
        held = self.fields.get(name)
        if held is None:
            self.fields[name] = value
        elif name == "Output":
            self.fields[name] = f"{held}\n{value}"
        elif held != value:
            self.fields[self._numbered(name)] = value
        self.last = name
        self.in_output = name.lower() == "response" and value.lower() == _OUTPUT_FOLLOWS

    def _numbered(self, name: str) -> str:
        """Whatever stands twice stays told apart: two messages that differ there are two."""
        number = 2
        while f"{name}.{number}" in self.fields:
            number += 1
        return f"{name}.{number}"

    def _loose(self, line: str) -> None:
        """A line without a name: output of a command, the next line of a value, or nothing that belongs here."""
        if self.in_output:
            known = None if "Output" in self.fields else _LINE.fullmatch(line)
            if known is not None and known[1] in ("Privilege", "ActionID"):
                self.fields[known[1]] = known[2].strip()
            elif line != _END_OF_OUTPUT:
                before = self.fields.get("Output")
                self.fields["Output"] = line if before is None else f"{before}\n{line}"
            else:
                self.in_output = False
        elif self.last:
            self.fields[self.last] = f"{self.fields[self.last]}\n{line}"
        else:
            self.rubbish = self.rubbish or line


class Reader:
    """Takes a session in pieces of any size and gives its messages as they become complete."""

    def __init__(self) -> None:
        self.banner = ""
        self._rest = b""
        self._line = 0
        self._draft: _Draft | None = None

    def feed(self, data: bytes) -> Iterator[Message | Broken]:
        """What is complete with these bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_MESSAGE_CHARS:
            self._rest = self._rest[:MAX_MESSAGE_CHARS]
        for line in lines:
            yield from self._take(line)

    def end(self) -> Iterator[Message | Broken]:
        """What is left when nothing more comes: the last message of a capture needs no blank line."""
        yield from self._take(self._rest)
        self._rest = b""
        yield from self._close()

    def _take(self, raw: bytes) -> Iterator[Message | Broken]:
        self._line += 1
        line = raw.removesuffix(b"\r").decode("utf-8", "replace")
        if self._draft is None and _BANNER.fullmatch(line):
            self.banner = line
        elif line.strip() or (self._draft is not None and self._draft.in_output):
            if self._draft is None:
                self._draft = _Draft(self._line)
            self._draft.take(line)
        else:
            yield from self._close()

    def _close(self) -> Iterator[Message | Broken]:
        draft, self._draft = self._draft, None
        if draft is None:
            return
        if draft.rubbish:
            reason = _TOO_LONG if draft.rubbish == _TOO_LONG else "is no message of the manager (Name: value)"
            yield Broken(f"line {draft.line}", reason, excerpt(draft.rubbish))
        if draft.fields and draft.rubbish != _TOO_LONG:
            yield Message(draft.line, draft.fields)


def pieces(text: str) -> Iterator[Piece | Broken]:
    """The events of a captured session, each with its line; actions and responses are no events and passed over."""
    reader = Reader()
    data = text.encode("utf-8", "surrogatepass").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for found in (*reader.feed(data), *reader.end()):
        if isinstance(found, Broken):
            yield found
        elif "Event" in found.fields:
            yield Piece(f"line {found.line}", found.fields)


def captured(text: str) -> Pieces:
    """What a captured file holds: a session, or else events that somebody wrote as JSON."""
    return pieces(text) if _SESSION.search(text) else json_values(text)


def messages(text: str) -> list[Payload]:
    """The events of a captured session."""
    return [piece.payload for piece in pieces(text) if isinstance(piece, Piece) and isinstance(piece.payload, dict)]
