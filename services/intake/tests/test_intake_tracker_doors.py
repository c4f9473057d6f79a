"""The doors for trackers over real HTTP: what is answered, what goes to the broker, and when it is away."""

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

import aiohttp
import pytest
import uvicorn
from siaga.v1 import unit_pb2
from siaga_contracts.catalogue import UNIT_REPORTS
from siaga_intake.adapters.admission import Admission
from siaga_intake.adapters.limits import Gate, Limits
from siaga_intake.adapters.quarantine import Quarantine
from siaga_intake.adapters.sources import AccessSettings, Sources
from siaga_intake.adapters.trackers.desk import Devices, TrackerDesk
from siaga_intake.adapters.trackers.http import TrackerDoors
from siaga_intake.adapters.trackers.sending import ReportSender
from siaga_intake.adapters.watching import DeviceWatch
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing
from siaga_kit.service import QuietServer
from siaga_tenants import Conversations, Source, Tenants
from starlette.applications import Starlette

NOW_S = 1_768_461_342.0
FIX_S = 1_768_461_340
TOKEN = {"Authorization": "Bearer fleet"}
LOCATION = {"_type": "location", "lat": -6.12, "lon": 106.15, "tst": FIX_S, "topic": "owntracks/budi/phone"}


def sha(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass
class Fleet:
    """Running doors, and what came of their posts."""

    url: str
    session: aiohttp.ClientSession
    sender: ReportSender
    quarantine: Quarantine
    published: list[Outgoing] = field(default_factory=list)
    away: bool = False

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        if self.away:
            raise Transient("away")
        self.published += outgoing

    async def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        named = TOKEN | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(f"{self.url}/v1/units/{path}", data=data, headers=named) as response:
            return response.status, await response.json(content_type=None)

    async def reports(self, count: int) -> list[unit_pb2.UnitReport]:
        await until(lambda: len(self.published) >= count)
        return [cast("unit_pb2.UnitReport", each.message) for each in self.published]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    known = (
        Source("tracker", "phones", token_sha256=sha("fleet")),
        Source("asterisk", "pbx1", token_sha256=sha("pbx")),
    )
    tenant = SimpleNamespace(
        code="36.73", sources=known, operators=(), timezone="Asia/Jakarta", conversations=Conversations()
    )
    sources = Sources(cast("Tenants", {"36.73": tenant}), AccessSettings())
    devices = Devices(
        {"36.73": {"budi/phone": "3673-DMK-01", "862095022345678": "3673-PKM-01", "3673-DMK-01": "3673-DMK-01"}}
    )
    async with aiohttp.ClientSession() as session:
        made = Fleet("", session, cast("ReportSender", None), Quarantine(tmp_path / "quarantine.sqlite3"))
        made.quarantine.open()
        made.sender = ReportSender(made.publish, UNIT_REPORTS)
        desk = TrackerDesk(devices, made.sender, made.quarantine.turned_down)
        doors = TrackerDoors(Admission(sources, lambda: NOW_S, Limits(), Gate()), desk, lambda: NOW_S)
        listening = socket.create_server(("127.0.0.1", 0))
        made.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = Starlette(routes=doors.routes())
        server = QuietServer(uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None))
        stop = asyncio.Event()
        tasks = [asyncio.create_task(work) for work in (server.serve_until(stop, [listening]), made.sender.run(stop))]
        yield made
        stop.set()
        await asyncio.gather(*tasks)
        made.quarantine.close()


async def test_our_own_words_one_or_a_list(fleet: Fleet) -> None:
    words = [
        {"unit_id": "3673-DMK-01", "at": FIX_S, "lat": -6.12, "lon": 106.15, "status": "on_scene"},
        {"unit_id": "3673-PKM-99", "lat": -6.12, "lon": 106.15},
        {"unit_id": "3673-DMK-01"},
    ]
    status, answer = await fleet.post("position", words)
    assert status == 202
    assert [each["unit_id"] for each in answer["accepted"]] == ["3673-DMK-01"]
    assert [(each["index"], each["field"]) for each in answer["rejected"]] == [(1, "device"), (2, "lat")]
    (report,) = await fleet.reports(1)
    assert fleet.published[0].key == "3673-DMK-01"
    assert (report.tenant, report.status, report.event_at_ms) == ("36.73", unit_pb2.UNIT_STATUS_ON_SCENE, FIX_S * 1000)
    assert (report.position.lat, report.position.fixed_at_ms, report.via) == (-6.12, FIX_S * 1000, "app")


async def test_owntracks_is_answered_with_an_empty_list_whatever_it_says(fleet: Fleet) -> None:
    for payload in (LOCATION, [LOCATION], {"_type": "waypoints"}, {**LOCATION, "lat": 91}, None):
        assert await fleet.post("owntracks", payload) == (200, [])
    unnamed = {name: value for name, value in LOCATION.items() if name != "topic"}
    assert await fleet.post("owntracks", {**unnamed, "tst": FIX_S + 1}, X_Limit_U="budi", X_Limit_D="phone") == (
        200,
        [],
    )
    assert {report.unit_id for report in await fleet.reports(1)} == {"3673-DMK-01"}


