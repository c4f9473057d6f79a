"""Puts together what signed-in devices need: who they are, and the door by which they speak."""

from collections.abc import Callable

from siaga_kit.publishing import Publisher
from siaga_kit.service import Runtime
from starlette.routing import Route

from siaga_notifier.adapters.push import pages
from siaga_notifier.adapters.push.crews import Crews
from siaga_notifier.adapters.push.devices_door import DevicesDoor, Mailbox
from siaga_notifier.adapters.push.registry import Devices
from siaga_notifier.core.device_words import Shown
from siaga_notifier.core.devices import Device
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.inbox import Inbox


class Pushing:
    """The devices of this process and their door."""

    def __init__(
        self, runtime: Runtime, crews: Crews, publisher: Publisher, inbox: Inbox, clock_ms: Callable[[], int]
    ) -> None:
        settings = runtime.settings
        self.devices = Devices(settings.kafka, publisher.publish, clock_ms)
        self._crews = crews
        self._inbox = inbox
        self._door = DevicesDoor(
            self.devices,
            lambda: self._crews,
            Mailbox(inbox.unit_answer, self._shown, inbox.task),
            settings.caller_secret.get_secret_value().encode(),
            settings.push.trusted_hosts,
            clock_ms,
        )

    def know(self, crews: Crews) -> None:
        """Let these in from now on."""
        self._crews = crews

    def routes(self) -> list[Route]:
        """The devices' doors, and the page by which a browser becomes one."""
        return [*self._door.routes(), *pages.routes()]

    async def _shown(self, device: Device, shown: Shown) -> None:
        await self._inbox.receipt(Receipt(shown.attempt_id, shown.state, ""), device.device)
