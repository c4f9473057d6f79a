"""The Web Push channel: browsers' push services, with the centre's own key."""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import aiohttp
import structlog
from pywebpush import WebPusher, WebPushException
from siaga_tenants.model import ProviderSpec
from yarl import URL

from siaga_notifier.adapters.push import connecting
from siaga_notifier.adapters.push.connecting import PrivateAddressError
from siaga_notifier.adapters.push.registry import Devices
from siaga_notifier.adapters.push.vapid import Vapid
from siaga_notifier.core.app_payload import payload
from siaga_notifier.core.devices import Device
from siaga_notifier.core.endpoints import refusal
from siaga_notifier.core.model import WEBPUSH, Attempt
from siaga_notifier.core.outcomes import Outcome, Permanent, Temporary, Unknown
from siaga_notifier.core.push import MOST_BYTES, RETRY_AFTER_S, topic, ttl_s, web_push_outcome

log = structlog.get_logger()

GONE: Final = frozenset({404, 410})
# Another service that answered so lately shows that it is not our line that is cut.
LATELY_MS: Final = 60_000


class WebPush:
    """Encrypts an order for a device and hands it to the device's push service; what comes twice shows as one."""

    channel: Final = WEBPUSH
    keyed: Final = True
    # The service worker says so when the alarm is on the screen.
    confirms: Final = True

    def __init__(
        self, spec: ProviderSpec, devices: Devices, clock_ms: Callable[[], int], trusted: Collection[str] = ()
    ) -> None:
        """OSError or ValueError: the key's file holds none."""
        self.provider_id = spec.provider_id
        self._vapid = Vapid(Path(spec.settings["vapid_key_file"]), str(spec.settings["subject"]), clock_ms)
        self._devices = devices
        self._clock_ms = clock_ms
        self._trusted = trusted
        self._session: aiohttp.ClientSession | None = None
        # Wall clock of the latest answer, by service.
        self._answered_at_ms: dict[str, int] = {}

    def trouble(self) -> str | None:
        """Why nothing can be pushed now; None when something can."""
        return self._devices.trouble()

    async def run(self) -> None:
        """Keep connections until cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            if self._session is not None:
                await self._session.close()

    async def send(self, attempt: Attempt) -> Outcome:
        """Push an order to its device."""
        device = self._devices.reached(attempt)
        if not isinstance(device, Device):
            return device
        try:
            # As the client reads it: what is judged must be what is connected to.
            endpoint = URL(device.token)
            wrong = refusal(str(endpoint), self._trusted)
        except ValueError:
            wrong = "is no address"
        if wrong is not None:
            return Permanent(f"the device's address {wrong}")
        try:
            body = _encrypted(device, attempt)
        except (WebPushException, ValueError, TypeError) as error:
            return Permanent(f"the device's keys are none ({type(error).__name__}); it must be signed in again")
        return await self._push(attempt, device, endpoint, body)

    async def _push(self, attempt: Attempt, device: Device, endpoint: URL, body: bytes) -> Outcome:
        now_ms = self._clock_ms()
        headers = {
            "Authorization": self._vapid.authorization(str(endpoint.origin())),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(ttl_s(attempt, now_ms)),
            "Urgency": "high",
            "Topic": topic(attempt),
        }
        service = str(endpoint.origin())
        self._session = self._session or connecting.session(self._trusted)
        try:
            async with self._session.post(endpoint, data=body, headers=headers, allow_redirects=False) as answer:
                status, said = answer.status, answer.headers
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddressError):
                return Permanent("the device's address leads into a private network")
            return Temporary("the push service cannot be reached", RETRY_AFTER_S, down=self._alone(service, now_ms))
        except (aiohttp.ServerTimeoutError, TimeoutError):
            return Unknown("the push service did not answer in time")
        except aiohttp.ClientError as error:
            return Unknown(f"no answer from the push service ({type(error).__name__})")
        self._answered_at_ms[service] = now_ms
        if status in GONE:
            await self._devices.drop(device)
        return web_push_outcome(attempt, status, said, now_ms)

    def _alone(self, service: str, now_ms: int) -> bool:
        """Whether nothing speaks against our being cut off: one device's dead service must not stop the others'."""
        self._answered_at_ms = {name: at for name, at in self._answered_at_ms.items() if now_ms - at < LATELY_MS}
        return all(name == service for name in self._answered_at_ms)


def _encrypted(device: Device, attempt: Attempt) -> bytes:
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    pusher = WebPusher({"endpoint": device.token, "keys": keys})
    return bytes(pusher.encode(payload(attempt, MOST_BYTES), "aes128gcm")["body"])
