"""Writes numbered events into the spool named on the command line, and says each number when it is on disk."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from siaga_intake.adapters.spool import Kept, Spool


async def main(path: Path) -> None:
    spool = Spool(path)
    await spool.open()
    for number in count():
        await spool.append([Kept("call", str(number), 0, None, b"event")])
        print(number, flush=True)  # noqa: T201  (how the test is told)


asyncio.run(main(Path(sys.argv[1])))
