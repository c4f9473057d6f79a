"""Our own SMPP client before centres of two makers."""

import asyncio
import contextlib
import subprocess
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import psutil
from notifier_smsc import SmscProcess, free_port, until
from siaga_kit.embedded import jars, kafka_server
from siaga_kit.embedded.home import Home
from siaga_kit.settings import SmppSettings
from siaga_notifier.adapters.smpp.centre import SmsCentre
from siaga_notifier.adapters.smpp.patience import Patience
from siaga_notifier.channel import Channel
from siaga_notifier.core.model import PhoneMessage

from sms_conformance.peer import Heard

SYSTEM_ID: Final = "siaga"
# What jSMPP's simulator lets a phone say to whoever binds.
GREETING: Final = "Hello World"


class SmppPeer:
    """What both have in common: the client."""

    direct: Final = True
    # An idle line is asked after so little that every case has it happen.
    patience = Patience(response_s=0.5, enquire_every_s=0.4, part_s=0.2)

    @contextlib.asynccontextmanager
    async def channel(self, name: str, smpp_port: int, heard: Heard) -> AsyncIterator[Channel]:
        settings = SmppSettings(port=smpp_port, system_id=self.system_id(name))

        async def message(said: PhoneMessage) -> None:
            if said.text != GREETING:
                await heard.message(said)

        centre = SmsCentre(settings, heard.receipt, message, patience=self.patience)
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


class Jsmpp(SmppPeer):
    """jSMPP's server simulator: ids in hexadecimal, in its receipts decimal, which come after a second, by text only."""

    # An answer that waits for its receipt takes longer than that.
    patience = replace(SmppPeer.patience, response_s=1.6)

    def system_id(self, name: str) -> str:
        return SYSTEM_ID

    @contextlib.asynccontextmanager
    async def started(self) -> AsyncIterator[int]:
        listed = jars.parse((Path(__file__).parent / "jsmpp.jars.lock").read_text())
        version = next(jar.version for jar in listed if jar.artifact == "jsmpp")
        folder = await asyncio.to_thread(jars.prepare, Home.at().jars.parent / "jsmpp", None, listed, version)
        port = free_port()
        flags = {"simulator.port": port, "client.systemId": SYSTEM_ID, "client.password": "siaga"}
        process = subprocess.Popen(  # noqa: ASYNC220  (returns at once)
            [
                kafka_server.java(), "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                *(f"-Djsmpp.{name}={value}" for name, value in flags.items()),
                "-Dorg.slf4j.simpleLogger.log.org.jsmpp=error",
                "-cp", jars.class_path(folder, listed), "org.jsmpp.examples.SMPPServerSimulator",
            ],
        )  # fmt: skip
        try:
            # Not by connecting: it waits for the bind of one connection after the other.
            java = psutil.Process(process.pid)
            await until(lambda: any(one.status == psutil.CONN_LISTEN for one in java.net_connections("tcp")))
            yield port
        finally:
            process.kill()
            process.wait(10)
