"""Kannel before the embedded centre: we speak HTTP to it, it speaks SMPP, and tells our door what became of it."""

import asyncio
import contextlib
import re
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from notifier_http_peer import running, served
from notifier_smsc import SmscProcess, free_port
from siaga_kit.embedded.kannel import Kannel, Site
from siaga_notifier.adapters.http_sms.provider import HttpSmsProvider
from siaga_notifier.adapters.http_sms.receipts_door import ReceiptsDoor, Say
from siaga_notifier.channel import Channel
from siaga_notifier.core.model import PhoneMessage
from siaga_notifier.core.receipts import Receipt
from siaga_tenants.http_sms import provider

from sms_conformance.peer import Heard

# The tenant of the suite's orders.
TENANT: Final = "36.73"
PASSWORD: Final = "kannel-password"
# Centres that write one id in two ways have to be told to Kannel; our own client tries all spellings.
DECIMAL_RECEIPTS: Final = "receipt with a decimal id"


class KannelPeer:
    """Each case has a Kannel of its own, up within a fifth of a second, and one door hears them all."""

    direct: Final = False

    def __init__(self) -> None:
        self._channels: dict[str, tuple[HttpSmsProvider, Heard]] = {}
        self._door_url = ""
        self._folder = Path()
        self.kannels: dict[str, Kannel] = {}

    @contextlib.asynccontextmanager
    async def started(self) -> AsyncIterator[int]:
        with tempfile.TemporaryDirectory() as folder:
            process = SmscProcess(Path(folder) / "journal.jsonl")
            await asyncio.to_thread(process.start)
            try:
                async with self.door(Path(folder)):
                    yield process.port
            finally:
                process.kill()

    @contextlib.asynccontextmanager
    async def door(self, folder: Path) -> AsyncIterator[None]:
        """Where Kannels tell what became of messages; each has a folder of its own in this one."""
        self._folder = folder
        async with served(list(ReceiptsDoor(self._find, self).routes())) as self._door_url:
            yield

    @contextlib.asynccontextmanager
    async def channel(self, name: str, smpp_port: int, heard: Heard) -> AsyncIterator[Channel]:
        slug = re.sub(r"[^a-z0-9]+", "-", name)
        folder = self._folder / slug
        kannel = Kannel(folder, self._site(name, slug, smpp_port, folder))
        await asyncio.to_thread(kannel.start)
        (folder / "password").write_text(PASSWORD)
        settings = {
            "preset": "kannel", "url": kannel.sendsms_url, "sender": "112", "params": {"username": "siaga"},
            "secrets": {"password": folder / "password"}, "callback_ips": ["127.0.0.1"], "callback_base": self._door_url,
        }  # fmt: skip
        channel = HttpSmsProvider(slug, provider(settings), "", lambda: time.time_ns() // 1_000_000)
        self._channels[slug], self.kannels[slug] = (channel, heard), kannel
        try:
            async with running(channel):
                yield channel
        finally:
            await asyncio.to_thread(kannel.stop)
            del self._channels[slug]

    def _site(self, name: str, slug: str, smpp_port: int, folder: Path) -> Site:
        return Site(
            centre_host="127.0.0.1",
            centre_port=smpp_port,
            system_id=f"c{abs(hash(name)) % 10**9}",
            centre_password="siaga",
            password=PASSWORD,
            admin_password=PASSWORD,
            admin_port=free_port(),
            smsbox_port=free_port(),
            sendsms_port=free_port(),
            messages_url=f"{self._door_url}/v1/sms/{TENANT}/{slug}/messages",
            spool=str(folder / "spool"),
            logs=str(folder),
            id_type=1 if name == DECIMAL_RECEIPTS else 3,
            answer_s=2,
            silence_s=4,
            log_level=0,
        )

    def _find(self, tenant: str, provider_id: str) -> HttpSmsProvider | None:
        found = self._channels.get(provider_id)
        return found[0] if found is not None and tenant == TENANT else None

    async def receipt(self, receipt: Receipt, number: str, *, provider: str) -> None:
        await self._channels[provider][1].receipt(receipt, number, provider)

    async def message(self, message: PhoneMessage, say: Say) -> None:
        # By whom it came is told by what answers it.
        heard = next(heard for channel, heard in self._channels.values() if channel.say == say)
        await heard.message(message)
