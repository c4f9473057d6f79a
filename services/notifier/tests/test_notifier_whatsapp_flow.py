"""From an order to the crew's button and back: engine, channel, Graph API, webhook and inbox together; then the operator."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from notifier_graph import NUMBER_ID, SECRET, TOKEN, VERIFY, Graph, change, error, message, post, signed, status
from notifier_samples import NOW_MS, order
from notifier_smsc import free_port, until
from siaga.v1.alert_pb2 import Alert
from siaga.v1.notification_pb2 import NotificationEvent, NotificationState
from siaga.v1.order_pb2 import ORDER_KIND_STAND_DOWN, DispatchOrder
from siaga.v1.unit_pb2 import UNIT_STATUS_EN_ROUTE, Contact, UnitReport
from siaga_kit.records import Outgoing, Record
from siaga_kit.stage import Item
from siaga_notifier.adapters import hashes
from siaga_notifier.adapters.alarm.operator import OperatorAlarm
from siaga_notifier.adapters.dues import Dues
from siaga_notifier.adapters.hashes import Hashes
from siaga_notifier.adapters.store import Store
from siaga_notifier.adapters.whatsapp.cloud import WhatsAppCloud
from siaga_notifier.adapters.whatsapp.webhook import routes
from siaga_notifier.closing import Closing
from siaga_notifier.core.message import Words
from siaga_notifier.core.model import OPERATOR, WHATSAPP
from siaga_notifier.core.outcomes import Accepted, Outcome
from siaga_notifier.engine import Engine
from siaga_notifier.inbox import Directory, Inbox
from siaga_notifier.processor import OrderProcessor
from siaga_notifier.registry import Registry
from siaga_notifier.sender import Sender
from siaga_notifier.unit_work import Tools
from siaga_tenants.model import NotifyPlan, NotifyPolicy, PlanStep, ProviderSpec
from starlette.applications import Starlette

WORDS = Words({}, {"fire_building": "Kebakaran"})
POLICY = NotifyPolicy({("default", "default"): NotifyPlan((PlanStep((WHATSAPP,), 20), PlanStep((OPERATOR,), 20)))})
CREW = Contact(channel=WHATSAPP, address="+6281100000114")


class World:
    """A notifier with a number at Meta, whose Redis is away."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.now_ms = NOW_MS
        self.published: list[Outgoing] = []
        # Whether an alert that is raised gets through.
        self.broker = asyncio.Event()
        self.broker.set()
        held = Hashes(hashes.client(f"redis://127.0.0.1:{free_port()}/0"))
        store, closing = Store(held, b"secret"), None
        closing = Closing(store)
        self._inbox = Inbox(store, self.publish, self.say, Directory(frozenset(), {}), self.clock, closing)
        registry = Registry(lambda tenant, spec: WhatsAppCloud(spec, tenant, self._inbox, lambda _: WORDS), self.clock)
        registry.share([OperatorAlarm(self.publish, self.clock)])
        registry.serve("36.73", [ProviderSpec("wa1", "whatsapp_cloud", WHATSAPP, settings)])
        sender = Sender(registry, lambda _: WORDS)
        dues = Dues(held, "1", self.clock)
        tools = Tools(store, dues, registry, sender, self.publish, self.clock, lambda hand: frozenset(hand.named))
        self.engine = Engine(tools, lambda _: POLICY, lambda _, __: "")
        closing.look = self.engine.heard
        self._processor = OrderProcessor(self.engine, sender)
        app = Starlette(routes=routes(registry.find))
        self._door = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door")
        self.channel = registry.find("36.73", "wa1")

    def clock(self) -> int:
        return self.now_ms

    async def say(self, number: str, text: str) -> Outcome:
        return Accepted("said")

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        if any(isinstance(record.message, Alert) and not record.message.cleared_at_ms for record in outgoing):
            await self.broker.wait()
        self.published.extend(outgoing)

    async def process(self, one: DispatchOrder) -> None:
        await self._processor.process([Item(Record("t", 0, 0, 0, None, one.SerializeToString(), ()), one)])
        await self.quiet()

    async def quiet(self) -> None:
        await until(lambda: not self.engine.busy)

    async def after(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)
        await self.engine.look()
        await self.quiet()

    async def posted(self, *pieces: dict[str, Any], quiet: bool = True) -> None:
        """Meta tells this by the webhook."""
        body = json.dumps(post(change(*pieces))).encode()
        answer = await self._door.post("/v1/whatsapp/36.73/wa1", content=body, headers=signed(body))
        assert answer.status_code == 200
        if quiet:
            await self.after(0)

    def states(self) -> list[str]:
        events = [record.message for record in self.published if isinstance(record.message, NotificationEvent)]
        names = [NotificationState.Name(event.state).removeprefix("NOTIFICATION_STATE_") for event in events]
        return list(dict.fromkeys(names))

    def alerts(self) -> list[Alert]:
        return [record.message for record in self.published if isinstance(record.message, Alert)]


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph() as running:
        yield running


