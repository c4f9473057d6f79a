"""The FCM channel: the crews' own app on Android and iPhones, through the centre's Firebase project."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
from siaga_tenants.model import ProviderSpec

from siaga_notifier.adapters.push.fcm_token import NoToken, ServiceAccount
from siaga_notifier.adapters.push.registry import Devices
from siaga_notifier.core import fcm
from siaga_notifier.core.devices import Device
from siaga_notifier.core.model import FCM, Attempt
from siaga_notifier.core.outcomes import Outcome, Unknown

API: Final = "https://fcm.googleapis.com"
# As for Web Push: a crew waits, and other channels go meanwhile.
TIMEOUTS: Final = httpx.Timeout(5.0, connect=3.0)


class Fcm:
    """Hands an order to FCM for a device's token; by its collapse key what comes twice shows as one."""

    channel: Final = FCM
    keyed: Final = True
    # The app says so when the alarm is on the screen.
    confirms: Final = True

    def __init__(self, spec: ProviderSpec, devices: Devices, clock_ms: Callable[[], int]) -> None:
        """OSError or ValueError: the service account's file holds none."""
        self.provider_id = spec.provider_id
        self._account = ServiceAccount(Path(spec.settings["service_account_file"]))
        base = str(spec.settings.get("url", API)).rstrip("/")
        self._url = f"{base}/v1/projects/{self._account.project}/messages:send"
        self._devices = devices
        self._clock_ms = clock_ms
        self._client: httpx.AsyncClient | None = None

    def trouble(self) -> str | None:
        """Why nothing can be pushed now; None when something can."""
        return self._devices.trouble()

    async def run(self) -> None:
        """Keep connections until cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            if self._client is not None:
                await self._client.aclose()

    async def send(self, attempt: Attempt) -> Outcome:
        """Push an order to its device."""
        device = self._devices.reached(attempt)
        if not isinstance(device, Device):
            return device
        now_ms = self._clock_ms()
        body = fcm.message(attempt, device.token, now_ms)
        try:
            answer = await self._asked(body)
        except NoToken as none:
            return fcm.away(str(none))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return fcm.away("FCM cannot be reached")
        except httpx.HTTPError as error:
            return Unknown(f"no answer from FCM ({type(error).__name__})")
        content = _content(answer)
        if fcm.is_gone(answer.status_code, content):
            await self._devices.drop(device)
        return fcm.outcome(attempt, answer.status_code, answer.headers, content, now_ms)

    async def _asked(self, body: dict[str, Any]) -> httpx.Response:
        """FCM's answer; one that does not like the access token is asked once more with a new one."""
        self._client = self._client or httpx.AsyncClient(timeout=TIMEOUTS)
        token = await self._account.token()
        answer = await self._client.post(self._url, json=body, headers={"Authorization": f"Bearer {token}"})
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            token = await self._account.token(refused=token)
            answer = await self._client.post(self._url, json=body, headers={"Authorization": f"Bearer {token}"})
        return answer


def _content(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