async def test_a_device_of_no_unit_is_told_to_whoever_sets_it_up_and_kept_masked(fleet: Fleet, tmp_path: Path) -> None:
    status, answer = await fleet.post(
        "owntracks", {**LOCATION, "lat": -6.12345, "topic": "owntracks/siti/081234567890"}
    )
    assert status == 422
    assert "add it to devices.csv" in answer["detail"]
    await asyncio.to_thread(fleet.quarantine.close)
    kept = await asyncio.to_thread(lambda: b"".join(each.read_bytes() for each in tmp_path.glob("quarantine.sqlite3*")))
    assert b"no unit has this device" in kept
    assert b"081234567890" not in kept
    assert b"6.12345" not in kept


async def test_traccar_posts_json_or_asks_with_all_in_the_address(fleet: Fleet) -> None:
    forwarded = {
        "position": {"fixTime": "2026-01-15T07:15:40.000+00:00", "latitude": -6.1, "longitude": 106.1, "valid": True},
        "device": {"uniqueId": "862095022345678"},
    }
    assert (await fleet.post("traccar", forwarded))[0] == 202
    await fleet.reports(1)
    asked = urlencode({"id": "862095022345678", "lat": "-6.1", "lon": "106.2", "timestamp": f"{FIX_S + 1}000"})
    async with fleet.session.get(f"{fleet.url}/v1/units/traccar?{asked}", headers=TOKEN) as response:
        assert response.status == 202
    form = {"id": "862095022345678", "lat": "-6.1", "lon": "106.3", "timestamp": str(FIX_S + 2)}
    async with fleet.session.post(f"{fleet.url}/v1/units/traccar", data=form, headers=TOKEN) as response:
        assert response.status == 202
    found = await fleet.reports(2)
    assert {report.unit_id for report in found} == {"3673-PKM-01"}


async def test_a_fleets_token_opens_nothing_else_and_no_other_opens_this(fleet: Fleet) -> None:
    async with fleet.session.post(f"{fleet.url}/v1/units/position", data=b"{}") as response:
        assert response.status == 401
    assert (await fleet.post("position", {}, Authorization="Bearer pbx"))[0] == 403


async def test_with_the_broker_away_a_crews_word_comes_again_and_a_position_is_dropped(fleet: Fleet) -> None:
    fleet.away = True
    word = {"unit_id": "3673-DMK-01", "at": FIX_S, "status": "en_route"}
    status, answer = await fleet.post("position", word)
    assert status == 503
    assert "send the same again" in answer["detail"]
    assert (await fleet.post("position", {"unit_id": "3673-DMK-01", "at": FIX_S, "lat": -6.1, "lon": 106.1}))[0] == 202
    await until(lambda: fleet.sender.trouble is not None)
    fleet.away = False
    assert (await fleet.post("position", word))[0] == 202
    assert (await fleet.post("position", {"unit_id": "3673-DMK-01", "at": FIX_S + 5, "lat": -6.2, "lon": 106.1}))[
        0
    ] == 202
    _, after = await fleet.reports(2)
    assert after.position.lat == -6.2
    assert fleet.sender.trouble is None


async def test_of_positions_that_wait_only_the_newest_of_each_unit_goes(fleet: Fleet) -> None:
    later = [{**LOCATION, "tst": FIX_S - age, "lat": -6.0 - age / 100} for age in (3, 1, 2)]
    assert await fleet.post("owntracks", later) == (200, [])
    (report,) = await fleet.reports(1)
    assert report.position.fixed_at_ms == (FIX_S - 1) * 1000


async def test_another_phone_in_devices_csv_needs_no_restart(tmp_path: Path) -> None:
    folder = tmp_path / "36.73-kota-serang"
    folder.mkdir()
    units = Path(__file__).parents[3] / "tenants" / "36.73-kota-serang" / "units.yaml"
    (folder / "units.yaml").write_text(units.read_text("utf-8"))
    devices, stop = Devices(), asyncio.Event()
    watch = DeviceWatch(tmp_path, devices.install, 0.01)
    running = asyncio.create_task(watch.run(stop))
    await until(lambda: "3673-PKM-01" in devices.fleet("36.73", test=False).units)
    (folder / "devices.csv").write_text("device,unit_id\nbudi/phone,3673-PKM-01\n")
    await until(lambda: "budi/phone" in devices.fleet("36.73", test=False).units)
    (folder / "devices.csv").write_text("device,unit_id\nbudi/phone,nowhere\n")
    await until(lambda: watch.trouble is not None)
    assert devices.fleet("36.73", test=False).units["budi/phone"] == "3673-PKM-01"
    stop.set()
    await running
