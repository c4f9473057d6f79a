"""One question for a decision, within its budget, whatever the road network does."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from dispatcher_samples import CENTRE, POLICY, north, unit
from siaga_dispatcher.adapters.roads import roads as port
from siaga_dispatcher.adapters.roads.answers import Answers, RoadNetwork, RoadsUnusableError
from siaga_dispatcher.adapters.roads.files import read_map, save
from siaga_dispatcher.adapters.roads.graph import Graph
from siaga_dispatcher.adapters.roads.roads import MOST_ORIGINS, Roads, connect
from siaga_dispatcher.core.roads.drives import NO_ANSWER, NO_ROAD, NOT_ASKED, Drive
from siaga_dispatcher.core.values import Position
from siaga_kit.breaker import PATIENCE, REST_MS
from siaga_tenants import Tenant
from siaga_tenants.routing import Routing

BALIKPAPAN = Path(__file__).parents[3] / "data" / "roads" / "balikpapan_kota_drive.graphml.gz"


class Played:
    """A network that answers a minute a kilometre, and does what a test wants of it."""

    source = "osrm"

    def __init__(self, *, silent: bool = False, refuses: bool = False, roadless: set[int] | None = None) -> None:
        self.silent, self.refuses, self.roadless = silent, refuses, roadless or set()
        self.asked: list[int] = []

    async def open(self) -> None:
        if self.refuses:
            raise RoadsUnusableError("no file")

    async def close(self) -> None:
        pass

    async def ask(self, origins: Sequence[Position], destination: Position, answers: Answers) -> None:
        self.asked.append(len(origins))
        if self.refuses:
            raise RoadsUnusableError("status 500")
        answers.drives[0] = None if 0 in self.roadless else Drive(60, 1_000)
        if self.silent:
            answers.drives.clear()
            await asyncio.Event().wait()
        for number in range(1, len(origins)):
            answers.drives[number] = None if number in self.roadless else Drive(60 * (number + 1), 1_000)
        answers.heard = True


class Clock:
    now_ms = 0

    def __call__(self) -> int:
        return self.now_ms


UNITS = [unit("near", away_m=500), unit("far", away_m=900)]


async def test_times_come_from_the_network_nearest_first() -> None:
    etas = await Roads({"36.73": Played()}, Clock()).etas("36.73", UNITS[::-1], CENTRE, POLICY)
    assert {unit_id: (eta.seconds, eta.source) for unit_id, eta in etas.items()} == {
        "near": (60, "osrm"),
        "far": (120, "osrm"),
    }


async def test_a_tenant_without_a_network_asks_nobody() -> None:
    roads = Roads({"36.73": Played()}, Clock())
    assert not roads.known("32.14")
    assert await roads.etas("32.14", UNITS, CENTRE, POLICY) == {}


async def test_a_unit_without_a_road_and_its_neighbours_with() -> None:
    etas = await Roads({"36.73": Played(roadless={0})}, Clock()).etas("36.73", UNITS, CENTRE, POLICY)
    assert (etas["near"].note, etas["far"].note) == (NO_ROAD, "")


@pytest.mark.parametrize("network", [Played(refuses=True), Played(silent=True)])
async def test_no_answer_is_a_great_circle_that_says_so(network: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port, "BUDGET_S", 0.01)
    etas = await Roads({"36.73": network}, Clock()).etas("36.73", UNITS, CENTRE, POLICY)
    assert {(eta.source, eta.note) for eta in etas.values()} == {("great_circle", NO_ANSWER)}


async def test_a_silent_network_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port, "BUDGET_S", 0.01)
    network, clock = Played(silent=True), Clock()
    roads = Roads({"36.73": network, "32.14": network}, clock)
    for tenant in ["36.73", "32.14"] * PATIENCE:
        await roads.etas(tenant, UNITS, CENTRE, POLICY)
    assert len(network.asked) == PATIENCE
    clock.now_ms, network.silent = REST_MS, False
    etas = await roads.etas("32.14", UNITS, CENTRE, POLICY)
    assert etas["near"].source == "osrm"


async def test_a_network_that_refuses_is_heard_and_asked_on() -> None:
    network = Played(refuses=True)

    class Grumpy(Played):
        async def ask(self, origins: Sequence[Position], destination: Position, answers: Answers) -> None:
            answers.heard = True
            await network.ask(origins, destination, answers)

    roads = Roads({"36.73": Grumpy()}, Clock())
    for _ in range(3 * PATIENCE):
        await roads.etas("36.73", UNITS, CENTRE, POLICY)
    assert len(network.asked) == 3 * PATIENCE


async def test_only_the_nearest_are_asked_about() -> None:
    network = Played()
    crowd = [unit(f"u{number:03}", away_m=100 * (number + 1)) for number in range(MOST_ORIGINS + 5)]
    etas = await Roads({"36.73": network}, Clock()).etas("36.73", crowd, CENTRE, POLICY)
    assert network.asked == [MOST_ORIGINS]
    left_out = sorted(unit_id for unit_id, eta in etas.items() if eta.note == NOT_ASKED)
    assert left_out == [f"u{number:03}" for number in range(MOST_ORIGINS, MOST_ORIGINS + 5)]


async def test_a_network_of_a_file(tmp_path: Path, serang: Tenant) -> None:
    network, _ = read_map(BALIKPAPAN)
    save(network, tmp_path / "roads.npz")
    routed = replace(
        serang, dispatch=replace(serang.dispatch, routing=Routing("graph", network=tmp_path / "roads.npz"))
    )
    roads = Roads(connect({"36.73": routed}, {}), Clock())
    await roads.open()
    begin, goal = Position(-1.2763, 116.8110), Position(-1.2614, 116.8614)
    etas = await roads.etas("36.73", [unit("a", position=begin), unit("b", position=north(0))], goal, POLICY)
    assert (etas["a"].source, etas["a"].note) == ("graph", "")
    assert 6_000 < etas["a"].length_m < 12_000
    assert etas["b"].note == NO_ROAD
    await roads.close()


async def test_a_file_that_cannot_be_read_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "roads.npz").write_bytes(b"broken")
    roads = Roads({"36.73": Graph(tmp_path / "roads.npz")}, Clock())
    await roads.open()
    etas = await roads.etas("36.73", UNITS, CENTRE, POLICY)
    assert {eta.note for eta in etas.values()} == {NO_ANSWER}


def with_routing(tenant: Tenant, routing: Routing | None) -> Tenant:
    return replace(tenant, dispatch=replace(tenant.dispatch, routing=routing))


LOCAL_OSRM = Routing("osrm", "http://127.0.0.1:5000")
LOCAL_VALHALLA = Routing("valhalla", "http://127.0.0.1:8002")


def test_tenants_that_name_the_same_server_share_it(serang: Tenant) -> None:
    tenants = {
        "36.73": with_routing(serang, LOCAL_OSRM),
        "32.14": with_routing(serang, LOCAL_OSRM),
        "18.04": with_routing(serang, LOCAL_VALHALLA),
        "17.71": with_routing(serang, None),
    }
    networks = connect(tenants, {})
    assert networks["36.73"] is networks["32.14"]
    assert networks["18.04"].source == "valhalla"
    assert set(networks) == {"36.73", "32.14", "18.04"}


def test_what_was_connected_stays_when_files_are_read_again(serang: Tenant) -> None:
    made: dict[Routing, RoadNetwork] = {}
    before = connect({"36.73": with_routing(serang, LOCAL_OSRM)}, made)
    after = connect({"36.73": with_routing(serang, LOCAL_OSRM), "18.04": with_routing(serang, LOCAL_VALHALLA)}, made)
    assert after["36.73"] is before["36.73"]


class Opened(Played):
    state = "new"

    async def open(self) -> None:
        self.state = "open"

    async def close(self) -> None:
        self.state = "closed"


async def test_networks_are_taken_over_while_running() -> None:
    left, stays, comes = Opened(), Opened(), Opened()
    roads = Roads({"36.73": left, "32.14": stays}, Clock())
    await roads.open()
    stays.state = "open before"
    await roads.take({"36.73": comes, "32.14": stays, "18.04": comes})
    assert (left.state, stays.state, comes.state) == ("closed", "open before", "open")
    assert (await roads.etas("18.04", UNITS, CENTRE, POLICY))["near"].source == "osrm"
    assert comes.asked == [2]
