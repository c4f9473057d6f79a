"""The whole notifier with a centre's own gateways by HTTP: sent, receipted, answered, and replaced while one is away."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from notifier_http_peer import Peer, peer
from notifier_samples import World, order
from notifier_smsc import until
from siaga.v1.unit_pb2 import UNIT_STATUS_EN_ROUTE
from siaga_notifier.door_routes import routes
from siaga_tenants.model import USUAL_NOTIFY, NotifyPolicy, ProviderSpec
from starlette.applications import Starlette

pytestmark = pytest.mark.stack


@pytest.fixture
async def gate() -> AsyncIterator[Peer]:
    async with peer() as one:
        one.answer = (200, {"id": "g-1"}, {})
        yield one


def policy(folder: Path, **urls: str) -> dict[str, NotifyPolicy]:
    """Gateways by their names, in this order."""
    (folder / "token").write_text("secret")
    specs = tuple(
        ProviderSpec(
            name, "http_sms", "sms",
            {
                "preset": "generic", "url": url, "sender": "112", "secrets": {"token": folder / "token"},
                "callback_ips": ("127.0.0.1",), "callback_base": "http://127.0.0.1:8114",
            },
        )
        for name, url in urls.items()
    )  # fmt: skip
    return {"36.73": NotifyPolicy(USUAL_NOTIFY.plans, specs)}


async def tell(world: World, path: str, told: dict[str, Any]) -> None:
    """As the provider: at the notifier's door."""
    transport = httpx.ASGITransport(Starlette(routes=routes(world.made)))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        assert (await client.post(f"/v1/sms/36.73/gate/{path}", json=told)).status_code == 200


async def test_an_order_by_a_gateway_is_receipted_and_answered_through_it(
    world: World, gate: Peer, tmp_path: Path
) -> None:
    one = order()
    phone = one.contacts[0].address
    async with world.notifier(policies=policy(tmp_path, gate=gate.url)):
        await world.give(one)
        await world.reached(one, "SUBMITTED")
        (asked,) = gate.asked
        assert asked.json["to"] == phone
        assert asked.json["callback_url"] == "http://127.0.0.1:8114/v1/sms/36.73/gate/receipts"
        for _ in range(2):
            await tell(world, "receipts", {"id": "g-1", "to": phone, "status": "delivered"})
        assert sorted(await world.reached(one, "DELIVERED")) == ["DELIVERED", "QUEUED", "SUBMITTED"]
        # One that nobody remembers is no fault of the provider's.
        await tell(world, "receipts", {"id": "unknown", "to": phone, "status": "failed"})
        await tell(world, "messages", {"id": "m1", "from": phone, "text": "1 #114"})
        (report,) = await world.said(1)
        assert (report.order_id, report.status, report.via) == (one.order_id, UNIT_STATUS_EN_ROUTE, "sms")
        # What is unclear is asked back by the way it came.
        await tell(world, "messages", {"id": "m2", "from": phone, "text": "apa?"})
        await until(lambda: len(gate.asked) == 2)
    assert gate.asked[-1].json["to"] == phone
    assert "callback_url" not in gate.asked[-1].json
    assert await world.smsc.messages() == []


async def test_a_gateway_that_is_away_is_replaced_at_once(world: World, gate: Peer, tmp_path: Path) -> None:
    orders = [order(str(code)) for code in range(300, 310)]
    async with world.notifier(policies=policy(tmp_path, away="http://127.0.0.1:9/", gate=gate.url)):
        await world.give(*orders)
        for one in orders:
            assert "FAILED_TEMPORARY" not in await world.reached(one, "SUBMITTED")
    assert len({asked.json["to"] for asked in gate.asked}) == len(gate.asked) == 10
