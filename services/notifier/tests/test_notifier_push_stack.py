"""An order to a signed-in browser through the whole notifier: shown, answered, and never after log-out."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from notifier_push import Answer, Browser, Service, web_push_spec
from notifier_samples import World, order
from notifier_smsc import SmscProcess, until
from siaga.v1.order_pb2 import DispatchOrder
from siaga.v1.unit_pb2 import UNIT_STATUS_EN_ROUTE, Contact
from siaga_notifier.adapters.push.crews import Crews, Holder
from siaga_tenants import Source
from siaga_tenants.model import NotifyPlan, NotifyPolicy, PlanStep
from starlette.applications import Starlette

pytestmark = pytest.mark.stack

TOKEN = "token-of-hp"
# Longer than the test: what goes on to SMS does so because push has failed, not because its time is up.
PLAN = NotifyPlan((PlanStep(("webpush",), 600), PlanStep(("sms",), 600)))


class Crew:
    """A crew with a browser, at the notifier's door."""

    def __init__(self, world: World, client: httpx.AsyncClient, service: Service) -> None:
        self.world, self.client, self.service = world, client, service
        self.browser = Browser()
        self.device = f"hp-{world.mark}"
        self.session: dict[str, str] = {}

    async def call(self, method: str, path: str, bearer: str, content: Any = None) -> httpx.Response:
        answer = await self.client.request(method, path, json=content, headers={"Authorization": f"Bearer {bearer}"})
        assert answer.status_code < 300, answer.text
        return answer

    async def sign_in(self) -> None:
        content = {"subscription": self.browser.subscription(f"{self.service.url}/push/{self.device}")}
        self.session = (await self.call("PUT", f"/v1/devices/webpush/{self.device}", TOKEN, content)).json()

    async def sign_out(self) -> None:
        await self.call("DELETE", f"/v1/devices/webpush/{self.device}", self.session["session"])

    async def says(self, **word: Any) -> None:
        await self.call("POST", "/v1/answers", self.session["session"], word)

    def order(self, code: str) -> DispatchOrder:
        ways = Contact(channel="webpush", address=self.device), Contact(channel="sms", address="+6281100000114")
        return order(code, unit="unit-114", contacts=ways)


@pytest.fixture
async def crew(
    kafka_bootstrap: str, redis_url: str, smsc: SmscProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Crew]:
    world = World(kafka_bootstrap, redis_url, smsc)
    await world.make(monkeypatch)
    device = f"hp-{world.mark}"
    crews = Crews(
        {hashlib.sha256(TOKEN.encode()).hexdigest(): Holder("36.73", Source("tracker", device))},
        {("36.73", "webpush", device): ("unit-114",)},
    )
    policies = {"36.73": NotifyPolicy({("default", "default"): PLAN}, (web_push_spec(tmp_path),))}
    async with (
        world.notifier(policies=policies, crews=crews),
        door(world) as client,
        Service(Answer()).listening() as service,
    ):
        yield Crew(world, client, service)
    await world.unmake()


@asynccontextmanager
async def door(world: World) -> AsyncIterator[httpx.AsyncClient]:
    pushing = world.made.pushing
    running = asyncio.create_task(pushing.devices.run())
    await asyncio.wait_for(pushing.devices.read.wait(), 30)
    transport = httpx.ASGITransport(Starlette(routes=pushing.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_order_is_shown_and_answered(crew: Crew) -> None:
    world = crew.world
    await crew.sign_in()
    one = crew.order("114")
    await world.give(one)
    await until(lambda: len(crew.service.asked) == 1)
    got = crew.browser.read(crew.service.asked[0].body)
    assert (got["order_id"], got["task_code"]) == (one.order_id, "114")
    await crew.says(order_id=got["order_id"], attempt_id=got["attempt_id"], status="shown")
    await world.reached(one, "DELIVERED")
    # Delivered closes nothing; only the crew's word does.
    assert "ACKNOWLEDGED" not in await world.states(one)
    await crew.says(order_id=got["order_id"], status="en_route", lat=-6.1, lon=106.1)
    await world.reached(one, "ACKNOWLEDGED")
    (report,) = await world.said(1)
    assert (report.unit_id, report.order_id, report.status, report.via) == (
        "unit-114", one.order_id, UNIT_STATUS_EN_ROUTE, "app",
    )  # fmt: skip
    attempts = {event.attempt_id for _, event in await world.read(world.events) if event.channel == "webpush"}
    assert attempts == {got["attempt_id"]}
    assert not await world.smsc.messages()


async def test_nothing_is_pushed_after_log_out_not_even_what_waited(crew: Crew) -> None:
    world = crew.world
    await crew.sign_in()
    crew.service.usual = Answer(503, {"Retry-After": "1"})
    one = crew.order("115")
    await world.give(one)
    await world.reached(one, "FAILED_TEMPORARY")
    await crew.sign_out()
    crew.service.usual = Answer()
    before = len(crew.service.asked)
    # The try that waited finds nobody signed in: the next step goes at once.
    (message,) = await world.sent(1)
    assert message["text"].startswith("#115")
    assert len(crew.service.asked) == before
    # And so it is for what comes later.
    await world.give(crew.order("116"))
    await world.sent(2)
    assert len(crew.service.asked) == before
