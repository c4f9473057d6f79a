"""`dlq`: what could not be processed, and sending it back once the cause is gone."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from rich.table import Column, Table
from siaga.v1.dead_letter_pb2 import DeadLetter
from siaga_contracts.catalogue import BY_NAME, DEAD_LETTERS
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home
from siaga_kit.kafka import producer

from siaga_cli.cluster import Cluster, cluster
from siaga_cli.console import Exit, err, out
from siaga_cli.reading import read_all

app = typer.Typer(help="Dead letters: records that could not be processed.", no_args_is_help=True)


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="dlq")


def letters(where: Cluster) -> dict[str, DeadLetter]:
    """The dead letters as they are now, by id, oldest first."""
    found: dict[str, DeadLetter] = {}
    for record in read_all(where, DEAD_LETTERS):
        if record.value is not None:
            letter = DeadLetter.FromString(record.value)
            known = found.get(letter.dead_letter_id)
            # Sending back writes the letter again, marked; in which order the two are read does not matter.
            letter.redriven |= known is not None and known.redriven
            found[letter.dead_letter_id] = letter
    return dict(sorted(found.items(), key=lambda item: item[1].failed_at_ms))


@app.command("list")
def list_(
    context: typer.Context,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Also those sent back already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """List the dead letters that nobody has sent back."""
    found = [letter for letter in letters(cluster(context.obj)).values() if all_ or not letter.redriven]
    if as_json:
        sys.stdout.write(json.dumps([_told(letter) for letter in found]) + "\n")
        return
    shown = Table(Column("id", no_wrap=True), "when", "service", "from", "reason", box=None, pad_edge=False)
    for letter in found:
        when = datetime.fromtimestamp(letter.failed_at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        origin = f"{letter.source_topic}[{letter.source_partition}]@{letter.source_offset}"
        shown.add_row(
            letter.dead_letter_id,
            when,
            letter.service,
            origin,
            letter.reason + (" (sent back)" if letter.redriven else ""),
        )
    out.print(shown if found else "No dead letters.")


@app.command()
def show(context: typer.Context, letter_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show one dead letter with its stack; the record's own content stays out, as it may hold personal data."""
    letter = _one(context.obj, letter_id)
    sys.stdout.write(json.dumps(_told(letter), indent=2) + "\n\n" + letter.stack + "\n")


@app.command()
def redrive(
    context: typer.Context,
    letter_id: Annotated[str | None, typer.Argument(metavar="ID")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Every one that was not sent back yet.")] = False,
    topic: Annotated[str | None, typer.Option(help="Only those from this topic (with --all).")] = None,
) -> None:
    """Send dead letters back to the partition they came from; processing is idempotent, so twice does no harm."""
    if (letter_id is None) == (not all_):
        raise typer.BadParameter("name one ID, or --all")
    where = cluster(context.obj)
    if letter_id is not None:
        chosen = [_one(context.obj, letter_id)]
    else:
        chosen = [
            letter
            for letter in letters(where).values()
            if not letter.redriven and (topic is None or letter.source_topic == topic)
        ]
    try:
        asyncio.run(_send_back(where, chosen))
    except KafkaError as error:
        raise StackError(f"Kafka at {where.bootstrap}: {error}", "is the broker up? `./siaga status`") from error
    err.print(f"Sent {len(chosen)} back.")


async def _send_back(where: Cluster, chosen: list[DeadLetter]) -> None:
    client: AIOKafkaProducer = producer(where.settings, "siaga-dlq")
    await client.start()
    try:
        for letter in chosen:
            if letter.source_topic not in BY_NAME:
                raise StackError(f"{letter.dead_letter_id}: {letter.source_topic!r} is no topic of the catalogue")
            await client.send_and_wait(
                letter.source_topic,
                value=letter.value,
                key=letter.key,
                partition=letter.source_partition,
                headers=[(header.name, header.value) for header in letter.headers],
            )
            letter.redriven = True
            await client.send_and_wait(DEAD_LETTERS.name, value=letter.SerializeToString(), key=letter.key)
    finally:
        await client.stop()


def _one(home: Home, letter_id: str) -> DeadLetter:
    letter = letters(cluster(home)).get(letter_id)
    if letter is None:
        err.print(f"[bold red]✗[/] no dead letter {letter_id}: `siaga dlq list --all` shows them")
        raise typer.Exit(Exit.FAILED)
    return letter


def _told(letter: DeadLetter) -> dict[str, object]:
    return {
        "id": letter.dead_letter_id,
        "service": letter.service,
        "topic": letter.source_topic,
        "partition": letter.source_partition,
        "offset": letter.source_offset,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "failed_at_ms": letter.failed_at_ms,
        "redriven": letter.redriven,
        "value_bytes": len(letter.value),
    }
