"""Files of texts, line by line, through the classifier of one tenant."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from multiprocessing import cpu_count, get_context
from pathlib import Path
from typing import Any, Final

from rich.markup import escape
from rich.table import Column, Table
from siaga_classifier.classifying import LineError, TextLine, classified, text_line
from siaga_classifier.core.assessment import TenantView
from siaga_kit.embedded.errors import StackError

from siaga_cli.console import err, out

# Texts read before their results are written: enough for speed, few enough that a reader at the other end sees them come.
BATCH_LINES: Final = 500
# More readers than this wait for the one who writes.
MAX_PROCESSES: Final = 4
# Of a text, in the table for people.
SHOWN_CHARS: Final = 60


def classify_file(name: str, view: TenantView, *, as_json: bool) -> int:
    """Write what each line is to stdout; return how many lines could not be read. Raise StackError for no such file."""
    with _lines(name) as lines:
        batches = _Counted(_batches(name, lines))
        for batch, results in _results(batches, view):
            if as_json:
                sys.stdout.write("".join(json.dumps(result, ensure_ascii=False) + "\n" for result in results))
                sys.stdout.flush()
            elif batch:
                out.print(_table(batch, results))
    return batches.faults


class _Counted:
    """Batches without their faults, which it adds up."""

    def __init__(self, batches: Iterator[tuple[list[TextLine], int]]) -> None:
        self._batches = batches
        self.faults = 0

    def __iter__(self) -> Iterator[list[TextLine]]:
        for batch, faults in self._batches:
            self.faults += faults
            yield batch


def _results(
    batches: Iterable[list[TextLine]], view: TenantView
) -> Iterator[tuple[list[TextLine], list[dict[str, Any]]]]:
    """Each batch with its results, in order. The first is done here; a file that has more is shared among processes."""
    rest = iter(batches)
    for batch in rest:
        yield batch, classified(batch, view)
        break
    second = next(rest, None)
    if second is None:
        return
    # Forked, so that rules, model and map are there already.
    _Shared.view = view
    with get_context("fork").Pool(min(cpu_count(), MAX_PROCESSES)) as pool:
        yield from pool.imap(_of_shared, chain((second,), rest))


class _Shared:
    """What the processes of a pool are forked with."""

    view: TenantView


def _of_shared(batch: list[TextLine]) -> tuple[list[TextLine], list[dict[str, Any]]]:
    return batch, classified(batch, _Shared.view)


@contextmanager
def _lines(name: str) -> Iterator[Iterable[bytes]]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115  (closed below; only opening it may fail as asked)
    except OSError as error:
        raise StackError(f"{name}: {error.strerror}; give a file of JSON lines, or - for the standard input") from error
    with file:
        yield file


def _batches(name: str, lines: Iterable[bytes]) -> Iterator[tuple[list[TextLine], int]]:
    """Lines in batches, each with how many lines beside them were faulty. Faults are told as they are met."""
    batch: list[TextLine] = []
    faults = 0
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            batch.append(text_line(json.loads(raw)))
        except (LineError, ValueError) as error:
            faults += 1
            what = str(error) if isinstance(error, LineError) else f"no JSON ({error}); write one object a line"
            err.print(f"{escape(name)}:{number}: {escape(what)}")
        if len(batch) >= BATCH_LINES:
            yield batch, faults
            batch, faults = [], 0
    if batch or faults:
        yield batch, faults


def _table(lines: Iterable[TextLine], results: Iterable[dict[str, Any]]) -> Table:
    shown = Table(
        Column("id", no_wrap=True), "advice", "priority", "type", "agencies", "place", "text", box=None, pad_edge=False
    )
    for line, result in zip(lines, results, strict=True):
        place = result["place"]
        text = " ".join(line.text.split())
        shown.add_row(
            escape(str(result["id"])),
            result["advice"],
            result["priority"],
            result["type"] + (" (confidential)" if result["confidential"] else ""),
            " ".join(result["agencies"]),
            escape(_place(place)) if place else "",
            escape(text[:SHOWN_CHARS] + ("…" if len(text) > SHOWN_CHARS else "")),
        )
    return shown


def _place(place: dict[str, Any]) -> str:
    """The place, or the centre whose call it is, or how many it may be."""
    if place["misdirected_to"]:
        return f"→ {place['misdirected_to']['name']}"
    return place["name"] or (f"one of {len(place['candidates'])}" if place["doubt"] else "")
