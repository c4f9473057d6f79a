"""An order by its plan over a real broker and a real modem: what each says moves the plan, what comes back is a report."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from notifier_mosquitto import UNITS, Mosquitto, acks, orders, status, tasks
from notifier_samples import order
from notifier_smsc import PATIENCE_S, until
from notifier_smsd import Smsd
from siaga.v1.order_pb2 import DispatchOrder
from siaga.v1.unit_pb2 import UNIT_STATUS_ACKNOWLEDGED, UNIT_STATUS_EN_ROUTE, Contact, UnitReport
from siaga_kit.settings import Settings
from siaga_notifier.adapters.mqtt.broker import MqttBroker
from siaga_notifier.channel import Channel
from siaga_notifier.providers import FACTORIES, Surroundings
from siaga_tenants.model import ProviderSpec
from test_notifier_engine import ONE_BY_ONE, World

pytestmark = pytest.mark.peers
UNIT, PHONE = UNITS[0], "+6281100000114"
CONTACTS = (Contact(channel="mqtt", address=tasks()), Contact(channel="sms", address=PHONE))


class Flow:
    """A notifier whose tablets hang on the broker, and whose phones on the modem, as `notify.yaml` would have it."""

    def __init__(self, tenant: str = "36.73") -> None:
        self.world = World()
        self.world.plan = ONE_BY_ONE
        self._tenant = tenant

    def made(self, kind: str, channel: str, settings: dict[str, object]) -> Channel:
        async def publish(_: object) -> None: ...

        no_devices: Any = None
        around = Surroundings(
            Settings(instance="t"), self.world.inbox, no_devices, self.world.clock, publish, tenant=self._tenant
        )
        return FACTORIES[kind](ProviderSpec(f"my-{kind}", kind, channel, settings), around)

    @contextlib.asynccontextmanager
    async def running(self, *channels: Channel, stand_in: bool = True) -> AsyncIterator[World]:
        phones = [self.world.phones] if stand_in else []
        self.world.registry.share([*channels, *phones, self.world.operators])
        running = [asyncio.create_task(channel.run()) for channel in channels]
        try:
            for channel in channels:
                await until(lambda channel=channel: channel.trouble() is None)  # type: ignore[misc]
            yield self.world
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)

    def broker(self, mosquitto: Mosquitto) -> Channel:
        access = mosquitto.access()
        return self.made(
            "mqtt", "mqtt",
            {"host": access.host, "port": access.port, "username": access.username, "password_file": access.password_file},
        )  # fmt: skip

    def reports(self) -> list[UnitReport]:
        return [one.message for one in self.world.published if isinstance(one.message, UnitReport)]


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    process = Mosquitto(tmp_path / "mosquitto")
    process.start()
    yield process
    process.kill()


def told() -> DispatchOrder:
    return order(unit=UNIT, contacts=CONTACTS)


async def test_a_tablet_shows_it_and_the_crew_answers_there(mosquitto: Mosquitto) -> None:
    flow, one = Flow(), told()
    async with flow.running(flow.broker(mosquitto)) as world, mosquitto.tablet() as tablet:
        await tablet.subscribe(tasks(), qos=1)
        await tablet.publish(status(), b"online", qos=1, retain=True)
        await world.process(one)
        async with asyncio.timeout(PATIENCE_S):
            shown = await anext(aiter(orders(tablet)))
        await tablet.publish(acks(), json.dumps({"attempt_id": shown["attempt_id"], "status": "shown"}), qos=1)
        await until(lambda: "DELIVERED" in world.states(one))
        await tablet.publish(acks(), json.dumps({"order_id": shown["order_id"], "status": "acknowledged"}), qos=1)
        await until(lambda: bool(flow.reports()))
        await world.after(60)
        assert not world.phones.took
    (report,) = flow.reports()
    assert (report.order_id, report.unit_id, report.status, report.via) == (
        one.order_id, UNIT, UNIT_STATUS_ACKNOWLEDGED, "mqtt",
    )  # fmt: skip


@pytest.mark.parametrize("session", [True, False])
async def test_a_tablet_that_is_away_costs_no_time(mosquitto: Mosquitto, session: bool) -> None:
    """Whether the broker keeps the order or not, the SMS goes with the clock standing still."""
    flow, one = Flow(), told()
    broker = flow.broker(mosquitto)
    assert isinstance(broker, MqttBroker)
    async with flow.running(broker) as world:
        async with mosquitto.tablet(session=session) as tablet:
            await tablet.subscribe(tasks(), qos=1)
            # Said before the network is left, as a tablet does that is switched off.
            await tablet.publish(status(), b"offline", qos=1, retain=True)
        await until(lambda: broker._devices == {(UNIT, ""): False})
        await world.process(one)

        async def phoned() -> bool:
            await world.after(0)
            return bool(world.phones.took)

        await until(phoned)
        assert "FAILED_PERMANENT" in world.states(one)


async def test_a_broker_vouches_for_the_units_of_its_own_centre_only(mosquitto: Mosquitto) -> None:
    flow, one = Flow("32.14"), told()
    async with flow.running(flow.broker(mosquitto)) as world, mosquitto.tablet() as tablet:
        await tablet.subscribe(tasks(), qos=1)
        await world.process(one)
        await tablet.publish(acks(), json.dumps({"order_id": one.order_id, "status": "clear"}), qos=1)
        # What comes after it is dealt with after it.
        await tablet.publish(acks(), json.dumps({"attempt_id": "none", "status": "shown"}), qos=1)
        await world.after(10)
        await until(lambda: bool(world.phones.took))
    assert not flow.reports()


async def test_through_a_modem_and_back(tmp_path: Path) -> None:
    smsd = Smsd(tmp_path / "gammu")
    smsd.start()
    await until(smsd.runs)
    flow, one = Flow(), told()
    try:
        async with flow.running(flow.made("modem", "sms", {"folder": smsd.folder}), stand_in=False) as world:
            world.now_ms = 1_800_000_000_000
            await world.process(one)

            async def transmitted() -> bool:
                # A modem that cannot take it now is asked again.
                await world.after(1)
                return bool(smsd.transmitted())

            await until(transmitted)
            await until(lambda: any(not path.stat().st_size for path in (smsd.folder / "sent").iterdir()))
            smsd.network_reports(PHONE)
            smsd.phone_sends(PHONE, "1 #114")
            await until(lambda: bool(flow.reports()) and "DELIVERED" in world.states(one))
    finally:
        smsd.kill()
    assert [(one.status, one.via) for one in flow.reports()] == [(UNIT_STATUS_EN_ROUTE, "sms")]
    assert smsd.texts()[0][2].startswith("#114 P1")
