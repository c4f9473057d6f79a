"""The audit on a real Redis: one chain whoever writes, and nothing lost with a writer that dies half-way."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence

import pytest
from redis.asyncio import Redis
from siaga.v1.audit_pb2 import AuditRecord
from siaga_contracts.audit import chains
from siaga_kit.audit import AuditLog, Deed, end_key, pending_key
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing

pytestmark = pytest.mark.stack


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


class Topic:
    """What was published; a broker that is away on demand."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.away = False

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        if self.away:
            raise Transient("the broker is away")
        await asyncio.sleep(0)
        for each in outgoing:
            assert isinstance(each.message, AuditRecord)
            self.records.append(each.message)


def deed(tenant: str, number: int = 0) -> Deed:
    return Deed(tenant, f"op-{number:02}", "read", "caller/ab", "appeal", 1_000 + number)


async def test_several_writers_at_once_make_one_chain(redis: Redis) -> None:
    tenant, topic = f"audit-{uuid.uuid4().hex[:8]}", Topic()
    writers = [AuditLog(redis, topic.publish) for _ in range(4)]
    for start in range(0, 40, 4):
        await asyncio.gather(*(each.write(deed(tenant, start + n)) for n, each in enumerate(writers)))
    found = chains(topic.records)[tenant]
    assert found.whole
    assert found.records == 40
    assert found.ends == (await redis.get(end_key(tenant)),)
    assert await redis.llen(pending_key(tenant)) == 0


async def test_what_a_writer_left_unpublished_comes_with_the_next(redis: Redis) -> None:
    tenant, topic = f"audit-{uuid.uuid4().hex[:8]}", Topic()
    topic.away = True
    with pytest.raises(Transient):
        await AuditLog(redis, topic.publish).write(deed(tenant, 1))
    topic.away = False
    await AuditLog(redis, topic.publish).write(deed(tenant, 2))
    found = chains(topic.records)[tenant]
    assert found.whole
    assert found.records == 2
