"""Orders that come while their unit is being looked after."""

import asyncio
from collections.abc import Sequence

import pytest
from notifier_samples import order
from notifier_smsc import until
from siaga_notifier.core.model import Attempt
from siaga_notifier.core.outcomes import Outcome
from test_notifier_engine import NUMBER, World


async def test_an_order_that_comes_as_its_unit_s_work_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world, release = World(), asyncio.Event()
    read, send = world.store.read, world.phones.send

    async def slow(attempt: Attempt) -> Outcome:
        await release.wait()
        return await send(attempt)

    async def late(*asked: Sequence[str]) -> object:
        found = await read(*asked)
        release.set()
        # All that the work had to do is done; it stays for what is being brought.
        await until(lambda: world.starts() == ["#114 P1"])
        assert world.engine.busy
        return found

    monkeypatch.setattr(world.phones, "send", slow)
    first = asyncio.create_task(world.process(order("114", unit="unit-1", number=NUMBER)))
    await until(lambda: world.engine.busy)
    monkeypatch.setattr(world.store, "read", late)
    await world.process(order("115", unit="unit-1", number=NUMBER))
    await first
    assert world.starts() == ["#114 P1", "#115 P1"]
