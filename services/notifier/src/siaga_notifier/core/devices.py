"""Which devices crews have signed in with: of one device, and of one token, only the latest registration holds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from siaga_notifier.core import names
from siaga_notifier.core.model import FCM, WEBPUSH

PUSH_CHANNELS: Final = (WEBPUSH, FCM)


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a unit's crew, as it was signed in; what opens it for messages is in no text made of it."""

    tenant: str
    unit_id: str
    channel: str
    # What the centre calls it, as the unit's contacts name it.
    device: str
    # FCM: the registration token. Web Push: the subscription's address.
    token: str = field(repr=False)
    p256dh: str = field(default="", repr=False)
    auth: str = field(default="", repr=False)
    signed_in_at_ms: int = 0

    @property
    def key(self) -> str:
        """The key of its record."""
        return names.device_key(self.tenant, self.channel, self.device, self.unit_id)

    @property
    def _age(self) -> tuple[int, str]:
        # Two in the same millisecond: every process must take the same one for the later.
        return self.signed_in_at_ms, self.key


class DeviceBook:
    """All registrations that are known, by key; which of them hold is found when asked.

    Two processes may sign the same phone in for two units at once: both records exist, and everywhere the later holds.
    """

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}
        self._named: dict[tuple[str, ...], set[str]] = {}

    def put(self, device: Device) -> None:
        """Know this registration instead of an earlier one of the same key."""
        self.remove(device.key)
        self._devices[device.key] = device
        for name in _names(device):
            self._named.setdefault(name, set()).add(device.key)

    def remove(self, key: str) -> None:
        """Forget a registration; one that is not known is forgotten already."""
        device = self._devices.pop(key, None)
        if device is None:
            return
        for name in _names(device):
            keys = self._named[name]
            keys.discard(key)
            if not keys:
                del self._named[name]

    def by_key(self, key: str) -> Device | None:
        """The registration, if it holds."""
        device = self._devices.get(key)
        if device is None or max(self.rivals(device), key=lambda one: one._age) is not device:  # noqa: SLF001
            return None
        return device

    def find(self, tenant: str, unit_id: str, channel: str, device: str) -> Device | None:
        """The registration of a unit's device, if it holds: another unit's later one ends it, as does its token's."""
        return self.by_key(names.device_key(tenant, channel, device, unit_id))

    def rivals(self, device: Device) -> list[Device]:
        """All known registrations of the same device or token, this one's among them when it is known."""
        keys: Iterable[str] = set().union(*(self._named.get(name, ()) for name in _names(device)))
        return [self._devices[key] for key in keys]

    def __len__(self) -> int:
        return len(self._devices)


def _names(device: Device) -> tuple[tuple[str, ...], ...]:
    """What a later registration may have in common with it. One app has one token, whatever centre it is signed in to."""
    return (device.tenant, device.channel, device.device), (device.channel, device.token)
