"""Reading real maps (data/roads), and the compact file made of them."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from siaga_dispatcher.adapters.roads.files import RoadFileError, load, read_map, save
from siaga_dispatcher.core.geo import distance_m
from siaga_dispatcher.core.roads.network import Network
from siaga_dispatcher.core.roads.search import RoadSearch
from siaga_dispatcher.core.roads.speeds import TOP_KMH
from siaga_dispatcher.core.values import Position

ROADS = Path(__file__).parents[3] / "data" / "roads"
BALIKPAPAN = ROADS / "balikpapan_kota_drive.graphml.gz"
LIECHTENSTEIN = ROADS / "liechtenstein-latest.osm.pbf"
SCHAAN, VADUZ, BALZERS = Position(47.165, 9.509), Position(47.141, 9.521), Position(47.066, 9.503)

CROSSING = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6">
 <node id="1" lat="0.00" lon="0.00"/><node id="2" lat="0.00" lon="0.01"/><node id="3" lat="0.00" lon="0.02"/>
 <node id="4" lat="0.01" lon="0.01"/><node id="5" lat="0.01" lon="0.02"/><node id="6" lat="0.02" lon="0.02"/>
 <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="maxspeed" v="30"/></way>
 <way id="2"><nd ref="4"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="oneway" v="-1"/></way>
 <way id="3"><nd ref="4"/><nd ref="5"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="access" v="private"/></way>
 <way id="4"><nd ref="5"/><nd ref="6"/><tag k="highway" v="service"/><tag k="motor_vehicle" v="no"/></way>
 <way id="5"><nd ref="1"/><nd ref="4"/><tag k="highway" v="footway"/></way>
 <way id="6"><nd ref="1"/><nd ref="6"/><tag k="highway" v="pedestrian"/><tag k="area" v="yes"/></way>
</osm>
"""


def test_ways_are_cut_at_junctions_and_keep_their_direction(tmp_path: Path) -> None:
    map_file = tmp_path / "crossing.osm"
    map_file.write_text(CROSSING)
    network, _ = read_map(map_file)
    assert sorted(network.both_ways) == [False, True, True, True]
    assert np.diff(network.first).tolist() == [2, 2, 2, 3]
    assert network.length_m == pytest.approx([1112, 1112, 1112, 2224], rel=0.001)
    assert network.length_m[0] / network.seconds[0] == pytest.approx(30 * 0.8 / 3.6)
    # The lane is one-way towards 4 although drawn from there: from 4 back to 2 the way leads round by 5 and 3.
    drive = RoadSearch(network).drives([Position(0.0099, 0.01)], Position(0.0, 0.01))[0]
    assert drive is not None
    assert drive.length_m == pytest.approx(11 + 2224 + 1112, rel=0.01)


def length_km(network: Network) -> float:
    return float(network.length_m.sum()) / 1_000


def test_a_country_from_openstreetmap() -> None:
    network, left_out = read_map(LIECHTENSTEIN)
    assert (len(network.start), network.junctions, left_out) == (3_887, 3_403, 28)
    assert length_km(network) == pytest.approx(402.3, abs=0.1)
    drives = RoadSearch(network).drives([SCHAAN, BALZERS], VADUZ)
    # OSRM 26.10 on the same extract: 271 s and 2,982 m, 694 s and 9,097 m.
    assert [(drive.seconds, drive.length_m) for drive in drives if drive] == [
        (pytest.approx(271, rel=0.1), pytest.approx(2_982, rel=0.05)),
        (pytest.approx(694, rel=0.1), pytest.approx(9_097, rel=0.05)),
    ]


def test_a_kecamatan_from_osmnx() -> None:
    network, _ = read_map(BALIKPAPAN)
    # 1,182 junctions is what the data's source found as the largest strongly connected part.
    assert (len(network.start), network.junctions) == (1_414, 1_182)
    assert length_km(network) == pytest.approx(124.6, abs=0.1)


@pytest.mark.parametrize("map_file", [BALIKPAPAN, LIECHTENSTEIN])
def test_no_drive_beats_the_straight_line_at_top_speed(map_file: Path) -> None:
    network, _ = read_map(map_file)
    junctions = [Position(lat, lon) for lon, lat in network.course[network.first[:-1]][::40]]
    for goal in junctions[:5]:
        for begin, drive in zip(junctions, RoadSearch(network).drives(junctions, goal), strict=True):
            assert drive is not None
            assert drive.seconds >= distance_m(begin, goal) / (TOP_KMH / 3.6) - 0.01


def test_the_compact_file_is_the_same_network(tmp_path: Path) -> None:
    (network, _), compact = read_map(BALIKPAPAN), tmp_path / "roads.npz"
    save(network, compact)
    again = load(compact)
    assert compact.stat().st_size < BALIKPAPAN.stat().st_size / 2
    assert np.array_equal(again.start, network.start)
    assert np.array_equal(again.both_ways, network.both_ways)
    assert again.course == pytest.approx(network.course, abs=1e-7)
    assert again.seconds == pytest.approx(network.seconds, rel=1e-6)


def test_what_is_no_map_is_told_with_a_remedy(tmp_path: Path) -> None:
    for name, content, told in [
        ("roads.shp", b"", "must end in one of"),
        ("broken.graphml", b"<graphml", "is no XML"),
        ("empty.graphml", b"<graphml/>", "no street that a vehicle can drive"),
        ("bare.graphml.gz", gzip.compress(BARE_EDGE), "has no 'length'"),
        ("broken.osm.pbf", b"\x00\x00\x00\x0dnonsense", "broken.osm.pbf"),
        ("missing.osm.pbf", None, "missing.osm.pbf"),
    ]:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(RoadFileError, match=told):
            read_map(tmp_path / name)


BARE_EDGE = b"""<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="d0" attr.name="x"/><key id="d1" attr.name="y"/>
<key id="d2" attr.name="highway"/><graph><node id="1"><data key="d0">0</data><data key="d1">0</data></node>
<edge source="1" target="1"><data key="d2">primary</data></edge></graph></graphml>"""


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_compact_file_that_cannot_be_read_says_how_to_make_it(tmp_path: Path, content: bytes | None) -> None:
    compact = tmp_path / "roads.npz"
    if content is not None:
        compact.write_bytes(content)
    with pytest.raises(RoadFileError, match="siaga roads build"):
        load(compact)


def test_a_compact_file_of_another_format_is_refused(tmp_path: Path) -> None:
    compact = tmp_path / "roads.npz"
    np.savez(compact, format=np.int32(99))
    with pytest.raises(RoadFileError, match=r"it has format 99, not 1.*siaga roads build"):
        load(compact)
