"""Writes the audit: one chain per tenant that any number of processes add to, through kills and restarts.

The end of the chain is in Redis. A record is chained and put among those still to be published in one script, which
refuses when somebody else was faster; then all that waits is published. Whoever dies between the two leaves the record to
the next writer. So a record may come twice, never not at all; readers follow the hashes, not the order on the topic.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from siaga.v1.audit_pb2 import AuditRecord
from siaga_contracts import ids
from siaga_contracts.audit import digest
from siaga_contracts.catalogue import AUDIT, Topic

from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing

# People look and decide by hand; so many lost races in a row mean that something spins.
TRIES: Final = 50
# What one writer publishes for others that died; the next one goes on.
MOST_PENDING: Final = 200
_APPEND: Final = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('RPUSH', KEYS[2], ARGV[3])
return 1
"""

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what to what, and why. `subject` is kind and id, as `caller/…`; no number, text or exact place."""

    tenant: str
    actor: str
    action: str
    subject: str
    reason: str
    at_ms: int


def end_key(tenant: str) -> str:
    """Where the hash of a tenant's last record is kept."""
    return f"{{{tenant}}}:audit:end"


def pending_key(tenant: str) -> str:
    """Where records wait that are chained and may not be published yet."""
    return f"{{{tenant}}}:audit:pending"


class AuditLog:
    """Adds to the chains."""

    def __init__(self, redis: Redis, publish: Publish, topic: Topic = AUDIT) -> None:
        self._redis = redis
        self._publish = publish
        self._topic = topic
        self._append = redis.register_script(_APPEND)

    async def write(self, deed: Deed) -> AuditRecord:
        """Chain and publish a record. Raises Transient or a client's error when Redis or the broker is away."""
        for _ in range(TRIES):
            end: bytes = await self._redis.get(end_key(deed.tenant)) or b""  # type: ignore[assignment]  # no decoding
            record = _record(deed, end)
            keys = [end_key(deed.tenant), pending_key(deed.tenant)]
            if await self._append(keys, [end, record.hash, record.SerializeToString()]):
                await self.publish_pending(deed.tenant)
                return record
        raise Transient(f"the audit's chain grew {TRIES} times under our hands")

    async def publish_pending(self, tenant: str) -> None:
        """Publish what waits, our own or what another writer left."""
        key = pending_key(tenant)
        waiting: list[bytes] = await self._redis.lrange(key, 0, MOST_PENDING - 1)  # type: ignore[assignment]
        if not waiting:
            return
        records = [AuditRecord.FromString(each) for each in waiting]
        await self._publish([Outgoing(self._topic, tenant, each, each.audit_id, each.at_ms) for each in records])
        pipeline: Any = self._redis.pipeline(transaction=False)
        for each in waiting:
            pipeline.lrem(key, 1, each)
        await pipeline.execute()


def _record(deed: Deed, previous_hash: bytes) -> AuditRecord:
    record = AuditRecord(
        audit_id=ids.derived(
            "audit", deed.tenant, previous_hash.hex(), deed.actor, deed.action, deed.subject, str(deed.at_ms)
        ),
        tenant=deed.tenant,
        actor=deed.actor,
        action=deed.action,
        subject=deed.subject,
        reason=deed.reason,
        at_ms=deed.at_ms,
        previous_hash=previous_hash,
    )
    record.hash = digest(record)
    return record
