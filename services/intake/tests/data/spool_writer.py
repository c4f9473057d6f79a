"""Writes numbered events into the spool named on the command line, and says the last number when they are on disk.

Further words: the first number (0), and how many events go in together (1).
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

from siaga_intake.adapters.spool import Kept, Spool


async def main(path: Path, first: int = 0, together: int = 1) -> None:
    spool = Spool(path)
    await spool.open()
    for number in count(first, together):
        await spool.append([Kept("call", str(each), 0, None, b"event") for each in range(number, number + together)])
        print(number + together - 1, flush=True)  # noqa: T201  (how the test is told)


asyncio.run(main(Path(sys.argv[1]), *map(int, sys.argv[2:])))
