"""What the working state is, key by key, to tell whether two of them are the same to the byte."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis

from siaga_dispatcher.adapters.keys import Keys

CHUNK: Final = 1_000
_READ: Final = {
    b"string": ("GET",),
    b"hash": ("HGETALL",),
    b"zset": ("ZRANGE", "0", "-1", "WITHSCORES"),
}


async def picture(redis: Redis, tenant: str) -> dict[str, bytes]:
    """A digest of each key's content. Left out: what is not state (outbox, leases, causes, epoch), and when keys end."""
    keys = Keys(tenant)
    passing = (keys.outbox, keys.relay, keys.rebuilding, keys.epoch, keys.behind, keys.open_versions, keys.coverage)
    names: list[str] = []
    async for key in redis.scan_iter(keys.pattern, count=CHUNK):
        name = cast("bytes", key).decode()
        if name not in passing and not name.startswith(keys.done("")):
            names.append(name)
    found: dict[str, bytes] = {}
    for start in range(0, len(names), CHUNK):
        found.update(await _digests(redis, names[start : start + CHUNK]))
    return found


async def _digests(redis: Redis, names: Sequence[str]) -> dict[str, bytes]:
    kinds = redis.pipeline(transaction=False)
    for name in names:
        kinds.execute_command("TYPE", name)
    contents = redis.pipeline(transaction=False)
    told = [kind.encode() if isinstance(kind, str) else kind for kind in await kinds.execute()]
    there = [(name, kind) for name, kind in zip(names, told, strict=True) if kind in _READ]
    for name, kind in there:
        command, *arguments = _READ[kind]
        contents.execute_command(command, name, *arguments)
    values = await contents.execute()
    return {name: _digest(value) for (name, _), value in zip(there, values, strict=True)}


def _digest(value: Any) -> bytes:
    if isinstance(value, dict):
        value = sorted(value.items())
    return blake2b(msgspec.msgpack.encode(value), digest_size=16).digest()


def different(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """The keys that are not the same in both, by name."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
