"""Changing `sources.yaml`, with its comments and layout."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from siaga_tenants.credentials import PREVIOUS
from siaga_tenants.loading import SOURCES_FILE, load_sources
from siaga_tenants.rewriting import rewriting, unchangeable

Entry = MutableMapping[str, Any]


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
    with rewriting(file, lambda text: load_sources(directory, {file: text})) as document:
        try:
            entries = document["sources"]
        except (KeyError, TypeError) as error:
            raise unchangeable(file, error) from error
        yield Editing(file, entries)


def rotate(entry: Entry, key: str, value: str, until: str | None) -> None:
    """A new credential; what was there before stays good until then, None = is over at once."""
    before = entry.get(key)
    for name in (*PREVIOUS.values(), "previous_until"):
        entry.pop(name, None)
    entry[key] = value
    if before and until:
        entry[PREVIOUS[key]] = before
        entry["previous_until"] = DoubleQuotedScalarString(until)
