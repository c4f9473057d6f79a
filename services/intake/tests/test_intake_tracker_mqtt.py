"""Positions over a real MQTT broker: as OwnTracks publishes them, through a broker that dies, and from a source that is disabled."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, cast

import aiomqtt
import pytest
from siaga.v1 import unit_pb2
from siaga_contracts.catalogue import UNIT_REPORTS
from siaga_intake.adapters.sources import Sources
from siaga_intake.adapters.switches import connector
from siaga_intake.adapters.trackers import mqtt
from siaga_intake.adapters.trackers.desk import Devices, TrackerDesk
from siaga_intake.adapters.trackers.sending import ReportSender
from siaga_intake.core.trackers.words import Unknown
from siaga_kit.records import Outgoing
from siaga_tenants import Connect, Source, Tenants

FIX_S = 1_768_461_340


class Fleet:
    """A connection to the broker, and what came over it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.published: list[Outgoing] = []
        self.turned_down: list[object] = []
        self.disabled = False
        self.sender = ReportSender(self._publish, UNIT_REPORTS)
        desk = TrackerDesk(Devices({"36.73": {"budi/phone": "3673-DMK-01"}}), self.sender, self._observe)
        source = Source("tracker", "phones", connect=Connect("mqtt", f"mqtt://127.0.0.1:{port}"))
        tenants = {"36.73": type("Tenant", (), {"sources": (source,)})}
        (self.connector,) = mqtt.connectors(cast("Tenants", tenants), cast("Sources", self), desk)

    def lets_in(self, tenant: str, name: str) -> bool:
        assert (tenant, name) == ("36.73", "tracker/phones")
        return not self.disabled

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.published += outgoing

    def _observe(self, tenant: str, source: str, what: object, payload: object) -> None:
        self.turned_down.append(what)

    async def say(self, topic: str, payload: Any) -> None:
        async with aiomqtt.Client("127.0.0.1", self.port, identifier="phone") as phone:
            body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            await phone.publish(topic, body, qos=1)

    @property
    def reports(self) -> list[unit_pb2.UnitReport]:
        return [cast("unit_pb2.UnitReport", each.message) for each in self.published]


def location(after_s: int = 0) -> dict[str, Any]:
    return {"_type": "location", "lat": -6.12, "lon": 106.15, "tst": FIX_S + after_s, "tid": "BD"}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
async def fleet(mqtt_broker: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    monkeypatch.setattr(connector, "LONGEST_RETRY_S", 0.2)
    made, stop = Fleet(mqtt_broker.port), asyncio.Event()
    tasks = [asyncio.create_task(made.connector.run()), asyncio.create_task(made.sender.run(stop))]
    await until(lambda: made.connector.feed.trouble() is None)
    yield made
    stop.set()
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_phones_locations_come_under_its_topic_alone(fleet: Fleet) -> None:
    await fleet.say("owntracks/budi/phone", location())
    await until(lambda: bool(fleet.reports))
    (report,) = fleet.reports
    assert (report.tenant, report.unit_id, report.via, report.event_at_ms) == (
        "36.73",
        "3673-DMK-01",
        "owntracks",
        FIX_S * 1000,
    )
    # Another user's phone says that it is this one: the topic, which the broker guards, says otherwise.
    await fleet.say("owntracks/eve/phone", {**location(1), "topic": "owntracks/budi/phone"})
    for unread in (b"\xff", b"[]", b"x" * 9_000, b""):
        await fleet.say("owntracks/budi/phone", unread)
    await fleet.say("owntracks/budi/phone", location(2))
    await until(lambda: len(fleet.reports) > 1)
    assert [report.event_at_ms for report in fleet.reports] == [FIX_S * 1000, (FIX_S + 2) * 1000]
    assert isinstance(fleet.turned_down[0], Unknown)


async def test_a_broker_that_was_killed_is_found_again(fleet: Fleet, mqtt_broker: Any) -> None:
    mqtt_broker.kill()
    await until(lambda: fleet.connector.feed.trouble() is not None)
    mqtt_broker.start()
    await until(lambda: fleet.connector.feed.trouble() is None)
    await fleet.say("owntracks/budi/phone", location())
    await until(lambda: bool(fleet.reports))


async def test_a_disabled_source_is_heard_no_more(fleet: Fleet) -> None:
    fleet.disabled = True
    await fleet.say("owntracks/budi/phone", location())
    await until(lambda: "disabled" in (fleet.connector.feed.trouble() or ""))
    assert fleet.reports == []
