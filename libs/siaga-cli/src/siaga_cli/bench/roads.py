"""`bench roads`: what choosing by straight line costs on two real road networks, and what asking the roads costs."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from statistics import fmean, median
from typing import Any, Final

import osmium
from siaga_dispatcher.adapters.roads.answers import Answers, RoadNetwork, RoadsUnusableError
from siaga_dispatcher.adapters.roads.files import read_map
from siaga_dispatcher.adapters.roads.osrm import Osrm
from siaga_dispatcher.adapters.roads.roads import BUDGET_S
from siaga_dispatcher.adapters.roads.valhalla import Valhalla
from siaga_dispatcher.core.roads.network import Network
from siaga_dispatcher.core.roads.search import RoadSearch
from siaga_dispatcher.core.values import Position
from siaga_kit.embedded.home import project_root

from siaga_cli.bench import Figure, Report, percentile
from siaga_cli.bench.roads_compare import Case, cases_of, compare, places
from siaga_cli.bench.roads_silent import waited_s

BALIKPAPAN: Final = "balikpapan_kota_drive.graphml.gz"
LIECHTENSTEIN: Final = "liechtenstein-latest.osm.pbf"
SEED: Final = 112
INCIDENTS: Final = 2_000
# Balikpapan's posts are drawn, for no register says where they stand: the figures must not hang on one draw.
DRAWS: Final = 20
POSTS: Final = 6
QUESTIONS: Final = 300
# A server on the same two cores takes a second for each of the larger ones while others work.
SERVER_QUESTIONS: Final = 60
UNITS: Final = (6, 25, 50)
SERVERS: Final[Mapping[str, Callable[[str], RoadNetwork]]] = {"valhalla": Valhalla, "osrm": Osrm}


def measure(valhalla: str | None = None, osrm: str | None = None) -> Report:
    """Compare and time; the servers, where given, must run on the same extract of Liechtenstein."""
    folder = project_root() / "data" / "roads"
    chance = Random(SEED)  # noqa: S311  (a fair sample, not a secret)
    kota, _ = read_map(folder / BALIKPAPAN)
    country, _ = read_map(folder / LIECHTENSTEIN)
    stations = fire_stations(folder / LIECHTENSTEIN)
    in_country = places(country, INCIDENTS, chance)
    found = {
        "balikpapan": _drawn(kota, chance),
        "liechtenstein": cases_of(RoadSearch(country), stations, in_country),
    }
    figures: list[Figure] = []
    data: dict[str, Any] = {"stations": len(stations)}
    for name, cases in found.items():
        compared = compare(cases)
        data[name] = asdict(compared)
        figures += _told(name, asdict(compared))
    for name, network in (("balikpapan", kota), ("liechtenstein", country)):
        times = {count: _graph_ms(network, count, chance) for count in UNITS}
        data[name]["graph_ms"] = times
        figures.append(_budget(f"{name}: one search, 25 units", times[25]))
    first_s, next_s = asyncio.run(waited_s())
    data["silent_s"] = {"first": first_s, "next": next_s}
    silent = Figure(
        "a silent server, all questions of one decision",
        "≤ 2 s",
        f"{first_s:.2f} s, the next {next_s:.3f} s",
        first_s <= 2,
    )
    figures.append(silent)
    for name, url in (("valhalla", valhalla), ("osrm", osrm)):
        if url is not None:
            server = asyncio.run(_server(SERVERS[name](url), country, stations, in_country, chance))
            data[name] = server
            figures.append(_budget(f"{name}: one question, 25 units", server["ms"][25]))
            agreed = f"{server['agrees']:.1%} of {server['incidents']}; going by it costs {server['later_s']:.1f} s on average"
            figures.append(Figure(f"{name}: the network here chooses the same station", "", agreed))
    return Report(tuple(figures), data)


def fire_stations(file: Path) -> list[Position]:
    """The fire stations of an extract; a building stands where its first corner is."""
    found: list[Position] = []
    for entity in (
        osmium.FileProcessor(str(file))
        .with_locations()
        .with_filter(osmium.filter.TagFilter(("amenity", "fire_station")))
    ):
        if isinstance(entity, osmium.osm.Node):
            found.append(Position(entity.location.lat, entity.location.lon))
        elif isinstance(entity, osmium.osm.Way):
            corner = entity.nodes[0].location
            found.append(Position(corner.lat, corner.lon))
    return found


def _drawn(network: Network, chance: Random) -> list[Case]:
    search = RoadSearch(network)
    cases: list[Case] = []
    for _ in range(DRAWS):
        cases += cases_of(search, places(network, POSTS, chance), places(network, INCIDENTS // DRAWS, chance))
    return cases


def _graph_ms(network: Network, count: int, chance: Random) -> dict[str, float]:
    search = RoadSearch(network)
    took: list[float] = []
    for _ in range(QUESTIONS):
        units, incident = places(network, count, chance), places(network, 1, chance)[0]
        began = time.perf_counter()
        search.drives(units, incident)
        took.append((time.perf_counter() - began) * 1_000)
    return {"p50": median(took), "p99": percentile(took, 0.99)}


async def _server(
    server: RoadNetwork, network: Network, stations: Sequence[Position], incidents: Sequence[Position], chance: Random
) -> dict[str, Any]:
    """Times of a running server, and how often its soonest fire station is the one that the network here finds."""
    search = RoadSearch(network)
    try:
        times = {
            count: await _server_ms(server, [places(network, count + 1, chance) for _ in range(SERVER_QUESTIONS)])
            for count in UNITS
        }
        compared = [
            pair for incident in incidents[:QUESTIONS] if (pair := await _both(server, search, stations, incident))
        ]
    except RoadsUnusableError as error:
        raise SystemExit(f"the {server.source} server gave no driving times: {error}") from error
    finally:
        await server.close()
    same = sum(_soonest(ours) == _soonest(theirs) for ours, theirs in compared)
    # What either thinks of the crew that it would send; the time that following ours instead of theirs costs, by theirs.
    ratios = [ours[_soonest(theirs)] / theirs[_soonest(theirs)] for ours, theirs in compared]
    later_s = [theirs[_soonest(ours)] - theirs[_soonest(theirs)] for ours, theirs in compared]
    return {
        "ms": times,
        "incidents": len(compared),
        "agrees": same / len(compared),
        "our_time_over_theirs": median(ratios),
        "later_s": fmean(later_s),
    }


async def _both(
    server: RoadNetwork, search: RoadSearch, stations: Sequence[Position], incident: Position
) -> tuple[dict[int, float], dict[int, float]] | None:
    """Seconds from each station by the network here and by the server; None where one of them knows no way."""
    answers = Answers()
    await server.ask(stations, incident, answers)
    ours = {number: drive.seconds for number, drive in enumerate(search.drives(stations, incident)) if drive}
    theirs = {number: drive.seconds for number, drive in answers.drives.items() if drive}
    return (ours, theirs) if ours and ours.keys() == theirs.keys() else None


def _soonest(seconds: Mapping[int, float]) -> int:
    return min(seconds, key=seconds.__getitem__)


async def _server_ms(server: RoadNetwork, questions: Sequence[Sequence[Position]]) -> dict[str, float]:
    took: list[float] = []
    for incident, *units in questions:
        began = time.perf_counter()
        await server.ask(units, incident, Answers())
        took.append((time.perf_counter() - began) * 1_000)
    return {"p50": median(took), "p99": percentile(took, 0.99)}


def _told(name: str, of: dict[str, float]) -> list[Figure]:
    return [
        Figure(
            f"{name}: the straight line chooses another unit", "", f"{of['differs']:.1%} of {of['cases']} incidents"
        ),
        Figure(
            f"{name}: later for those, mean / p90 / worst",
            "",
            f"{of['lost_mean_min']:.1f} / {of['lost_p90_min']:.1f} / {of['lost_max_min']:.1f} min",
        ),
        Figure(f"{name}: later over all incidents", "", f"{of['lost_over_all_s']:.0f} s"),
        Figure(
            f"{name}: road over straight line, median / p90", "", f"{of['detour_median']:.2f} / {of['detour_p90']:.2f}"
        ),
        Figure(f"{name}: speed over the straight line, median", "", f"{of['straight_kmh']:.0f} km/h"),
    ]


def _budget(name: str, ms: dict[str, float]) -> Figure:
    budget_ms = BUDGET_S * 1_000
    return Figure(name, f"≤ {budget_ms:.0f} ms", f"p50 {ms['p50']:.1f}, p99 {ms['p99']:.1f} ms", ms["p99"] <= budget_ms)
