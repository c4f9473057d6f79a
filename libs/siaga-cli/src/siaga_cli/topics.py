"""`topics`: the catalogue, and how a cluster agrees with it."""

import asyncio
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError
from rich.table import Column, Table
from siaga_contracts.catalogue import TOPICS
from siaga_kit.embedded.errors import StackError
from siaga_kit.topics import TopicChange, describe, ensure_topics

from siaga_cli.cluster import Cluster, cluster
from siaga_cli.console import Exit, out

app = typer.Typer(help="The topics of the catalogue.", no_args_is_help=True)


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="topics")


@app.command("list")
def list_() -> None:
    """Show the catalogue: key, partitions, how long it is kept, who writes it."""
    shown = Table(
        Column("topic", no_wrap=True), "key", "partitions", "kept", "written by", "what", box=None, pad_edge=False
    )
    for topic in TOPICS:
        kept = "for ever" if topic.retention is None else f"{topic.retention.days} d"
        kept += ", compacted" if topic.compacted else ""
        shown.add_row(topic.name, topic.key, str(topic.partitions), kept, topic.written_by, topic.purpose)
    out.print(shown)


@app.command()
def create(
    context: typer.Context,
    replication: Annotated[
        int | None, typer.Option(help="Copies; default: SIAGA_KAFKA__REPLICATION, or 1 embedded.")
    ] = None,
) -> None:
    """Create what is missing; report what differs."""
    where = cluster(context.obj)
    _show(_ask(where, ensure_topics(where.bootstrap, replication or where.replication, **where.security)))


@app.command()
def check(context: typer.Context) -> None:
    """Compare the cluster with the catalogue; exit code 1 when it differs."""
    where = cluster(context.obj)
    _show(_ask(where, describe(where.bootstrap, **where.security)))


def _ask(where: Cluster, question: Any) -> list[TopicChange]:
    try:
        changes: list[TopicChange] = asyncio.run(question)
    except KafkaError as error:
        raise StackError(f"Kafka at {where.bootstrap}: {error}", "is the broker up? `./siaga status`") from error
    return changes


def _show(changes: list[TopicChange]) -> None:
    shown = Table(Column("topic", no_wrap=True), "state", "", box=None, pad_edge=False)
    for change in sorted(changes, key=lambda change: change.topic):
        shown.add_row(change.topic, change.action, change.detail)
    out.print(shown)
    if any(change.action in ("drift", "missing") for change in changes):
        raise typer.Exit(Exit.FAILED)
