"""The reconciliation for people."""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from siaga_replay.latency import Spread
from siaga_replay.summary import IncidentRow, Summary
from siaga_replay.truth import Truth

# Published category → outcomes that the recap counts there: operators also note ghosts and questions.
CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "answered": ("answered_prank", "ghost", "non_emergency", "misdirected", "real"),
    "abandon": ("abandon",),
    "ivr_prank": ("ivr_prank",),
}
MOST_SHOWN: Final = 10


def render(summary: Summary, console: Console, truth: Truth | None = None) -> None:
    """Print the reconciliation; with the truth of a scenario, what was expected beside what was counted."""
    parts: list[RenderableType] = [_recap(summary, truth)]
    if summary.incidents:
        parts.append(_incidents(summary.incidents))
    parts += [_counts(summary), _verdict(summary)]
    console.print(Group(*parts))


def _recap(summary: Summary, truth: Truth | None) -> Table:
    table = Table(title="Calls", title_justify="left", caption=_published_note(truth), caption_justify="left")
    table.add_column("category / outcome")
    for column in ("published", "expected", "counted"):
        table.add_column(column, justify="right")
    expected = truth.expected_outcomes() if truth else {}
    rest = dict(summary.outcomes)
    for category, outcomes in CATEGORIES.items():
        counted = {outcome: rest.pop(outcome, 0) for outcome in outcomes}
        published = truth.published.get(category) if truth else None
        table.add_row(
            category,
            _number(published),
            _number(truth.categories[category] if truth else None),
            _compared(sum(counted.values()), truth.categories[category] if truth else None),
        )
        if len(outcomes) > 1:
            for outcome, count in counted.items():
                due = expected.get(outcome, 0) if truth else None
                table.add_row(f"  {outcome}", "", _number(due), _compared(count, due), style="dim")
    for outcome, count in rest.items():
        table.add_row(outcome, "", _number(0 if truth else None), _compared(count, 0 if truth else None))
    table.add_section()
    published_total = truth.published_total or None if truth else None
    total = sum(summary.outcomes.values())
    table.add_row(
        "Σ outcomes",
        _number(published_total),
        _number(len(truth.calls) if truth else None),
        _compared(total, summary.calls),
        style="bold",
    )
    table.add_row("calls posted", "", "", _number(summary.calls))
    return table


def _published_note(truth: Truth | None) -> str | None:
    if truth is None or not truth.published:
        return None
    categories = sum(truth.published.values())
    return (
        f"The published categories add up to {categories:,}, {categories - truth.published_total:,} more than the"
        " published total; the total is kept, the categories are scaled."
    )


def _incidents(rows: Iterable[IncidentRow]) -> Table:
    table = Table(title="Incidents", title_justify="left")
    for column in ("ticket", "type", "prio", "where", "status", "unit", "crew", "SMS"):
        table.add_column(column)
    for row in rows:
        incident = row.incident
        units = incident.units
        table.add_row(
            incident.ticket_no,
            incident.type,
            incident.priority,
            incident.area,
            incident.status,
            "\n".join([*(unit.name for unit in units), *(f"[red]{each}[/red]" for each in incident.shortfalls)])
            or "[red]none[/red]",
            "\n".join(unit.step for unit in units),
            "\n".join(row.sms_states[unit.order_id] for unit in units),
        )
    return table


def _counts(summary: Summary) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row(
        "requests",
        f"{summary.requests:,} (accepted {summary.accepted:,} items, ignored {summary.ignored:,}, rejected {summary.rejected:,}, bad lines {summary.bad_line_count:,})",
    )
    table.add_row("advice", _listed(summary.assessments))
    table.add_row("dispatch orders", _listed(summary.dispatch_orders))
    table.add_row("notifications", _listed(summary.notifications))
    table.add_row("sanctions", _listed(summary.sanctions))
    if summary.dead_letters:
        table.add_row("dead letters", Text(_listed(summary.dead_letters), style="red"))
    table.add_row("event → assessment", _spread(summary.to_assessment))
    table.add_row("form → SMS", _spread(summary.to_notification))
    table.add_row("time", f"{summary.run.wall_seconds:.1f} s")
    if summary.known_calls:
        table.add_row(
            "known before",
            f"{summary.known_calls:,} of the calls were on the topics already: this file was replayed before",
        )
    return table


def _verdict(summary: Summary) -> Group:
    lines = [
        Text(
            f"lost {summary.losses.total} · duplicated {summary.doubles.total}",
            style="bold green" if summary.ok else "bold red",
        )
    ]
    for found in (summary.losses, summary.doubles):
        lines += [
            Text(f"  {getattr(found, name):,} {name.replace('_', ' ')}", style="red")
            for name in type(found).__slots__
            if getattr(found, name)
        ]
    if not summary.run.drained:
        lines.append(Text(f"  did not come to rest: {', '.join(summary.run.waiting_for)}", style="red"))
    lines += [Text(f"  line {bad.line}: {bad.reason}", style="yellow") for bad in summary.bad_lines[:MOST_SHOWN]]
    lines += [
        Text(f"  line {each.line}, item {each.index}: {each.field} {each.reason}", style="yellow")
        for each in summary.refusals[:MOST_SHOWN]
    ]
    return Group(*lines)


def _compared(count: int, due: int | None) -> str:
    if due is None:
        return _number(count)
    return f"[green]{count:,}[/green]" if count == due else f"[red]{count:,}[/red]"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _listed(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"


def _spread(found: Spread) -> str:
    if found.p50 is None:
        return "not measured"
    return f"p50 {found.p50:.0f} ms · p95 {found.p95:.0f} ms · p99 {found.p99:.0f} ms"
