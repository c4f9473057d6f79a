"""How soon a lost working state is there again, for a country of 10,000 units and 5,000 open incidents; and whether it is the same."""

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import Final

import uvloop
from redis.asyncio import Redis
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.outbox import Relay
from siaga_dispatcher.adapters.picture import different, picture
from siaga_dispatcher.adapters.rebuilding import Rebuilder
from siaga_kit import logs
from siaga_kit.embedded.stack import Stack
from siaga_kit.publishing import Publisher
from siaga_kit.settings import KafkaSettings

from siaga_cli.bench import Figure, Report
from siaga_cli.bench.dispatch_nation import calls, tenants
from siaga_cli.bench.dispatch_ours import Ours, collector_as_in_service
from siaga_cli.console import err

INCIDENTS: Final = 5_000
WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Found:
    """What was lost and made again."""

    seconds: float
    units: int
    incidents: int
    keys: int
    different: int


def measure() -> Report:
    """Decide, publish, lose everything, make it again, compare."""
    logs.setup("bench", "WARNING")
    # The dispatcher itself never starts: its own centres would stand in the topics beside the country's.
    with (
        Stack(services=("notifier",)) as stack,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        collector_as_in_service(),
    ):
        found = runner.run(_lost_and_found(stack))
    what = f"{found.units:,} units and {found.incidents:,} incidents, {found.keys:,} keys"
    return Report(
        (
            Figure(f"made again, {what}", f"< {WITHIN_S:.0f} s", f"{found.seconds:.1f} s", found.seconds < WITHIN_S),
            Figure("keys that are not the same to the byte", "0", str(found.different), found.different == 0),
        ),
        asdict(found),
    )


async def _lost_and_found(stack: Stack) -> Found:
    all_tenants, topics = tenants(), Topics()
    kafka = KafkaSettings(bootstrap=stack.addresses.kafka_bootstrap, replication=1)
    ours, redis = Ours(stack.addresses.redis_url, all_tenants), Redis.from_url(stack.addresses.redis_url)
    publisher = Publisher(kafka, "dispatcher", "bench")
    try:
        err.print(f"  {INCIDENTS:,} incidents are opened and published")
        await ours.fill()
        await ours.dispatch_all([call.SerializeToString() for call in calls("rebuild", INCIDENTS)])
        relay = Relay(redis, publisher, tuple(all_tenants), topics, "bench")
        for tenant in all_tenants:
            await relay.drain(tenant)
        before = await picture(redis, tuple(all_tenants))
        err.print("  Redis forgets, and the topics are read")
        await redis.flushdb()
        begin_s = time.perf_counter()
        made = await Rebuilder(redis, kafka, topics).rebuild(tuple(all_tenants), int(time.time() * 1000))
        seconds = time.perf_counter() - begin_s
        after = await picture(redis, tuple(all_tenants))
        left = await Rebuilder(redis, kafka, topics).lost(tuple(all_tenants))
        assert not left, f"{len(left)} tenants were not made again"
    finally:
        await publisher.close()
        await redis.aclose()
        await ours.close()
    units, incidents = sum(one.units for one in made), sum(one.incidents for one in made)
    return Found(round(seconds, 2), units, incidents, len(after), len(different(before, after)))
