"""When each unit's notifications have to be looked at, shared by all processes: whoever claims a unit has it on lease.

Also in this process's memory, so that escalation goes on with Redis away.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from importlib import resources
from typing import Final

from siaga_notifier.adapters.hashes import Hashes

# Longer than a channel may take for a message; as long as that nobody else looks at the unit of a process that died.
LEASE_MS: Final = 20_000
# Units claimed at once; more would keep one process busy while others are idle.
CLAIM_MOST: Final = 200
# Another process's word (an answer, a receipt) waits at most that long.
LOOK_EVERY_S: Final = 0.1
# So often the dues of this process are told again to a Redis that may have lost them.
TELL_AGAIN_MS: Final = 5_000

# One slot of a Redis Cluster: the scripts touch all three.
DUE: Final = "siaga:ntf:{due}:at"
HELD: Final = "siaga:ntf:{due}:held"
WANTED: Final = "siaga:ntf:{due}:wanted"
KEYS: Final = (DUE, HELD, WANTED)


class Dues:
    """Times by unit."""

    def __init__(self, hashes: Hashes, instance: str, clock_ms: Callable[[], int]) -> None:
        self._hashes = hashes
        self._instance = instance
        self._clock_ms = clock_ms
        self._own: dict[str, int] = {}
        self._told_at_ms = 0
        self._nudge = asyncio.Event()
        folder = resources.files(__package__)
        self._claim, self._release, self._hurry, self._recover = (
            hashes.script(folder.joinpath("lua", f"{name}.lua").read_text())
            for name in ("claim", "release", "hurry", "recover")
        )

    async def seize(self, unit_ids: Collection[str]) -> None:
        """Have these units, whoever had them: their topic's records are this process's now."""
        until_ms = self._clock_ms() + LEASE_MS
        commands = [
            command
            for unit_id in unit_ids
            for command in (("ZADD", DUE, until_ms, unit_id), ("HSET", HELD, unit_id, self._instance))
        ]
        if commands:
            await self._hashes.ask_all(commands)

    async def claim(self) -> list[str]:
        """Units whose time has come, on lease from now on; with Redis away, those that this process knows."""
        now_ms = self._clock_ms()
        await self._tell_again(now_ms)
        answer = await self._hashes.run(self._claim, KEYS, (now_ms, now_ms + LEASE_MS, CLAIM_MOST, self._instance))
        if answer is not None:
            return [unit_id.decode() for unit_id in answer[0]]
        return [unit_id for unit_id, due_ms in self._own.items() if due_ms <= now_ms][:CLAIM_MOST]

    async def release(self, unit_id: str, due_ms: int | None) -> None:
        """Let go of a unit until that time; None = nothing of it is open. Whoever hurried meanwhile is heard at once."""
        if due_ms is None:
            self._own.pop(unit_id, None)
        else:
            self._own[unit_id] = due_ms
        wanted = -1 if due_ms is None else due_ms
        await self._hashes.run(self._release, KEYS, (unit_id, wanted, self._clock_ms(), self._instance))

    async def hurry(self, unit_ids: Collection[str]) -> None:
        """Something was heard of these units: have them looked at now."""
        now_ms = self._clock_ms()
        for unit_id in unit_ids:
            if unit_id in self._own:
                self._own[unit_id] = min(self._own[unit_id], now_ms)
        # In one go: a provider that is back may be what a thousand units wait for.
        await asyncio.gather(*(self._hashes.run(self._hurry, KEYS, (unit_id, now_ms)) for unit_id in unit_ids))
        self._nudge.set()

    def hurry_own(self) -> Sequence[str]:
        """The units this process waits with."""
        return list(self._own)

    async def recover(self) -> None:
        """Take up at once what this process held when it died."""
        await self._hashes.run(self._recover, KEYS, (self._instance, self._clock_ms()))

    async def next(self) -> None:
        """Wait until there may be something to claim."""
        soonest_ms = min(self._own.values(), default=self._clock_ms() + 60_000)
        pause_s = min(LOOK_EVERY_S, max(0.005, (soonest_ms - self._clock_ms()) / 1000))
        try:
            await asyncio.wait_for(self._nudge.wait(), pause_s)
        except TimeoutError:
            return
        self._nudge.clear()

    async def _tell_again(self, now_ms: int) -> None:
        if now_ms - self._told_at_ms < TELL_AGAIN_MS:
            return
        self._told_at_ms = now_ms
        if self._own:
            words = [word for unit_id, due_ms in self._own.items() for word in (due_ms, unit_id)]
            await self._hashes.ask_all([("ZADD", DUE, "NX", *words)])
