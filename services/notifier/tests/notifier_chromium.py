"""A real Chromium, spoken to over its own protocol (CDP)."""

import asyncio
import base64
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from notifier_smsc import until
from websockets.asyncio.client import ClientConnection, connect

# As root there is no sandbox; what the tests open is their own.
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)  # fmt: skip


class Page:
    """A page or worker of the browser."""

    def __init__(self, browser: "Chromium", session: str) -> None:
        self._browser = browser
        self.session = session

    async def call(self, method: str, **params: Any) -> Any:
        return await self._browser.call(method, self.session, **params)

    async def evaluate(self, script: str) -> Any:
        """What the script comes to; AssertionError when it throws."""
        said = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    async def until(self, script: str) -> None:
        async def holds() -> bool:
            return bool(await self.evaluate(script))

        await until(holds)

    async def press(self, key: str) -> None:
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def picture(self, file: Path, width: int, height: int, *, dark: bool = False) -> None:
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])
        shot = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(file.write_bytes, base64.b64decode(shot["data"]))


class Chromium:
    """The browser; `events` of all pages are kept."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.events: list[dict[str, Any]] = []

    async def listen(self) -> None:
        async for message in self._connection:
            said = json.loads(message)
            answer = self._answers.pop(said.get("id", 0), None)
            if answer is None:
                self.events.append(said)
            elif not answer.done():
                answer.set_result(said)

    async def call(self, method: str, session: str = "", **params: Any) -> Any:
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        asked = {"id": self._number, "method": method, "params": params}
        await self._connection.send(json.dumps(asked | ({"sessionId": session} if session else {})))
        said = await asyncio.wait_for(answer, 20)
        assert "error" not in said, (method, said["error"])
        return said["result"]

    async def open(self) -> Page:
        target = await self.call("Target.createTarget", url="about:blank")
        return await self._attached(target["targetId"])

    async def worker(self, url: str) -> Page:
        """The service worker at this address."""
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            targets = (await self.call("Target.getTargets"))["targetInfos"]
            found[:] = [each for each in targets if each["type"] == "service_worker" and each["url"] == url]
            return bool(found)

        await until(there)
        return await self._attached(found[0]["targetId"])

    async def _attached(self, target: str) -> Page:
        said = await self.call("Target.attachToTarget", targetId=target, flatten=True)
        return Page(self, said["sessionId"])

    async def event(self, method: str, holds: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The latest event of a kind for which this holds, when there is one."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [each["params"] for each in self.events if each["method"] == method and holds(each["params"])]
            return bool(found)

        await until(there)
        return found[-1]


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Chromium]:
    """A browser with a profile of its own."""
    program = shutil.which("chromium")
    assert program is not None, "./siaga test peers installs chromium"
    process = subprocess.Popen(  # noqa: ASYNC220  (starts at once)
        [program, *ARGUMENTS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port_file = profile / "DevToolsActivePort"
        await until(lambda: port_file.exists() and len(port_file.read_text().split()) == 2)
        port, path = port_file.read_text().split()
        async with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as connection:
            browser = Chromium(connection)
            listening = asyncio.create_task(browser.listen())
            yield browser
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
