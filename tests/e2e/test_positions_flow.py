"""A phone with OwnTracks publishes to a real broker, and the dispatcher's unit stands where the phone is."""

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any, Final

import aiomqtt
import pytest
from aiokafka import AIOKafkaConsumer
from siaga.v1 import unit_pb2
from siaga_contracts.catalogue import UNITS
from siaga_kit.embedded.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

TENANTS: Final = Path(__file__).parents[2] / "tenants"
SERANG: Final = "36.73-kota-serang"
UNIT: Final = "3673-DMK-01"
LAT, LON = -6.1149, 106.1502
WITHIN_S: Final = 60.0


@pytest.fixture
def tenants(tmp_path: Path, mqtt_broker: Any) -> Path:
    """Kota Serang with a broker, and a phone in its first engine."""
    shutil.copytree(TENANTS / SERANG, tmp_path / "tenants" / SERANG)
    folder = tmp_path / "tenants" / SERANG
    with (folder / "sources.yaml").open("a", encoding="utf-8") as sources:
        connect = f'{{protocol: mqtt, address: "mqtt://127.0.0.1:{mqtt_broker.port}"}}'
        sources.write(f"  - {{kind: tracker, instance: broker1, connect: {connect}}}\n")
    (folder / "devices.csv").write_text(f"device,unit_id\nbudi/phone,{UNIT}\n", "utf-8")
    return tmp_path / "tenants"


async def drive(port: int) -> None:
    """Tell where the phone is, again and again: nobody knows when intake has subscribed."""
    while True:
        async with aiomqtt.Client("127.0.0.1", port, identifier="phone") as phone:
            fix = {"_type": "location", "lat": LAT, "lon": LON, "acc": 6, "tst": int(time.time()), "tid": "BD"}
            await phone.publish("owntracks/budi/phone", json.dumps(fix), qos=1)
        await asyncio.sleep(0.5)


async def where(bootstrap: str) -> unit_pb2.Unit:
    """The unit, as soon as a tracker has moved it."""
    consumer = AIOKafkaConsumer(UNITS.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(WITHIN_S):
            async for record in consumer:
                unit = unit_pb2.Unit.FromString(record.value)
                if unit.unit_id == UNIT and unit.position.source == "gps":
                    return unit
        raise AssertionError
    finally:
        await consumer.stop()


async def test_a_phone_on_mqtt_moves_its_unit(tenants: Path, mqtt_broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAGA_TENANTS_DIR", str(tenants))
    with Stack(services=("intake", "dispatcher")) as stack:
        driving = asyncio.create_task(drive(mqtt_broker.port))
        try:
            unit = await where(stack.addresses.kafka_bootstrap)
        finally:
            driving.cancel()
            await asyncio.gather(driving, return_exceptions=True)
    assert (unit.position.lat, unit.position.lon, unit.position.radius_m) == (LAT, LON, 6)
    assert unit.status == unit_pb2.UNIT_STATUS_AVAILABLE
