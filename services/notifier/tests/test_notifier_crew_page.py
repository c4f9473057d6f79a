"""The crews' app in a real browser: it signs in, rings once for an order however often that comes, and answers."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from notifier_chromium import Chromium, Page, chromium
from notifier_door import TOKEN, UNIT, World
from notifier_push import ORDER, TRUSTED, Answer, Browser, Service, attempt, now_ms, running, web_push_spec
from notifier_smsc import until
from siaga_kit.service import DOOR, QuietServer
from siaga_notifier.adapters.push.vapid import public_key
from siaga_notifier.adapters.push.webpush import WebPush
from siaga_notifier.core.model import WEBPUSH, OrderKind
from siaga_notifier.core.outcomes import Accepted
from siaga_notifier.core.states import State

pytestmark = pytest.mark.peers

# No push service would take this browser's subscription: it gets one at the test's own.
SUBSCRIPTION = """
const subscription = {toJSON: () => (%s), unsubscribe: async () => true};
PushManager.prototype.getSubscription = async () => null;
PushManager.prototype.subscribe = async (asked) => { window.askedWith = asked; return subscription; };
"""
ALARMS = "navigator.serviceWorker.ready.then(async (one) => (await one.getNotifications()).map((each) => each.title))"


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    server = QuietServer(uvicorn.Config(world.application(), **DOOR, timeout_graceful_shutdown=1))
    stop = asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve_until(stop, [listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        stop.set()
        await serving


class Phone:
    """A browser with the app, and the centre that pushes to it."""

    def __init__(self, browser: Chromium, page: Page, origin: str, service: Service, keys: Browser) -> None:
        self.browser, self.page, self.origin, self.service, self.keys = browser, page, origin, service, keys

    async def gets(self, channel: WebPush, order: Any = ORDER, number: int = 1) -> None:
        """The centre pushes an order; what only this browser can read is handed to its service worker."""
        before = len(self.service.asked)
        pushed = await channel.send(attempt(WEBPUSH, order=order, number=number))
        assert pushed == Accepted(f"attempt-{number}")
        await self.deliver(self.keys.read(self.service.asked[before].body))

    async def deliver(self, payload: Any) -> None:
        told = await self.browser.event(
            "ServiceWorker.workerRegistrationUpdated", lambda said: bool(said["registrations"])
        )
        registration = told["registrations"][0]["registrationId"]
        await self.page.call(
            "ServiceWorker.deliverPushMessage",
            origin=self.origin,
            registrationId=registration,
            data=json.dumps(payload),
        )

    async def alarms(self) -> list[str]:
        found: list[str] = await self.page.evaluate(ALARMS)
        return found

    async def signs_in(self) -> None:
        page = self.page
        await page.call("Page.enable")
        await page.call("ServiceWorker.enable")
        subscription = self.keys.subscription(f"{self.service.url}/push/abc")
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=SUBSCRIPTION % json.dumps(subscription))
        await page.call("Page.navigate", url=f"{self.origin}/app/")
        await page.until("document.readyState === 'complete' && !document.getElementById('sign-in').hidden")
        for name, value in (("tenant", "36.73"), ("device", "hp-1"), ("token", TOKEN)):
            await page.evaluate(f"document.getElementById('sign-in').elements.{name}.value = {json.dumps(value)}")
        await picture(page, "sign-in")
        await page.evaluate("document.querySelector('#sign-in button').click()")
        await page.until("!document.getElementById('waiting').hidden || document.getElementById('notice').textContent")


async def picture(page: Page, name: str) -> None:
    """For people to look at, where SIAGA_TEST_PICTURES names a folder."""
    if folder := os.environ.get("SIAGA_TEST_PICTURES"):
        await page.picture(Path(folder) / f"{name}.png", 1280, 800)
        await page.picture(Path(folder) / f"{name}-phone.png", 390, 844)
        await page.picture(Path(folder) / f"{name}-phone-dark.png", 390, 844, dark=True)


async def test_a_browser_rings_once_and_answers(tmp_path: Path) -> None:
    world = World()
    spec = web_push_spec(tmp_path)
    world.crews = replace(world.crews, push_keys={"36.73": public_key(spec.settings["vapid_key_file"])})
    async with (
        served(world) as origin,
        Service(Answer()).listening() as service,
        running() as run,
        chromium(tmp_path / "profile") as browser,
    ):
        channel = run(WebPush(spec, world.registry, now_ms, TRUSTED))
        await browser.call("Browser.grantPermissions", origin=origin, permissions=["notifications"])
        page = await browser.open()
        phone = Phone(browser, page, origin, service, Browser())
        await phone.signs_in()
        assert await page.evaluate("document.getElementById('notice').textContent") == ""
        assert world.registry.find("36.73", UNIT, WEBPUSH, "hp-1") is not None
        assert await page.evaluate("askedWith.applicationServerKey") == world.crews.push_keys["36.73"]
        await picture(page, "waiting")

        # The same order twice, as after a crash: one alarm, and the centre hears that each was shown.
        await phone.gets(channel)
        await phone.gets(channel, number=2)
        await until(lambda: len(world.shown) == 2)
        assert [shown.state for shown in world.shown] == [State.DELIVERED, State.DELIVERED]
        assert {shown.attempt_id for shown in world.shown} == {"attempt-1", "attempt-2"}
        assert await phone.alarms() == ["P1 Tugas #114"]

        # A key is an answer, and the answer closes the alarm.
        await page.until("document.querySelectorAll('#tasks li').length === 1")
        await picture(page, "task")
        await page.press("1")
        await until(lambda: len(world.answers) == 1)
        assert (world.answers[0].order_id, world.answers[0].status, world.answers[0].via) == (
            "order-1",
            "en_route",
            "app",
        )
        await page.until("document.querySelector('.said').textContent === 'Jawaban: Meluncur'")
        assert await phone.alarms() == []
        await picture(page, "answered")

        # The buttons of an alarm answer without the page; a stand-down ends the alarm of its task.
        worker = await browser.worker(f"{origin}/app/sw.js")
        second = replace(ORDER, order_id="order-3", ticket_no="T-115", task_code="115")
        await phone.gets(channel, second, number=3)
        await until(lambda: len(world.shown) == 3)
        await worker.evaluate(
            "registration.getNotifications().then(([notification]) => self.dispatchEvent("
            "new NotificationEvent('notificationclick', {action: 'declined', notification})))"
        )
        await until(lambda: len(world.answers) == 2)
        assert (world.answers[1].order_id, world.answers[1].status) == ("order-3", "declined")
        third = replace(ORDER, order_id="order-4", ticket_no="T-116", task_code="116")
        await phone.gets(channel, third, number=4)
        await until(lambda: len(world.shown) == 4)
        await phone.gets(channel, replace(third, order_id="order-5", kind=OrderKind.STAND_DOWN), number=5)
        await until(lambda: len(world.shown) == 5)
        assert await phone.alarms() == ["DIBATALKAN #116"]
        # What it overtook on its way does not ring after it.
        await phone.gets(channel, replace(third, order_id="order-6", event_at_ms=ORDER.event_at_ms - 1), number=6)
        await until(lambda: len(world.shown) == 6)
        assert await phone.alarms() == ["DIBATALKAN #116"]

        # Out is out: the phone may go to another crew.
        await page.evaluate("document.getElementById('out').click()")
        await page.until("!document.getElementById('sign-in').hidden")
        assert world.registry.find("36.73", UNIT, WEBPUSH, "hp-1") is None
        assert await page.evaluate("all('tasks').then((tasks) => tasks.length)") == 0
        await phone.deliver({"order_id": "order-9", "attempt_id": "a", "task_code": "117", "kind": "dispatch"})
        assert await phone.alarms() == []
        assert len(world.shown) == 6
