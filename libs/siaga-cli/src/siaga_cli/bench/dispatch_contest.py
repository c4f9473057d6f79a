"""One unit, a hundred people who send it at once from several processes: one is obeyed, the others are told why not.

As a program (`python -m siaga_cli.bench.dispatch_contest REDIS_URL UNIT INCIDENT…`) it is one of those processes: it says
"ready", waits for a line, and answers the code each of its commands was refused with, `won` for the one that was not.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from siaga_dispatcher.core.commands import Action, Command, CommandRefused
from siaga_dispatcher.core.values import UnitReport, UnitStatus
from siaga_kit import logs
from siaga_tenants import Tenants

from siaga_cli.bench import dispatch_nation
from siaga_cli.bench.dispatch_ours import Ours

PROCESSES: Final = 3
COMMANDS: Final = 100
TENANT: Final = "32.01"


def one_tenant() -> Tenants:
    """The tenant of the contest: a single ambulance, and nobody else."""
    tenant = dispatch_nation.tenant(TENANT)
    unit = next(unit for unit in tenant.units if unit.kind == "puskesmas")
    return Tenants({TENANT: replace(tenant, units=(unit,))})


async def contest(redis_url: str) -> Counter[str]:
    """How often each answer was given; on a Redis that nobody else needs."""
    tenants = one_tenant()
    unit_id = tenants[TENANT].units[0].unit_id
    ours = Ours(redis_url, tenants)
    try:
        await ours.fill()
        await ours.dispatcher.take_report(_report(unit_id, UnitStatus.OFF_DUTY, 1))
        waiting = [await ours.decide(call) for call in dispatch_nation.calls("contest", COMMANDS, (TENANT,))]
        processes = [
            await _started(redis_url, unit_id, [one.incident_id for one in waiting[number::PROCESSES] if one])
            for number in range(PROCESSES)
        ]
        for process in processes:
            await _line(process)
        # Only now it is there to be sent, for all at the same moment.
        await ours.dispatcher.take_report(_report(unit_id, UnitStatus.AVAILABLE, 2))
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
        told = [json.loads(await _line(process)) for process in processes]
        for process in processes:
            await process.wait()
        return Counter(code for codes in told for code in codes)
    finally:
        await ours.close()


def _report(unit_id: str, status: UnitStatus, number: int) -> UnitReport:
    return UnitReport(f"contest-{number}", TENANT, unit_id, "", status, dispatch_nation.BEGIN_MS + number, "bench")


async def _started(redis_url: str, unit_id: str, incident_ids: Sequence[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siaga_cli.bench.dispatch_contest", redis_url, unit_id, *incident_ids,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        return await process.stdout.readline()


async def _take_part(redis_url: str, unit_id: str, incident_ids: Sequence[str]) -> list[str]:
    ours = Ours(redis_url, one_tenant())

    async def send(incident_id: str) -> str:
        command = Command(f"contest-{incident_id}", Action.ASSIGN, "bench", unit_id=unit_id)
        try:
            await ours.dispatcher.take_command(TENANT, incident_id, command, 0)
        except CommandRefused as refused:
            return refused.code
        return "won"

    try:
        await ours.store.unit(TENANT, unit_id)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        return list(await asyncio.gather(*map(send, incident_ids)))
    finally:
        await ours.close()


if __name__ == "__main__":
    logs.setup("bench", "WARNING")
    sys.stdout.write(json.dumps(asyncio.run(_take_part(sys.argv[1], sys.argv[2], sys.argv[3:]))) + "\n")
