"""Puts the doors for trackers together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from siaga_contracts.catalogue import Topic
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_tenants import Tenants, speakers
from starlette.routing import Route

from siaga_intake.adapters.admission import Admission
from siaga_intake.adapters.quarantine import Quarantine
from siaga_intake.adapters.sources import Sources
from siaga_intake.adapters.switches.connector import Connector
from siaga_intake.adapters.trackers import mqtt
from siaga_intake.adapters.trackers.desk import Devices, TrackerDesk
from siaga_intake.adapters.trackers.http import TrackerDoors
from siaga_intake.adapters.trackers.sending import ReportSender
from siaga_intake.adapters.watching import DeviceWatch

# A broker that has not answered by now is away: a crew's app waits for the answer, and positions pile up behind it.
BROKER_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Opened:
    """What the front door shows, and what connects to brokers by itself."""

    routes: Sequence[Route]
    links: Sequence[Connector]


def opened(
    runtime: Runtime, tenants: Tenants, sources: Sources, admission: Admission, quarantine: Quarantine, topic: Topic
) -> Opened:  # fmt: skip
    """Start what runs behind the doors, with a producer of its own, and give the doors."""
    publisher = Publisher(runtime.settings.kafka, runtime.service, f"{runtime.settings.instance}.units")
    runtime.on_stop(publisher.close)

    async def publish(outgoing: Sequence[Outgoing]) -> None:
        await publisher.publish(outgoing, timeout_s=BROKER_TIMEOUT_S)

    sender = ReportSender(publish, topic)
    runtime.health.tell("unit reports", lambda: sender.trouble)
    runtime.spawn("unit reports", sender.run(runtime.stop))
    known = {
        code: speakers([unit.unit_id for unit in tenant.units], tenant.devices) for code, tenant in tenants.items()
    }
    desk = TrackerDesk(Devices(known), sender, quarantine.turned_down)
    watch = DeviceWatch(runtime.settings.tenants_dir, desk.devices.install)
    runtime.health.tell("devices", lambda: watch.trouble)
    runtime.spawn("devices", watch.run(runtime.stop))
    links = mqtt.connectors(tenants, sources, desk)
    for link in links:
        runtime.health.tell(link.feed.title, link.feed.trouble)
    return Opened(TrackerDoors(admission, desk).routes(), links)
