"""Locations by value: every shape, real captures, documents that break off, and whatever else calls itself XML."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from siaga_intake.core import rules
from siaga_intake.core.events import Civic, Position
from siaga_intake.core.position import markup, pidf_lo, shapes
from siaga_intake.core.position.pidf_lo import Located, locations

CAPTURES = Path(__file__).parent / "data" / "pidf_lo"
# 2026-07-25: after every capture's true time, before the invented ones.
AT_MS = 1_785_000_000_000
FIX_MS = 1_710_123_330_000
NAMESPACES = (
    'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"'
    ' xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:gml="http://www.opengis.net/gml"'
    ' xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" xmlns:con="urn:ietf:params:xml:ns:geopriv:conf"'
    ' xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" entity="pres:anon@psap-3673.example"'
)
WGS84 = 'srsName="urn:ogc:def:crs:EPSG::4326"'
METRES = 'uom="urn:ogc:def:uom:EPSG::9001"'
CIRCLE = f"<gs:Circle {WGS84}><gml:pos>-6.11490 106.15020</gml:pos><gs:radius {METRES}>18</gs:radius></gs:Circle>"
POINT = f"<gml:Point {WGS84}><gml:pos>-6.1 106.2</gml:pos></gml:Point>"
ADDRESS = (
    "<ca:civicAddress><ca:country>ID</ca:country><ca:A1>Banten</ca:A1><ca:A2>Kota Serang</ca:A2>"
    "<ca:A3>Cipocok Jaya</ca:A3><ca:A4>Banjarsari</ca:A4><ca:A5>RW 03</ca:A5><ca:A6>RT 07</ca:A6>"
    "<ca:RD>Jl. Raya Pandeglang</ca:RD><ca:HNO>12</ca:HNO><ca:LMK>dekat masjid</ca:LMK></ca:civicAddress>"
)
TIME = "<dm:timestamp>2024-03-11T02:15:30Z</dm:timestamp>"


def device(info: str, method: str = "<gp:method>GNSS</gp:method>", time: str = TIME, name: str = "device") -> str:
    location = f"<gp:geopriv><gp:location-info>{info}</gp:location-info><gp:usage-rules/>{method}</gp:geopriv>"
    return f'<dm:{name} id="d1">{location}{time}</dm:{name}>'


def document(*devices: str) -> str:
    return f"<presence {NAMESPACES}>{''.join(devices)}</presence>"


def of(info: str) -> Located:
    return locations(document(device(info)), AT_MS)


def only(info: str) -> Position:
    located = of(info)
    assert located.defects == ()
    (position,) = located.positions
    return position


def reasons(located: Located) -> list[tuple[str, str]]:
    return [(defect.field, defect.reason) for defect in located.defects]


def test_the_usual_document() -> None:
    info = f'{CIRCLE}<con:confidence pdf="normal">95</con:confidence>{ADDRESS}'
    written = "Jl. Raya Pandeglang No. 12, RT 07/RW 03, Banjarsari, Cipocok Jaya, Kota Serang, Banten (dekat masjid)"
    civic = Civic(
        "ID", "Banten", "Kota Serang", "Cipocok Jaya", "Banjarsari", "RW 03", "RT 07", "Jl. Raya Pandeglang", "12",
        "dekat masjid", written=written,
    )  # fmt: skip
    position = Position(-6.1149, 106.1502, "pidf_lo", 18.0, FIX_MS, "GNSS", 95.0, "circle")
    assert of(info) == Located((position,), civic)


def _around(lat: float, lon: float, radius_m: float, shape: str) -> Position:
    return Position(lat, lon, "pidf_lo", radius_m, FIX_MS, "GNSS", 0.0, shape)


@pytest.mark.parametrize(
    ("written", "prefixes"),
    [
        # As real captures have it: the point of another namespace, the position of another, no prefix at all.
        ('<gs:Point srsName="EPSG:4326"><gs:pos>-6.1 106.2</gs:pos></gs:Point>', ""),
        ('<Point xmlns="http://www.opengis.net/gml"><pos>-6.1 106.2</pos></Point>', ""),
        ("<gml:Point><gml:pos> -6.1\n 106.2 </gml:pos></gml:Point>", ""),
        ("<gml:Point><gml:pos>-6.1, 106.2</gml:pos></gml:Point>", ""),
        ('<g:Point xmlns:g="http://www.opengis.net/gml/3.2"><g:pos>-6.1 +1.062e2</g:pos></g:Point>', ""),
        (
            '<gml:Point srsName="http://www.opengis.net/def/crs/EPSG/0/4326"><gml:pos>-6.1 106.2</gml:pos></gml:Point>',
            "",
        ),
    ],
)
def test_one_point_in_many_writings(written: str, prefixes: str) -> None:
    assert only(written) == _around(-6.1, 106.2, 0.0, "point")


BAND = (
    f"<gs:ArcBand {WGS84}><gml:pos>-6.1 106.2</gml:pos><gs:innerRadius>{{}}</gs:innerRadius>"
    "<gs:outerRadius>{}</gs:outerRadius><gs:startAngle>0</gs:startAngle><gs:openingAngle>{}</gs:openingAngle></gs:ArcBand>"
)


def _ring(corners: list[tuple[float, ...]]) -> str:
    numbers = " ".join(str(number) for corner in [*corners, corners[0]] for number in corner)
    return f"<gml:exterior><gml:LinearRing><gml:posList>{numbers}</gml:posList></gml:LinearRing></gml:exterior>"


@pytest.mark.parametrize(
    ("info", "name", "reason"),
    [
        ("<gml:Point><gml:pos>106.2 -6.1</gml:pos></gml:Point>", "Point", "not on Earth (latitude comes first)"),
        ("<gml:Point><gml:pos>0 0</gml:pos></gml:Point>", "Point", "outside Indonesia"),
        ("<gml:Point><gml:pos>nan 106.2</gml:pos></gml:Point>", "Point", "no numbers"),
        ("<gml:Point><gml:pos>-6.1 1e999</gml:pos></gml:Point>", "Point", "not on Earth"),
        ("<gml:Point><gml:pos>-6.1 1e99</gml:pos></gml:Point>", "Point", "not on Earth"),
        ("<gml:Point><gml:pos>-6.1</gml:pos></gml:Point>", "Point", "no pairs"),
        ("<gml:Point><gml:pos>-6,1 106,2</gml:pos></gml:Point>", "Point", "no pairs"),
        ("<gml:Point/>", "Point", "no coordinates"),
        ('<gml:Point srsName="urn:ogc:def:crs:EPSG::3857"><gml:pos>-6.1 106.2</gml:pos></gml:Point>', "Point", "reference system"),
        ("<gs:Circle><gml:pos>-6.1 106.2</gml:pos></gs:Circle>", "Circle", "no radius"),
        ("<gs:Circle><gml:pos>-6.1 106.2</gml:pos><gs:radius>x</gs:radius></gs:Circle>", "Circle", "radius is no number"),
        ("<gs:Circle><gml:pos>-6.1 106.2</gml:pos><gs:radius>-3</gs:radius></gs:Circle>", "Circle", "no length"),
        ("<gs:Circle><gml:pos>-6.1 106.2</gml:pos><gs:radius>250000</gs:radius></gs:Circle>", "Circle", "wider than 100000 m"),
        (BAND.format(500, 300, 60), "ArcBand", "no band"),
        (BAND.format(300, 500, 0), "ArcBand", "no band"),
        (f"<gml:Polygon>{_ring([(-6.1, 106.2, 1.0)])}</gml:Polygon>", "Polygon", "not on Earth"),
        ("<gml:Curve><gml:pos>-6.1 106.2</gml:pos></gml:Curve>", "Curve", "no shape"),
    ],
)  # fmt: skip
def test_a_fix_that_cannot_be_used_is_a_defect_and_harms_no_other(info: str, name: str, reason: str) -> None:
    located = of(info + CIRCLE)
    assert [position.shape for position in located.positions] == ["circle"]
    ((field, told),) = reasons(located)
    assert field == f"pidf_lo.{name}"
    assert reason in told


def test_a_fix_abroad_is_shown_with_its_reason() -> None:
    located = of("<gml:Point><gml:pos>40.7 -73.9</gml:pos></gml:Point>")
    ((position, reason),) = located.unusable
    assert (position.lat, position.lon, position.method) == (40.7, -73.9, "GNSS")
    assert reasons(located) == [("pidf_lo.Point", reason)]


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("2050-05-15T12:30:00Z", "is more than a day in the future"),
        ("2026-07-25T20:00:00Z", "is in the future"),
        ("2026-09-23T12:00:00.03", "is no time (epoch, or ISO 8601 with its offset)"),
        ("kemarin", "is no time (epoch, or ISO 8601 with its offset)"),
        ("1970-01-01T00:00:10Z", "is before the year 2000"),
    ],
)
def test_a_bad_time_is_left_out_and_its_fix_kept(time: str, reason: str) -> None:
    located = locations(document(device(CIRCLE, time=f"<dm:timestamp>{time}</dm:timestamp>")), AT_MS)
    assert [position.fixed_at_ms for position in located.positions] == [0]
    assert reasons(located) == [("pidf_lo.timestamp", reason)]


@pytest.mark.parametrize(
    ("confidence", "kept", "defects"),
    [
        ("67", 67.0, 0),
        ("99.9", 99.9, 0),
        ("unknown", 0.0, 0),
        ("0", 0.0, 1),
        ("120", 0.0, 1),
        ("nan", 0.0, 1),
        ("", 0.0, 0),
    ],
)
def test_confidence(confidence: str, kept: float, defects: int) -> None:
    located = of(f'{CIRCLE}<con:confidence pdf="rectangular">{confidence}</con:confidence>')
    assert located.positions[0].confidence_percent == kept
    assert len(located.defects) == defects


def test_every_tuple_device_and_person_has_its_own_time_and_method() -> None:
    tuples = (
        '<tuple id="t"><status><gp:geopriv><gp:location-info>'
        + POINT
        + "</gp:location-info><gp:method>Cell</gp:method></gp:geopriv></status>"
        "<timestamp>2024-03-11T09:15:00+07:00</timestamp></tuple>"
    )
    located = locations(document(tuples, device(CIRCLE), device(CIRCLE), device(ADDRESS, "", "", "person")), AT_MS)
    told = [(position.method, position.fixed_at_ms, position.shape) for position in located.positions]
    assert told == [("Cell", FIX_MS - 30_000, "point"), ("GNSS", FIX_MS, "circle")]
    assert located.civic is not None
    assert located.defects == ()


def test_a_second_address_is_left_out() -> None:
    located = of(ADDRESS + ADDRESS + ADDRESS.replace("Banjarsari", "Panancangan"))
    assert located.civic is not None
    assert located.civic.village == "Banjarsari"
    assert [field for field, _ in reasons(located)] == ["pidf_lo.civicAddress"]


def test_a_house_beside_its_floor() -> None:
    address = (
        "<ca:civicAddress><ca:country>id</ca:country><ca:A2>Kota Serang</ca:A2><ca:A5>3</ca:A5><ca:A6>7</ca:A6>"
        "<ca:RD>Jl. Mawar</ca:RD><ca:HNO>12</ca:HNO><ca:HNS>A</ca:HNS><ca:NAM>Rusunawa</ca:NAM><ca:FLR>4</ca:FLR>"
        "<ca:PC>42123</ca:PC></ca:civicAddress>"
    )
    located = of(CIRCLE + address)
    assert located.positions[0].floor == "4"
    assert located.civic is not None
    assert (located.civic.house_number, located.civic.rw, located.civic.floor) == ("12 A", "3", "4")
    assert located.civic.written == "Rusunawa, Lt. 4, Jl. Mawar No. 12 A, RT 7/RW 3, Kota Serang, 42123"


def test_the_example_of_rfc_5139() -> None:
    parts = {
        "country": "AU", "A1": "NSW", "A3": "Wollongong", "A4": "North Wollongong", "RD": "Flinders", "STS": "Street",
        "RDBR": "Campbell Street", "LMK": "Gilligan's Island", "LOC": "Corner", "NAM": "Video Rental Store", "PC": "2500",
        "ROOM": "Westerns and Classics", "PLC": "store", "POBOX": "Private Box 15",
    }  # fmt: skip
    told = "".join(f"<ca:{name}>{text}</ca:{name}>" for name, text in parts.items())
    civic = of(f'<ca:civicAddress xml:lang="en-AU">{told}</ca:civicAddress>').civic
    assert civic is not None
    assert (civic.province, civic.district, civic.village) == ("NSW", "Wollongong", "North Wollongong")
    assert (civic.road, civic.landmark, civic.name) == (
        "Flinders Street", "Gilligan's Island Corner", "Video Rental Store Westerns and Classics",
    )  # fmt: skip
    assert civic.written == (
        "Video Rental Store Westerns and Classics, Flinders Street, North Wollongong, Wollongong, NSW 2500, AU"
        " (Gilligan's Island Corner)"
    )


def test_an_address_of_another_country_says_so() -> None:
    located = of(ADDRESS.replace(">ID<", ">US<"))
    assert located.civic is not None
    assert located.civic.country == "US"
    assert [field for field, _ in reasons(located)] == ["pidf_lo.civicAddress.country"]


UNDECLARED = "uses prefixes that it does not declare: read as usual"
FUTURE = "is more than a day in the future"
ABROAD = "outside Indonesia (-11.5 to 6.5)"
TIMELESS = "is no time (epoch, or ISO 8601 with its offset)"
POINT_ABROAD, FUTURE_TIME = ("pidf_lo.Point", ABROAD), ("pidf_lo.timestamp", FUTURE)
US_ADDRESS = [
    ("pidf_lo.timestamp", TIMELESS),
    ("pidf_lo.civicAddress.country", "is of another country: its parts need not mean what they do here"),
]
# Lab traffic of the United States: what each document comes to here.
CAPTURED = {
    "pidf_00": [("pidf_lo", UNDECLARED), FUTURE_TIME, POINT_ABROAD],
    "pidf_03": [("pidf_lo", UNDECLARED), FUTURE_TIME, POINT_ABROAD],
    "pidf_06": [POINT_ABROAD],
    "pidf_07": [POINT_ABROAD],
    "pidf_10": US_ADDRESS,
    "pidf_11": US_ADDRESS,
    "pidf_12": US_ADDRESS,
    "pidf_13": [FUTURE_TIME, POINT_ABROAD],
    "pidf_14": [FUTURE_TIME, POINT_ABROAD],
    "pidf_16": [FUTURE_TIME, POINT_ABROAD],
    "pidf_17": [FUTURE_TIME, POINT_ABROAD],
    "pidf_19": [("pidf_lo.Circle", ABROAD)],
    "held_306": [("pidf_lo.Circle", ABROAD)],
    "sip_260": [("pidf_lo", "is no XML: mismatched tag: line 7, column 2")],
    "sip_261": [("pidf_lo.Point", "outside Indonesia (-11.5 to 6.5)")],
}


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.xml")), ids=lambda path: path.stem)
def test_captures(path: Path) -> None:
    assert reasons(locations(path.read_bytes(), AT_MS)) == CAPTURED[path.stem]


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.xml")), ids=lambda path: path.stem)
def test_captures_moved_to_serang(path: Path) -> None:
    moved = path.read_text("utf-8")
    for there in ("40.71668300756087 -73.99069756654683", "40.71668300756087 -73.99069756654680", "50.6199 26.2516",
                  "30.605485 -96.341423", "-46.8123 16.12"):  # fmt: skip
        moved = moved.replace(there, "-6.1149 106.1502")
    located = locations(moved, AT_MS)
    has_shape = "-6.1149 106.1502" in moved
    assert [(each.lat, each.lon) for each in located.positions] == [(-6.1149, 106.1502)] * has_shape
    assert (located.civic is not None) == ("<ca:A1>" in moved or "<cl:FLR>" in moved)


BOMB = '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + document(device(CIRCLE + "&b;"))
OUTSIDE = '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + document(device("&x;"))


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (BOMB, "has a document type or entities, which are not taken"),
        (OUTSIDE, "has a document type or entities, which are not taken"),
        (
            '<!DOCTYPE p SYSTEM "http://127.0.0.1/x.dtd"><presence/>',
            "has a document type or entities, which are not taken",
        ),
        (document(device("<a>" * 50 + CIRCLE + "</a>" * 50)), "is nested deeper than 40"),
        (" " + "<a/>" * markup.MAX_CHARACTERS, "is longer than 65,536 characters"),
        ("", "is empty"),
        ("tolong", "is no XML: syntax error: line 1, column 0"),
        ("<presence/>\ud800", "holds characters that no text has"),
    ],
)
def test_hostile_documents(xml: str, reason: str) -> None:
    located = locations(xml, AT_MS)
    assert (located.positions, located.civic) == ((), None)
    assert reasons(located) == [("pidf_lo", reason)]


def test_a_document_that_locates_nobody() -> None:
    assert reasons(locations(f"<presence {NAMESPACES}/>", AT_MS)) == [
        ("pidf_lo.location-info", "missing: the document locates nobody")
    ]


@pytest.mark.parametrize("together", [False, True])
def test_too_many_locations(together: bool) -> None:
    points = [f"<gml:Point><gml:pos>-6.1 106.{index:03}</gml:pos></gml:Point>" for index in range(20)]
    located = of("".join(points)) if together else locations(document(*map(device, points)), AT_MS)
    assert len(located.positions) == pidf_lo.MAX_LOCATIONS
    assert [field for field, _ in reasons(located)] == ["pidf_lo.location-info"]


def test_too_many_corners() -> None:
    corners = [(-6.1, 106.0 + index / 10_000) for index in range(shapes.MAX_CORNERS)]
    located = of(f"<gml:Polygon>{_ring(list(corners))}</gml:Polygon>")
    assert reasons(located) == [("pidf_lo.Polygon", "more than 1,000 corners")]


@pytest.mark.parametrize("encode", ["utf-8", "utf-8-sig", "utf-16"])
def test_bytes_of_any_usual_encoding(encode: str) -> None:
    xml = '\r\n<?xml version="1.0" encoding="ISO-8859-1"?>' + document(device(CIRCLE + ADDRESS))
    located = locations(xml.encode(encode), AT_MS)
    assert len(located.positions) == 1
    assert located.defects == ()


WHOLE = document(
    device(CIRCLE),
    device(
        f"<gml:Polygon {WGS84}>{_ring([(-6.1, 106.1), (-6.101, 106.1015), (-6.099, 106.1015)])}</gml:Polygon>" + ADDRESS
    ),
)
READ = locations(WHOLE, AT_MS)


@pytest.mark.parametrize("xml", [WHOLE, WHOLE.replace(NAMESPACES, "")], ids=["declared", "undeclared"])
def test_a_document_cut_anywhere_gives_only_what_the_whole_one_gives(xml: str) -> None:
    places = {(position.lat, position.lon, position.radius_m) for position in READ.positions}
    most = 0
    for end in range(len(xml)):
        cut = locations(xml[:end], AT_MS)
        found = {(position.lat, position.lon, position.radius_m) for position in cut.positions}
        assert found <= places
        assert all(position.fixed_at_ms in (0, FIX_MS) for position in cut.positions)
        assert all(position.method in ("", "GNSS") for position in cut.positions)
        assert cut.civic in (None, READ.civic)
        assert any(defect.reason == "is no XML: it breaks off" or end == 0 for defect in cut.defects)
        most = max(most, len(found))
    assert most == 2


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_bytes_never_raise(xml: bytes | str) -> None:
    assert locations(xml, AT_MS).positions == ()


NAMES = st.sampled_from([
    "presence", "tuple", "status", "gp:geopriv", "gp:location-info", "gml:Point", "gs:Circle", "gs:Ellipse", "gml:Polygon",
    "gs:ArcBand", "gs:Prism", "gml:pos", "gml:posList", "gs:radius", "gs:semiMajorAxis", "gs:innerRadius", "gs:outerRadius",
    "gs:openingAngle", "gs:startAngle", "ca:civicAddress", "ca:A1", "con:confidence", "dm:timestamp", "gp:method", "x:y",
])  # fmt: skip
TEXTS = st.sampled_from(
    ["", "-6.1 106.2", "-6.1", "5", "-5", "1e308", "1e-320", "95", "-6.1 106.2 -6.2 106.3", "\u0660 \u0661"]
)
TREES = st.recursive(
    st.tuples(NAMES, TEXTS).map(lambda each: f"<{each[0]}>{each[1]}</{each[0]}>"),
    lambda inner: st.tuples(NAMES, st.lists(inner, max_size=4)).map(
        lambda each: f"<{each[0]}>{''.join(each[1])}</{each[0]}>"
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(TREES, st.integers(0, 400))
def test_any_tree_never_raises_and_gives_only_places_in_indonesia(tree: str, cut: int) -> None:
    info = f"<gp:location-info>{tree}</gp:location-info>"
    for xml in (document(info), document(info)[: -cut or None], info):
        for position in locations(xml, AT_MS).positions:
            assert rules.LAT_RANGE[0] <= position.lat <= rules.LAT_RANGE[1]
            assert rules.LON_RANGE[0] <= position.lon <= rules.LON_RANGE[1]
            assert 0 <= position.radius_m <= rules.MAX_RADIUS_M
