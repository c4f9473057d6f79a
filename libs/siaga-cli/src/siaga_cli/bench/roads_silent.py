"""What a decision waits for a routing server that takes its questions and never answers."""

import asyncio
import time
from typing import Final

from siaga_dispatcher.adapters.roads.osrm import Osrm
from siaga_dispatcher.adapters.roads.roads import Roads
from siaga_dispatcher.core.values import Position, Unit
from siaga_tenants.model import DispatchPolicy

TENANT: Final = "36.73"
HERE: Final = Position(-6.12, 106.15)


async def waited_s() -> tuple[float, float]:
    """Seconds of the first decision, which asks once before its circles and once in each; and of the one after it."""
    took_in: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: took_in.append(writer), "127.0.0.1", 0)
    network = Osrm(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    roads = Roads({TENANT: network}, lambda: time.monotonic_ns() // 1_000_000)
    try:
        return await _decision_s(roads), await _decision_s(roads)
    finally:
        await roads.close()
        for writer in took_in:
            writer.close()
        server.close()


async def _decision_s(roads: Roads) -> float:
    policy = DispatchPolicy()
    began = time.perf_counter()
    for circle in range(len(policy.radius_ladder_m) + 1):
        unit = Unit(f"u{circle}", TENANT, "damkar", f"u{circle}", (), HERE, HERE)
        await roads.etas(TENANT, [unit], HERE, policy)
    return time.perf_counter() - began
