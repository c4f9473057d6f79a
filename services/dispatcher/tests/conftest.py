"""What tests on the real servers share: a tenant of their own, its store and dispatcher."""

import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.core.values import Rules
from siaga_dispatcher.dispatching import Dispatcher
from siaga_tenants import Tenant, load_tenants

# Tests are imported by path, without a package; this makes the samples importable.
sys.path.insert(0, str(Path(__file__).parent))

from dispatcher_bench import Bench
from dispatcher_running import Running, running
from dispatcher_samples import NOON_MS, PLAN, POLICY

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def serang() -> Tenant:
    return load_tenants(ROOT / "tenants")["36.73"]


@pytest.fixture
def own_topics() -> Topics:
    mark = uuid.uuid4().hex[:8]
    usual = Topics()
    return Topics(*(replace(topic, name=f"test-{mark}-{topic.name}", partitions=1) for topic in usual.by_name.values()))


@pytest.fixture
async def bench(redis_url: str, serang: Tenant, own_topics: Topics) -> AsyncIterator[Bench]:
    tenant = replace(serang, code=f"99.{uuid.uuid4().hex[:8]}", plan=PLAN, dispatch=POLICY, units=())
    redis = Redis.from_url(redis_url)
    places = Places({tenant.code: tenant.gazetteer})
    store = Store(redis, {tenant.code: tenant.timezone}, places, own_topics)
    rules = {tenant.code: Rules(tenant.plan, tenant.dispatch, places.centre(tenant.code))}
    yield Bench(tenant, redis, places, store, Dispatcher(store, rules, lambda: NOON_MS, lambda _: None), own_topics)
    async for key in redis.scan_iter(f"{{{tenant.code}}}:*"):
        await redis.delete(key)
    await redis.aclose()


@pytest.fixture
async def service(bench: Bench, kafka_bootstrap: str, redis_url: str) -> AsyncIterator[Running]:
    async with running(bench, kafka_bootstrap, redis_url) as one:
        yield one
