"""Whom the notifier knows: also the numbers of shifts, and those that come while it runs."""

import asyncio
import shutil
from pathlib import Path

from siaga_notifier.guide import Guide, follow, guide, look
from siaga_notifier.inbox import Directory
from siaga_tenants import load_tenants

SERANG = Path(__file__).parents[3] / "tenants/36.73-kota-serang"
ROSTER = """\
roster:
  - units: [3673-DMK-01]
    shifts:
      - {name: siang, from: "08:00", to: "20:00", contacts: [{channel: sms, address: "+628119990001"}]}
"""


class Heard:
    """An inbox as far as it is told of units."""

    def __init__(self) -> None:
        self.directory = Directory(frozenset(), {}, {})

    def know(self, found: Guide) -> None:
        self.directory = found.directory


async def test_numbers_of_shifts_are_known_as_soon_as_they_are_written_down(tmp_path: Path) -> None:
    shutil.copytree(SERANG, tmp_path / SERANG.name)
    roster = tmp_path / SERANG.name / "roster.yaml"
    assert "+628119990001" not in guide(load_tenants(tmp_path)).directory.phones
    heard, stop = Heard(), asyncio.Event()
    following = asyncio.create_task(follow(tmp_path, look(tmp_path), heard.know, stop, 0.02))
    roster.write_text(ROSTER)
    async with asyncio.timeout(60):
        while heard.directory.unit_of_phone.get("+628119990001") != "3673-DMK-01":
            await asyncio.sleep(0.02)
    # What cannot be used ends nothing: the next change is taken again.
    roster.write_text(ROSTER.replace("08:00", "8"))
    roster.write_text(ROSTER.replace("90001", "90002"))
    async with asyncio.timeout(60):
        while "+628119990002" not in heard.directory.phones:
            await asyncio.sleep(0.02)
    stop.set()
    await following
