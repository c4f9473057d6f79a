"""`rebuild`: makes the dispatcher's working state in Redis again from the compacted topics."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.table import Column, Table
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.outbox import Relay
from siaga_dispatcher.adapters.rebuilding import Rebuilder, Rebuilt
from siaga_kit.embedded.errors import StackError
from siaga_kit.errors import Transient
from siaga_kit.publishing import Publisher
from siaga_tenants import load_tenants

from siaga_cli.cluster import Cluster, cluster, redis_url, tenants_dir
from siaga_cli.console import err, out

# A state that was lost whole differs in every key: naming some is enough to know where to look.
SHOWN: Final = 3


def register(root: typer.Typer) -> None:
    """Add the command."""
    root.command("rebuild")(rebuild)


def rebuild(
    context: typer.Context,
    *,
    tenant: Annotated[list[str] | None, typer.Option(help="Only this one; may be given several times.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Make units, incidents, alerts and their indexes in Redis again from the topics; tells what was different.

    Dispatching of the tenant stops for that long; a running dispatcher then decides again about its latest calls.
    """
    known = sorted(load_tenants(tenants_dir(context.obj)))
    for code in tenant or ():
        if code not in known:
            raise typer.BadParameter(f"no tenant {code!r}; there are: {', '.join(known)}")
    begin = time.monotonic()
    made = _run(cluster(context.obj), redis_url(context.obj), tuple(tenant or known))
    seconds = time.monotonic() - begin
    if as_json:
        sys.stdout.write(json.dumps({"seconds": round(seconds, 2), "tenants": [_told(one) for one in made]}) + "\n")
        return
    shown = Table(
        Column("tenant", no_wrap=True), "units", "incidents", "alerts", "different before", box=None, pad_edge=False
    )
    for one in made:
        shown.add_row(one.tenant, str(one.units), str(one.incidents), str(one.alerts), _words(one))
    out.print(shown)
    err.print(f"Made again in {seconds:.1f} s.")


def _told(one: Rebuilt) -> dict[str, object]:
    return {
        "tenant": one.tenant,
        "units": one.units,
        "incidents": one.incidents,
        "alerts": one.alerts,
        "different": list(one.different),
    }


def _words(one: Rebuilt) -> str:
    if not one.different:
        return "nothing"
    more = "" if len(one.different) <= SHOWN else f" and {len(one.different) - SHOWN} more"
    return ", ".join(one.different[:SHOWN]) + more


def _run(where: Cluster, url: str, tenants: Sequence[str]) -> list[Rebuilt]:
    try:
        return asyncio.run(_rebuilt(where, url, tenants))
    except KafkaError as error:
        raise StackError(f"Kafka at {where.bootstrap}: {error}", "is the broker up? `./siaga status`") from error
    except (RedisError, ConnectionError) as error:
        raise StackError(f"Redis: {error}", "is it up? `./siaga status`") from error
    except Transient as error:
        raise StackError(
            str(error), "see `./siaga status`, then try again; until then nothing is dispatched"
        ) from error


async def _rebuilt(where: Cluster, url: str, tenants: Sequence[str]) -> list[Rebuilt]:
    redis = Redis.from_url(url)
    publisher = Publisher(where.settings, "dispatcher", "rebuild")
    try:
        relay = Relay(redis, publisher, tenants, Topics(), "rebuild")
        # With no dispatcher running, what it committed last is still unpublished.
        for tenant in tenants:
            await relay.drain(tenant)
        made = await Rebuilder(redis, where.settings, Topics()).rebuild(tenants, int(time.time() * 1000), compare=True)
    finally:
        await publisher.close()
        await redis.aclose()
    left = sorted(set(tenants) - {one.tenant for one in made})
    if left:
        raise StackError(
            f"{', '.join(left)}: another process is making the state again", "wait a moment and look again"
        )
    return made
