"""A process is ready when it has started, not as soon as it answers."""

import asyncio
from collections.abc import Callable

import aiohttp
from siaga_kit import service
from siaga_kit.embedded.ports import HOST, any_free
from siaga_kit.service import Runtime
from siaga_kit.settings import ServerSettings, Settings


async def _answer(url: str, fits: Callable[[int], bool]) -> dict[str, object]:
    async with aiohttp.ClientSession() as session, asyncio.timeout(20):
        while True:
            try:
                async with session.get(url) as response:
                    if fits(response.status):
                        found: dict[str, object] = await response.json()
                        return found
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.02)


async def test_it_is_not_ready_before_it_has_started() -> None:
    port = any_free(set())
    may_start = asyncio.Event()
    runtimes: list[Runtime] = []

    async def start(runtime: Runtime) -> None:
        runtimes.append(runtime)
        await may_start.wait()

    running = asyncio.create_task(service._main("test", start, Settings(health=ServerSettings(port=port))))
    url = f"http://{HOST}:{port}/health/ready"
    first = await _answer(url, lambda _: True)
    assert first["reasons"] == {"start": "not started yet"}
    may_start.set()
    assert (await _answer(url, lambda status: status == 200))["ready"] is True
    runtimes[0].stop.set()
    assert await running == 0
