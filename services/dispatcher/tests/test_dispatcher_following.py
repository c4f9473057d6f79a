"""Lists and rosters that change while the dispatcher runs, on the real Redis: nobody restarts anything."""

import asyncio
import random
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

import grpc
import pytest
from dispatcher_bench import Bench, drop_topics, make_topics
from dispatcher_samples import NOON_MS, unit
from siaga.v1.order_pb2 import DispatchOrder
from siaga.v1.unit_directory_service_pb2 import UnitDirectoryGetRequest
from siaga.v1.unit_directory_service_pb2_grpc import UnitDirectoryStub
from siaga.v1.unit_pb2 import UnitReport
from siaga_contracts import catalogue
from siaga_dispatcher.adapters import directory
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.following import TenantWatch
from siaga_dispatcher.app import App
from siaga_dispatcher.core.values import IncidentStatus, Unit, UnitStatus
from siaga_dispatcher.dispatching import Dispatcher
from siaga_dispatcher.duty_keeping import DutyKeeper
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.settings import KafkaSettings, RedisSettings, ServerSettings, Settings
from siaga_tenants import Contact, Duty, Roster, Shift, load_tenants
from siaga_tenants.roster import EVERY_DAY
from siaga_tenants.unit_lists import compared, read_file, write

pytestmark = pytest.mark.stack
WAIT_S = 60.0
HOUR_MS = 3_600_000
SERANG = Path(__file__).parents[3] / "tenants/36.73-kota-serang"


async def test_a_change_of_shift_brings_a_unit_to_who_waits(bench: Bench) -> None:
    # Noon of the samples is 04:43 UTC: the shift begins an hour and a half later.
    crew = Contact("sms", "+628119990001")
    roster = Roster({"d1": Duty((Shift("siang", EVERY_DAY, 6 * 60, 18 * 60, (crew,)),))})
    clock = [NOON_MS]
    rules = {bench.code: replace(bench.dispatcher.rules(bench.code), roster=roster, zone=UTC)}
    dispatcher = Dispatcher(bench.store, rules, lambda: clock[0], lambda _: None)
    keeper = DutyKeeper(bench.store, rules, lambda: clock[0], dispatcher.retry_waiting)
    await bench.put(unit("d1"))
    await keeper._pass()
    assert (await stored(bench, "d1")).off_shift
    incident = (await dispatcher.take_assessment(bench.call())).incident
    assert incident is not None
    assert incident.status is IncidentStatus.QUEUED
    assert [gap.code for gap in incident.shortfalls] == ["off_duty"]
    # A dispatcher that starts anew, and only after the change, puts it right as well.
    clock[0] += 3 * HOUR_MS
    assert await DutyKeeper(bench.store, rules, lambda: clock[0], dispatcher.retry_waiting)._pass() > 0
    at_work = await stored(bench, "d1")
    assert (at_work.status, at_work.off_shift) == (UnitStatus.DISPATCHED, False)
    (order,) = [fields for fields in await bench.outbox() if fields[b"topic"].decode() == bench.topics.orders.name]
    called = DispatchOrder.FromString(order[b"value"]).contacts
    assert [contact.address for contact in called] == [at_work.contacts[0].address, crew.address]
    # The end of the shift takes nobody from an incident, and frees nobody after it.
    clock[0] += 12 * HOUR_MS
    await keeper._pass()
    late = await stored(bench, "d1")
    assert (late.incident_id, late.off_shift) == (incident.incident_id, True)
    await dispatcher.take_report(bench.report("d1", UnitStatus.CLEAR))
    assert not await bench.store.free_units(bench.code, ["damkar"], late.station, 50_000)


async def stored(bench: Bench, unit_id: str) -> Unit:
    found = await bench.store.unit(bench.code, unit_id)
    assert found is not None
    return found


@dataclass
class Followed:
    """A dispatcher of one tenant whose files are followed."""

    app: App
    directory: Path
    code: str

    @property
    def folder(self) -> Path:
        return next(self.directory.iterdir())

    def take(self, *lines: str, retired: tuple[str, ...] = ()) -> None:
        """Import a list."""
        file = self.directory.parent / "units.csv"
        file.write_text("\n".join(("unit_id,jenis,nama,lat,lon,telepon,kemampuan", *lines)))
        tenants = load_tenants(self.directory)
        found = compared(read_file(file), tenants[self.code], tenants)
        assert not found.rejected
        write(self.directory, self.folder, found.changes, retired)

    async def unit_when(self, unit_id: str, holds: Callable[[Unit], bool]) -> Unit:
        async with asyncio.timeout(WAIT_S):
            while True:
                found = await self.app.store.unit(self.code, unit_id)
                if found is not None and holds(found):
                    return found
                await asyncio.sleep(0.02)

    async def trouble_when(self, wanted: str) -> None:
        async with asyncio.timeout(WAIT_S):
            while wanted not in " ".join(self.app.runtime.health.notes().values()):
                await asyncio.sleep(0.02)