@pytest.fixture
async def world(graph: Graph, tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "token.key").write_text(TOKEN)
    (tmp_path / "app.key").write_bytes(SECRET)
    made = World(
        {
            "phone_number_id": NUMBER_ID, "token_file": tmp_path / "token.key", "app_secret_file": tmp_path / "app.key",
            "verify_token_sha256": hashlib.sha256(VERIFY.encode()).hexdigest(), "template": "tugas", "language": "id",
            "url": graph.url,
        }
    )  # fmt: skip
    yield made
    await made._door.aclose()
    assert isinstance(made.channel, WhatsAppCloud)
    await made.channel._client.aclose()


def pressed(graph: Graph, index: int) -> dict[str, Any]:
    """The crew presses a button of the order that arrived first."""
    buttons = [part for part in graph.requests[0]["template"]["components"] if part["type"] == "button"]
    return message("button", {"payload": buttons[index]["parameters"][0]["payload"], "text": "…"})


async def test_a_button_closes_the_loop(world: World, graph: Graph) -> None:
    await world.process(order("114", contacts=(CREW,)))
    await world.posted(status("wamid.HBg1", "read"), status("wamid.HBg1", "delivered"), status("wamid.HBg1", "sent"))
    await world.posted(pressed(graph, 0))
    (report,) = [record.message for record in world.published if isinstance(record.message, UnitReport)]
    assert (report.status, report.via, report.unit_id) == (UNIT_STATUS_EN_ROUTE, "whatsapp", "unit-114")
    await world.after(120)
    assert world.states() == ["QUEUED", "SUBMITTED", "READ", "ACKNOWLEDGED"]
    assert world.alerts() == []


async def test_undelivered_the_operator_is_asked_at_once(world: World, graph: Graph) -> None:
    await world.process(order("114", contacts=(CREW,)))
    await world.posted(status("wamid.HBg1", "failed", 131026))
    (alert,) = world.alerts()
    assert (alert.kind, alert.unit_id, alert.cleared_at_ms) == ("call_crew", "unit-114", 0)
    assert "FAILED_PERMANENT" in world.states()


async def test_refused_for_good_the_operator_is_asked_at_once(world: World, graph: Graph) -> None:
    graph.answers.append(error(131026))
    await world.process(order("114", contacts=(CREW,)))
    (alert,) = world.alerts()
    assert "Belum ada pesan yang terkirim" in alert.detail


async def test_the_alert_is_over_when_the_crew_answers(world: World, graph: Graph) -> None:
    await world.process(order("114", contacts=(CREW,)))
    await world.after(21)
    (raised,) = world.alerts()
    assert "lewat WhatsApp tanpa jawaban" in raised.detail
    await world.posted(pressed(graph, 0))
    over = world.alerts()[-1]
    assert over.alert_id == raised.alert_id
    assert over.cleared_at_ms >= over.raised_at_ms == raised.raised_at_ms
    assert over.version > raised.version


async def test_an_answer_while_the_alert_is_raised_ends_it(world: World, graph: Graph) -> None:
    await world.process(order("114", contacts=(CREW,)))
    world.broker.clear()
    world.now_ms += 21_000
    await world.engine.look()
    await world.posted(pressed(graph, 0), quiet=False)
    await until(lambda: "ACKNOWLEDGED" in world.states())
    world.broker.set()
    await world.quiet()
    # Whoever keeps the last record, and whoever keeps the highest version: to both it is over.
    assert len(world.alerts()) >= 2
    assert world.alerts()[-1].cleared_at_ms
    assert max(world.alerts(), key=lambda alert: alert.version).cleared_at_ms


async def test_the_alert_is_over_when_the_crew_is_stood_down(world: World, graph: Graph) -> None:
    await world.process(order("114", contacts=(CREW,)))
    await world.after(21)
    await world.process(order("114", contacts=(CREW,), kind=ORDER_KIND_STAND_DOWN))
    assert world.alerts()[-1].cleared_at_ms
    # And it is told to the phone that had the task.
    await world.posted(pressed(graph, 0))
    assert len([one for one in world.alerts() if not one.cleared_at_ms]) == 1
