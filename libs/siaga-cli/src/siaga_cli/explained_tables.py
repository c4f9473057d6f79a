"""An explanation for people: the calls as they went, what said nothing, what was left out or refused, and what to do next."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

# What fits a screen or two; the rest is told by its number, and `--json` has it all.
MOST_CALLS: Final = 50
MOST_LINES: Final = 30
_BEFORE: Final = (
    "CALL_EVENT_KIND_",
    "IDENTITY_TRUST_",
    "HANGUP_BY_",
    "QUEUE_LEFT_REASON_",
    "DISPOSITION_",
    "PRIORITY_",
)
# Told in the heading of the call, or for machines only.
_IN_HEADING: Final = frozenset({
    "event_id", "call_id", "tenant", "source", "call_ref", "channel", "kind", "event_at_ms", "received_at_ms", "index", "where",
})  # fmt: skip


def shown(told: Mapping[str, Any]) -> RenderableType:
    """All of it, from the JSON form."""
    parts: list[RenderableType] = []
    by_call: dict[str, list[Mapping[str, Any]]] = {}
    for event in told["events"]:
        by_call.setdefault(event["call_id"], []).append(event)
    for call in told["calls"][:MOST_CALLS]:
        parts += [_heading(call), _timeline(by_call[call["call_id"]]), ""]
    if (more := len(told["calls"]) - MOST_CALLS) > 0:
        parts += [f"… and {more:,} calls more; --json has all.", ""]
    parts += _counted("Says nothing about a call (as it should be)", told["irrelevant"])
    parts += _counted("Not known here (kept, and no error)", told["unknown"])
    parts += _listed("Left out; the rest of the event is taken", told["left_out"], "found")
    parts += _listed("Refused", told["refused"], "excerpt")
    return Group(*parts, *_notes(told), verdict(told))


def _heading(call: Mapping[str, Any]) -> Text:
    channel = "" if call["channel"] == "VOICE" else f" · {call['channel'].lower()}"
    return Text.assemble(
        ("Call ", "bold"), (call["call_ref"] or call["call_id"], "bold"), f" · {call['source']}{channel}"
    )


def _timeline(events: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(
        Column("time (UTC)", no_wrap=True), Column("after", justify="right"), "kind", "tells", "from", box=None
    )
    ordered = sorted(events, key=lambda event: event["event_at_ms"])
    first = ordered[0]["event_at_ms"]
    for event in ordered:
        at_ms = event["event_at_ms"]
        table.add_row(
            moment(at_ms),
            f"{(at_ms - first) / 1000:.3f}",
            _plain(event["kind"]),
            escape(_details(event)),
            event["where"],
        )
    return table


def moment(at_ms: int) -> str:
    """A time to the millisecond, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.") + f"{at_ms % 1000:03d}"


def _plain(name: str) -> str:
    for before in _BEFORE:
        name = name.removeprefix(before)
    return name


def _details(event: Mapping[str, Any]) -> str:
    return "; ".join(_detail(name, value) for name, value in event.items() if name not in _IN_HEADING)


def _detail(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{name} " + " ".join(_detail(inner, each) for inner, each in value.items())
    if isinstance(value, list):
        return f"{name} " + ", ".join(_detail("", each) for each in value)
    if name == "fixed_at_ms":
        return f"fixed at {moment(value)}"
    written = _plain(value).lower() if isinstance(value, str) and value.startswith(_BEFORE) else str(value)
    return f"{name}={written}" if name else written


def _counted(title: str, counts: Mapping[str, int]) -> list[RenderableType]:
    if not counts:
        return []
    inner = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))
    return [Text(f"{title}: {sum(counts.values()):,}", style="bold"), Text(f"  {inner}"), ""]


def _listed(title: str, entries: Sequence[Mapping[str, Any]], last: str) -> list[RenderableType]:
    if not entries:
        return []
    table = Table("where", "field", "reason", "what to do", last, box=None)
    for entry in entries[:MOST_LINES]:
        stood = f" ({entry['found']})" if entry["found"] and last != "found" else ""
        cells = (entry["where"], entry["field"], entry["reason"] + stood, entry["remedy"], entry[last])
        table.add_row(*(escape(str(cell)) for cell in cells))
    more = len(entries) - MOST_LINES
    rest: list[RenderableType] = [f"  … and {more:,} more; --json has all."] if more > 0 else []
    return [Text(f"{title}: {len(entries):,}", style="bold"), table, *rest, ""]


def _notes(told: Mapping[str, Any]) -> list[RenderableType]:
    notes: list[RenderableType] = []
    if told["ahead"]:
        notes.append(
            f"Note: {told['ahead']:,} payloads tell times more than a day after the file's. They are explained all the same;"
            " sent live they would be refused, or lose that part."
        )
    if told["abroad"]:
        notes.append(
            f"Note: {told['abroad']:,} payloads tell of places outside Indonesia. They are explained all the same;"
            " live, the call would be taken without that place."
        )
    if told["repeated"]:
        notes.append(f"Note: {told['repeated']:,} events were told twice. The same event twice is one event.")
    return notes


def verdict(told: Mapping[str, Any]) -> str:
    """One line: whether this would do, and the next step."""
    refused, calls, events = len(told["refused"]), len(told["calls"]), len(told["events"])
    if not told["payloads"]:
        return "[bold yellow]•[/] The file holds no payload. Capture while a call to 112 is made, and look again."
    if refused:
        return (
            f"[bold red]✗[/] {refused:,} of {told['payloads']:,} would be refused, {events:,} events of {calls:,} calls taken."
            " Mend what is told above at the source, and look again."
        )
    if not events:
        return (
            "[bold yellow]•[/] All of it can be read, and nothing of it says anything about a call."
            " Capture while a call to 112 is made, with all of its events."
        )
    return (
        f"[bold green]✓[/] {events:,} events of {calls:,} calls; nothing is refused."
        f" Next: connect the source as its page in docs/switches says, and look for the same events live."
    )
