"""The desk for words of units: each is read, sent on its way and counted, whoever brings it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from siaga_intake.adapters.trackers.sending import ReportSender, count
from siaga_intake.core.events import Ignored, Refusal
from siaga_intake.core.trackers.doors import Fleet, TrackerDoor, take
from siaga_intake.core.trackers.words import Taken, UnitWord, Unknown

# Tenant, source, what it came to, and the payload. Must neither wait nor raise.
Observer = Callable[[str, str, Refusal | Unknown, object], None]


@dataclass(slots=True)
class Devices:
    """Which unit a device is in, by tenant. Changes as a whole."""

    by_tenant: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def install(self, by_tenant: Mapping[str, Mapping[str, str]]) -> None:
        """Know this from now on."""
        self.by_tenant = by_tenant

    def fleet(self, tenant: str, *, test: bool) -> Fleet:
        """Whom a source of the tenant may speak for."""
        return Fleet(tenant, self.by_tenant.get(tenant, {}), test)


@dataclass(frozen=True, slots=True)
class TrackerDesk:
    """The one way in for words of units. `observe` sees what could not be taken."""

    devices: Devices
    sender: ReportSender
    observe: Observer

    async def receive(
        self,
        door: TrackerDoor,
        payloads: Sequence[object],
        fleet: Fleet,
        source: str,
        arrived_at_ms: int,
        *,
        vouched: tuple[str, ...] = (),
        traceparent: str | None = None,
    ) -> list[Taken]:
        """What each came to. Crews' words are on the broker then; raises Transient when they cannot be."""
        taken = [take(door, payload, fleet, arrived_at_ms, vouched) for payload in payloads]
        words = [each for each in taken if isinstance(each, UnitWord)]
        if lasting := [word for word in words if word.lasting]:
            await self.sender.send(lasting, traceparent)
        for word in words:
            if not word.lasting:
                self.sender.offer(word, traceparent)
        for payload, each in zip(payloads, taken, strict=True):
            match each:
                case Ignored():
                    count(door.name, "ignored")
                case Refusal() | Unknown():
                    count(door.name, "rejected" if isinstance(each, Refusal) else "unknown_device")
                    self.observe(fleet.tenant, source, each, payload)
                case _:
                    pass
        return taken
