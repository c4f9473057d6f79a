"""Our own SMPP client before centres of two makers."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from notifier_smsc import SmscProcess
from siaga_kit.settings import SmppSettings
from siaga_notifier.adapters.smpp.centre import SmsCentre
from siaga_notifier.channel import Channel

from sms_conformance.peer import Heard


class SmppPeer:
    """What both have in common: the client."""

    direct: Final = True

    @contextlib.asynccontextmanager
    async def channel(self, name: str, smpp_port: int, heard: Heard) -> AsyncIterator[Channel]:
        settings = SmppSettings(port=smpp_port, system_id=self.system_id(name))
        centre = SmsCentre(settings, heard.receipt, heard.message)
        running = asyncio.create_task(centre.run())
        try:
            yield centre
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    def system_id(self, name: str) -> str:
        """Under which the case binds."""
        return f"c{abs(hash(name)) % 10**9}"


class Smpp34(SmppPeer):
    """The embedded centre: smpp34's server."""

    @contextlib.asynccontextmanager
    async def started(self) -> AsyncIterator[int]:
        with tempfile.TemporaryDirectory() as folder:
            process = SmscProcess(Path(folder) / "journal.jsonl")
            await asyncio.to_thread(process.start)
            try:
                yield process.port
            finally:
                process.kill()
