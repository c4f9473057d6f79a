"""The chain of the audit: each record of a tenant holds the hash of the one before, so none can be changed or taken out unseen."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from siaga.v1.audit_pb2 import AuditRecord


def digest(record: AuditRecord) -> bytes:
    """SHA-256 over the record before it and all that it says. Each field goes with its length: none can run into the next."""
    told = (record.audit_id, record.tenant, record.actor, record.action, record.subject, record.reason)
    found = hashlib.sha256(b"siaga.v1.AuditRecord")
    for part in (record.previous_hash, *(text.encode() for text in told), str(record.at_ms).encode()):
        found.update(len(part).to_bytes(4, "big"))
        found.update(part)
    return found.digest()


@dataclass(frozen=True, slots=True)
class Chain:
    """What is wrong with a tenant's records, by audit id; `starts` and `ends` have one each when nothing is."""

    tenant: str
    records: int
    # Records whose hash is not that of what they say: changed after they were written.
    altered: tuple[str, ...]
    # Records whose predecessor is not there: taken out, or older than the topic keeps.
    orphaned: tuple[str, ...]
    # Records that begin a chain with nothing before them.
    starts: tuple[str, ...]
    # Records that two or more others follow.
    forked: tuple[str, ...]
    # Hashes that nothing follows.
    ends: tuple[bytes, ...]

    @property
    def whole(self) -> bool:
        """Whether it is one chain; its beginning may be older than the topic keeps."""
        return not (self.altered or self.forked) and len(self.orphaned) + len(self.starts) <= 1


def chains(records: Iterable[AuditRecord]) -> dict[str, Chain]:
    """The chain of each tenant. Records may come twice and in any order: the hashes say which follows which."""
    by_tenant: dict[str, dict[bytes, AuditRecord]] = {}
    altered: dict[str, list[str]] = {}
    for record in records:
        known = by_tenant.setdefault(record.tenant, {})
        if digest(record) != record.hash:
            altered.setdefault(record.tenant, []).append(record.audit_id)
        known.setdefault(record.hash, record)
    return {tenant: _chain(tenant, known, altered.get(tenant, [])) for tenant, known in by_tenant.items()}


def _chain(tenant: str, known: dict[bytes, AuditRecord], altered: list[str]) -> Chain:
    followers: dict[bytes, int] = {}
    for record in known.values():
        followers[record.previous_hash] = followers.get(record.previous_hash, 0) + 1
    return Chain(
        tenant=tenant,
        records=len(known),
        altered=tuple(dict.fromkeys(altered)),
        orphaned=tuple(
            each.audit_id for each in known.values() if each.previous_hash and each.previous_hash not in known
        ),
        starts=tuple(each.audit_id for each in known.values() if not each.previous_hash),
        forked=tuple(each.audit_id for hash_, each in known.items() if followers.get(hash_, 0) > 1),
        ends=tuple(hash_ for hash_ in known if hash_ not in followers),
    )
