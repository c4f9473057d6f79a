"""Changing `sources.yaml` as a careful person would: comments and layout stay, and only what is valid replaces the file."""

import fcntl
import io
import os
import re
import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from siaga_tenants.credentials import PREVIOUS
from siaga_tenants.document import TenantError
from siaga_tenants.loading import SOURCES_FILE, load_sources

Entry = MutableMapping[str, Any]
# Never folds a line that a person has written.
_WIDTH: Final = 10_000


@dataclass(slots=True)
class Editing:
    """The sources of one tenant while they are changed."""

    file: Path
    entries: list[Entry]

    def entry(self, name: str) -> Entry | None:
        """The source `kind/instance`; None when there is none."""
        return next((each for each in self.entries if f"{each.get('kind')}/{each.get('instance')}" == name), None)

    def add(self, entry: Entry) -> None:
        """Put it at the end, written as the one before it is."""
        made = CommentedMap(entry)
        last = self.entries[-1] if self.entries else None
        if isinstance(last, CommentedMap) and last.fa.flow_style():
            made.fa.set_flow_style()
        self.entries.append(made)


@contextmanager
def editing(directory: Path, folder: Path) -> Iterator[Editing]:
    """Change what is given; at the end it replaces the file, if all tenants' sources are valid with it.

    Raises TenantError, with the places in the file as it would have become, and leaves the file as it was.
    """
    file = folder / SOURCES_FILE
    with _alone(folder):
        try:
            text = file.read_text("utf-8")
            yaml = _yaml(text)
            document = yaml.load(text)
            entries = document["sources"]
        except (OSError, UnicodeDecodeError, YAMLError, KeyError, TypeError) as error:
            raise TenantError((f"{file}: cannot be changed: {error}; `./siaga tenants check` tells more",)) from error
        yield Editing(file, entries)
        written = io.StringIO()
        yaml.dump(document, written)
        if written.getvalue() != text:
            load_sources(directory, {file: written.getvalue()})
            _replace(file, written.getvalue())


def rotate(entry: Entry, key: str, value: str, until: str | None) -> None:
    """A new credential; what was there before stays good until then, None = is over at once."""
    before = entry.get(key)
    for name in (*PREVIOUS.values(), "previous_until"):
        entry.pop(name, None)
    entry[key] = value
    if before and until:
        entry[PREVIOUS[key]] = before
        entry["previous_until"] = DoubleQuotedScalarString(until)


def _yaml(text: str) -> YAML:
    """Writes lists indented as this text has them."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    dash = re.search(r"^( *)- ", text, re.MULTILINE)
    offset = len(dash[1]) if dash else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two people at once change one after the other: neither loses what he did."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(file: Path, text: str) -> None:
    """All of the new file or all of the old one, whatever happens, with the rights and the owner that it had."""
    # A link stays one: what it leads to is replaced.
    file = file.resolve()
    had = file.stat()
    number, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as writing:
            writing.write(text)
            writing.flush()
            os.fchmod(number, had.st_mode & 0o7777)
            # Only root may give a file away; where that is not needed, it is ours already.
            with suppress(PermissionError):
                os.fchown(number, had.st_uid, had.st_gid)
            os.fsync(number)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