@pytest.fixture
async def followed(
    tmp_path: Path, own_topics: Topics, kafka_bootstrap: str, redis_url: str
) -> AsyncIterator[Followed]:  # fmt: skip
    number = random.SystemRandom().randrange(1000, 10_000)
    code = f"{number // 100}.{number % 100:02}"
    folder = tmp_path / "tenants" / f"{code}-percobaan"
    shutil.copytree(SERANG, folder)
    for file in (*folder.glob("*.yaml"), *folder.glob("*.csv")):
        file.write_text(file.read_text().replace("36.73", code).replace("3673", str(number)))
    mark = uuid.uuid4().hex[:8]
    sources = [
        replace(topic, name=f"test-{mark}-{topic.name}", partitions=1)
        for topic in (catalogue.CALL_ASSESSMENTS, catalogue.UNIT_REPORTS)
    ]
    await make_topics(kafka_bootstrap, *sources, *own_topics.by_name.values(), catalogue.DEAD_LETTERS)
    settings = Settings(
        kafka=KafkaSettings(bootstrap=kafka_bootstrap, replication=1),
        redis=RedisSettings(url=redis_url),
        grpc=ServerSettings(port=0),
        instance=mark,
    )
    runtime = Runtime("dispatcher", settings)
    directory = tmp_path / "tenants"
    watch = TenantWatch(directory, poll_s=0.1)
    app = App(
        runtime, load_tenants(directory), topics=own_topics, assessments=sources[0], reports=sources[1],
        group=f"test.{mark}", watch=watch,
    )  # fmt: skip
    await app.start()
    async with asyncio.timeout(WAIT_S):
        while runtime.health.reasons():
            await asyncio.sleep(0.02)
    yield Followed(app, directory, code)
    redis = runtime.redis()
    async for key in redis.scan_iter(f"{{{code}}}:*"):
        await redis.delete(key)
    runtime.stop.set()
    await runtime.shut_down()
    await drop_topics(kafka_bootstrap, *sources, *own_topics.by_name.values())
    assert not runtime.failed


async def test_lists_and_rosters_are_taken_over_while_it_runs(followed: Followed) -> None:
    prefix = followed.code.replace(".", "")
    gone = f"{prefix}-STG-06"
    followed.take(",damkar,Pos Baru,-6.12,106.16,081299990001,mobil pemadam", retired=(gone,))
    new = await followed.unit_when(f"{prefix}-DMK-05", lambda unit: unit.free)
    assert new.name == "Pos Baru"
    assert not (await followed.unit_when(gone, lambda unit: unit.retired)).free
    near = await followed.app.store.free_units(followed.code, ["satgas"], new.station, 50_000)
    assert gone not in {unit.unit_id for unit in near}
    # What cannot be used changes nothing and is told, without the numbers that it quotes.
    roster = followed.folder / "roster.yaml"
    roster.write_text('roster:\n  - {kinds: [damkar], shifts: [{name: x, from: "8", to: "20:00"}]}\n')
    await followed.trouble_when("roster.yaml:2; `./siaga tenants check` tells all")
    assert (await followed.unit_when(new.unit_id, lambda unit: True)).free
    roster.write_text("roster:\n  - {kinds: [damkar], shifts: []}\n")
    assert not (await followed.unit_when(new.unit_id, lambda unit: unit.off_shift)).free
    roster.unlink()
    await followed.unit_when(new.unit_id, lambda unit: unit.free)
    # Back on the list, back at work.
    followed.take(f"{gone},satgas,Satgas Kembali,-6.12,106.16,081299990002,")
    assert (await followed.unit_when(gone, lambda unit: unit.free)).name == "Satgas Kembali"


async def test_a_crew_says_it_in_its_centres_words(followed: Followed) -> None:
    vocabulary = "statuses:\n  - {code: istirahat, means: off_duty, label: sedang istirahat}\n"
    (followed.folder / "vocabulary.yaml").write_text(vocabulary)
    async with asyncio.timeout(WAIT_S):
        while not followed.app.rules[followed.code].terms.statuses:
            await asyncio.sleep(0.02)
    unit_id = f"{followed.code.replace('.', '')}-DMK-01"
    report = UnitReport(
        report_id="r-1", tenant=followed.code, unit_id=unit_id, event_at_ms=NOON_MS, status_code="istirahat"
    )
    publisher = await followed.app.runtime.publisher()
    await publisher.publish([Outgoing(followed.app._sources[1], unit_id, report, "r-1", NOON_MS)])
    await followed.unit_when(unit_id, lambda unit: unit.status is UnitStatus.OFF_DUTY)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{followed.app.grpc_port}") as channel:
        request = UnitDirectoryGetRequest(tenant=followed.code, unit_id=unit_id)
        answer = await UnitDirectoryStub(channel).Get(request)
    assert (answer.unit.status_code, answer.unit.status_label) == ("istirahat", "sedang istirahat")


async def test_a_list_does_not_begin_a_lost_state_anew(bench: Bench) -> None:
    tenant = replace(bench.tenant, units=load_tenants(SERANG.parent)["36.73"].units)
    assert await directory.reload(bench.store, tenant, NOON_MS) == 0
    assert not await bench.store.initialised(bench.code)
    assert await directory.load(bench.store, tenant, NOON_MS) == len(tenant.units)
    assert await bench.store.initialised(bench.code)
