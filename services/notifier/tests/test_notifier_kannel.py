"""What Kannel has accepted, it sends: also when it is killed meanwhile, and the SMS centre with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from notifier_http_peer import NUMBER, TEXT, attempt
from notifier_smsc import SmscProcess, until
from siaga_notifier.core.outcomes import Accepted
from siaga_notifier.core.states import State
from sms_conformance.kannel_peer import KannelPeer
from sms_conformance.peer import Heard

pytestmark = [pytest.mark.peers, pytest.mark.timeout(60)]


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[KannelPeer]:
    made = KannelPeer()
    async with made.door(tmp_path):
        yield made


async def test_what_was_accepted_outlives_kannel(peer: KannelPeer, smsc: SmscProcess) -> None:
    heard = Heard()
    smsc.kill()
    async with peer.channel("restart", smsc.port, heard) as channel:
        # The centre is away: Kannel keeps it.
        assert await channel.send(attempt()) == Accepted("attempt-1")
        kannel = peer.kannels["restart"]
        await asyncio.to_thread(kannel.kill)
        await asyncio.to_thread(smsc.start)
        await asyncio.to_thread(kannel.start)
        await until(lambda: bool(heard.receipts))
    (message,) = await smsc.messages()
    assert message["text"] == TEXT
    ((receipt, number),) = heard.receipts
    assert (receipt.provider_id, receipt.state, number) == ("attempt-1", State.DELIVERED, NUMBER)
