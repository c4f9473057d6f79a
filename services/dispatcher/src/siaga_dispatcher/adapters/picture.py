"""What the working state is, key by key, to tell whether two of them are the same to the byte."""

from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis

from siaga_dispatcher.adapters.keys import EVERY_KEY, Keys, tenant_of

CHUNK: Final = 1_000
_READ: Final = {
    b"string": ("GET",),
    b"hash": ("HGETALL",),
    b"zset": ("ZRANGE", "0", "-1", "WITHSCORES"),
}


async def state_keys(redis: Redis, tenants: Collection[str]) -> dict[str, list[str]]:
    """The names of all keys that are state, by tenant: one walk over the keys, however many tenants."""
    found: dict[str, list[str]] = {tenant: [] for tenant in tenants}
    passing = {name for tenant in tenants for name in Keys(tenant).passing}
    async for key in redis.scan_iter(EVERY_KEY, count=CHUNK):
        name = cast("bytes", key).decode()
        names = found.get(tenant_of(name))
        if names is not None and name not in passing and not name.startswith(Keys(tenant_of(name)).done("")):
            names.append(name)
    return found


async def picture(redis: Redis, tenants: Collection[str]) -> dict[str, bytes]:
    """A digest of each state key's content; when keys end is left out."""
    names = [name for of_tenant in (await state_keys(redis, tenants)).values() for name in of_tenant]
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
