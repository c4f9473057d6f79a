"""Lists of units from files: real ones, and all that spreadsheets and people do to them."""

import csv
import gzip
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_tenants import Borders, Gazetteer, Tenant, TenantError, Tenants, load_tenants
from siaga_tenants.unit_lists import Finding, Import, UnreadableFile, compared, read_file, write
from siaga_tenants.unit_lists.reading import Row
from siaga_tenants.unit_lists.rows import Told, told

ROOT = Path(__file__).resolve().parents[3]
SERANG = "36.73-kota-serang"
OSM = Path(__file__).parent / "data/osm_semarang/faskes_damkar.csv"
TENANTS: Tenants = load_tenants(ROOT / "tenants")
HEADING = "unit_id,jenis,nama,lat,lon,telepon,kemampuan"

Compare = Callable[..., Import]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """What a list with these lines would change in Kota Serang."""

    def of(*lines: str, heading: str = HEADING, encoding: str = "utf-8", name: str = "units.csv") -> Import:
        file = tmp_path / name
        file.write_bytes("\r\n".join((heading, *lines)).encode(encoding))
        return compared(read_file(file), TENANTS["36.73"], TENANTS)

    return of


@pytest.fixture
def semarang(tmp_path: Path) -> Tenant:
    """A tenant of the city's extent, without units."""
    ring = [[110.2, -7.2], [110.6, -7.2], [110.6, -6.9], [110.2, -6.9], [110.2, -7.2]]
    feature = {"properties": {"kode": "33.74"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    file = tmp_path / "outline.geojson.gz"
    file.write_bytes(gzip.compress(json.dumps({"features": [feature]}).encode()))
    return replace(TENANTS["36.73"], code="33.74", units=(), gazetteer=Gazetteer.of((), Borders(file, file)))


def with_numbers(rows: list[dict[str, str]], file: Path) -> Path:
    """The rows with a number each, which no open register has."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*rows[0], "no_hp"])
        writer.writeheader()
        writer.writerows({**row, "no_hp": f"0811-0337-{number:04d}"} for number, row in enumerate(rows, start=1))
    return file


def reasons(found: Import) -> dict[int, str]:
    return {each.line: f"{each.field}: {each.what}" for each in found.rejected}


def test_real_posts_of_a_city_that_has_none_yet(semarang: Tenant, tmp_path: Path) -> None:
    rows = list(csv.DictReader(OSM.read_text("utf-8").splitlines()))
    found = compared(read_file(with_numbers(rows, tmp_path / "units.csv")), semarang, TENANTS)
    assert [(each.unit.unit_id, each.unit.name) for each in found.new][:2] == [
        ("3374-DMK-01", "Dinas Kebakaran Posko Banyumanik"),
        ("3374-DMK-02", "Dinas Pemadam Kebakaran Kota Semarang"),
    ]
    assert [each.unit.kind for each in found.new] == ["damkar"] * 6 + ["puskesmas"] * 5
    assert found.new[0].unit.contacts[0].address == "+6281103370001"
    assert (found.new[0].unit.coord_source, found.new[0].unit.radius_m) == ("imported", 100)
    # Health posts without an ambulance and hospitals are no units; every other row is taken beside them.
    assert [each.field for each in found.rejected] == ["jenis"] * 3
    assert "'pustu' is no kind of unit" in found.rejected[0].what
    assert all("capabilities" in each.what for each in found.remarks)


def test_a_list_without_numbers_says_so_of_each_row(semarang: Tenant) -> None:
    found = compared(read_file(OSM), semarang, TENANTS)
    assert not found.new
    assert sum("a unit nobody can reach cannot be sent" in each.what for each in found.rejected) == 11


def test_the_health_posts_of_the_register_are_those_that_are_there(tmp_path: Path) -> None:
    rows = list(csv.DictReader((ROOT / "data/faskes/faskes.csv").read_text("utf-8").splitlines()))
    posts = [row for row in rows if (row["kode_kab"], row["jenis"], bool(row["lat"])) == ("36.73", "puskesmas", True)]
    file = with_numbers(posts, tmp_path / "units.csv")
    found = compared(read_file(file), TENANTS["36.73"], TENANTS)
    assert not found.rejected
    assert not found.new
    assert len(found.changed) == len(posts) == 12
    # The same posts at the same places: only the numbers are others.
    assert {name for each in found.changed for name in each.fields} == {"contacts"}
    assert all(each.moved_m == 0 for each in found.changed)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_as_spreadsheets_write_it(compare: Compare, encoding: str, separator: str) -> None:
    heading = separator.join(("ID Unit", "Jenis", "Nama", "Lintang", "Bujur", "No. HP", "Keterangan"))
    line = separator.join(("", "Pemadam Kebakaran", "Pos São", "-6,1201", "106,1502", "081299990001", "x"))
    (change,) = compare(line, heading=heading, encoding=encoding).new
    assert (change.unit.kind, change.unit.name) == ("damkar", "Pos São")
    assert (change.unit.lat, change.unit.lon) == (-6.1201, 106.1502)


def test_the_separator_that_a_spreadsheet_tells_itself(compare: Compare) -> None:
    found = compare("nama;jenis", "Pos;pustu", heading="sep=;")
    assert reasons(found) == {3: found.rejected[0].field + ": " + found.rejected[0].what}
    assert found.rejected[0].field == "jenis"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (",pustu,Pos,-6.12,106.15,081299990001,", "jenis: 'pustu' is no kind of unit; use one of: puskesmas"),
        (",damker,Pos,-6.12,106.15,081299990001,", "jenis: 'damker' is no kind of unit; did you mean 'damkar'?"),
        (",damkar,Pos,106.15,-6.12,081299990001,", "lat: 106.15, -6.12: latitude and longitude are swapped; exchange"),
        (",damkar,Pos,-6176046,106.15,081299990001,", "lat: -6.17605e+06, 106.15 does not lie in Indonesia; write"),
        (",damkar,Pos,enam,106.15,081299990001,", "lat: 'enam' is no number; write degrees"),
        (",damkar,Pos,-6.12,,081299990001,", "lat: stands alone; a position needs both"),
        (",damkar,Pos,-6.9,107.6,081299990001,", "lat: lies 170 km outside Kota Serang; correct the position"),
        (",damkar,Pos,-6.12,106.15,6.28123E+11,", "telepon: holds no telephone number; write it like"),
        (",damkar,Pos,-6.12,106.15,+6281103673101,", "telepon: the number belongs to 3673-PKM-01; every crew"),
        (",damkar,Pos,-6.12,106.15,+6281103214101,", "telepon: the number belongs to 3214-PKM-01; every crew"),
        (",damkar,Pos,-6.12,106.15,081299990001,Tangga", "kemampuan: 'Tangga' is no capability; use one of: Ground"),
        (",pln,Pos,-6.12,106.15,081299990001,", "jenis: 'pln' has no speed; add it to speed_kmh in dispatch.yaml"),
        (",puskesmas,Pos,-6.12,106.15,081299990001,mobil pemadam", "kemampuan: 'puskesmas' cannot have Structure"),
        (",damkar,,-6.12,106.15,081299990001,", "unit_id: is missing; without an id a row needs kind and name"),
        ("3673-DMK-77,damkar,Pos,,,081299990001,", "lat: is missing, and the unit is new; give it latitude"),
        ("3214-DMK-01,damkar,Pos,-6.12,106.15,081299990001,", "unit_id: 3214-DMK-01 is none of 36.73; import it"),
        ("pos-1,damkar,Pos,-6.12,106.15,081299990001,", "unit_id: 'pos-1' is no unit id; write it like"),
        (",damkar,Pos,-6,12,106.15,081299990001,rescue", ": has 8 fields, but the heading 7; quote what holds a ','"),
    ],
)
def test_a_row_that_cannot_be_taken_is_told_and_the_others_are_not_lost(
    compare: Compare, line: str, expected: str
) -> None:
    good = ",damkar,Pos Baik,-6.12,106.15,081299990002,mobil pemadam"
    found = compare(line, good)
    assert list(reasons(found)) == [2]
    assert reasons(found)[2].startswith(expected)
    assert [each.unit.name for each in found.new] == ["Pos Baik"]


def test_what_stands_twice_in_the_file(compare: Compare) -> None:
    found = compare(
        "3673-DMK-01,,Mako,,,,",
        "3673-DMK-01,,Pos,,,,",
        ",damkar,Pos Baru,-6.12,106.15,081299990001,",
        ",damkar,pos  baru,-6.13,106.15,081299990002,",
        ",damkar,Pos Lain,-6.13,106.15,081299990001,",
    )
    assert reasons(found) == {
        3: "unit_id: 3673-DMK-01 stands already in line 2; remove one",
        5: "nama: 'pos baru' stands already in line 4; give one another name, or each a unit_id",
        6: "telepon: the number belongs to 3673-DMK-05; every crew has its own",
    }


def test_two_crews_may_exchange_their_numbers(compare: Compare) -> None:
    first, second = (unit for unit in TENANTS["36.73"].units if unit.unit_id in {"3673-PKM-01", "3673-PKM-02"})
    numbers = first.contacts[0].address, second.contacts[0].address
    found = compare(f"3673-PKM-01,,,,,{numbers[1]},", f"3673-PKM-02,,,,,{numbers[0]},")
    assert not found.rejected
    assert len(found.changed) == 2
    # With the second row unusable, its unit keeps its number, which the first then cannot have.
    found = compare(f"3673-PKM-01,,,,,{numbers[1]},", f"3673-PKM-02,kapal,,,,{numbers[0]},")
    assert len(found.rejected) == 2
    # And so on down the line: who wanted the number of one that keeps its own is left out as well.
    third = next(unit for unit in TENANTS["36.73"].units if unit.unit_id == "3673-PKM-03").contacts[0].address
    chain = (f"3673-PKM-01,,,,,{numbers[1]},", f"3673-PKM-02,,,,,{third},", "3673-PKM-03,kapal,,,,081299990001,")
    assert sorted(reasons(compare(*chain))) == [2, 3, 4]


def test_empty_cells_leave_what_is_known(compare: Compare) -> None:
    found = compare("3673-DMK-01,,,,,,", "3673-DMK-02,,,-6.1100,106.1541,,")
    assert found.unchanged == 1
    (change,) = found.changed
    assert set(change.fields) == {"lat", "lon", "radius_m", "coord_source"}
    assert round(change.moved_m) == 1234
    assert len(found.missing) == 24


def test_a_post_just_outside_is_taken_with_a_word(compare: Compare) -> None:
    outside = TENANTS["36.73"].gazetteer.borders.distance_m
    lon = next(step / 1000 for step in range(106_000, 106_200) if 0 < outside(-6.12, step / 1000) < 900)
    found = compare(f",damkar,Pos Tepi,-6.12,{lon},081299990001,mobil pemadam")
    assert len(found.new) == 1
    assert re.fullmatch(r"lies \d+ m outside Kota Serang; taken, look whether that is right", found.remarks[0].what)


def geojson(*features: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features}, indent=1)


def feature(*at: float, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": at}}


def test_points_of_a_map(compare: Compare) -> None:
    line = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}
    text = geojson(
        feature(106.15, -6.12, jenis="damkar", nama='Pos "features" [1]', telepon=81299990001, lat="?"),
        line,
        feature(-6.12, 106.15, jenis="damkar", nama="Pos Tukar", telepon="081299990002"),
    )
    found = compare(heading=text, name="units.geojson")
    (change,) = found.new
    assert (change.line, change.unit.lat, change.unit.lon) == (4, -6.12, 106.15)
    lines = text.splitlines()
    assert [(each.field, each.what.partition(";")[0]) for each in found.rejected] == [
        ("geometry", "is no Point with longitude and latitude"),
        ("coordinates", "106.15, -6.12: latitude and longitude are swapped"),
    ]
    assert all(lines[each.line - 1].strip() == "{" for each in found.rejected)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("units.xlsx", "", "files end with .csv or .geojson, not .xlsx; save it as one"),
        ("units.csv", "jenis,lat\n", "has no column unit_id or id unit or name or nama; the first line names"),
        ("units.csv", "nama,nama unit\n", "has two columns for name: 'nama' and 'nama unit'; remove one of them"),
        ("units.geojson", "{", "is no JSON: "),
        ("units.geojson", "[]", "is no GeoJSON FeatureCollection of points"),
    ],
)
def test_a_file_that_is_no_list(tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UnreadableFile, match=re.escape(expected)):
        read_file(tmp_path / name)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "tenants"
    shutil.copytree(ROOT / "tenants" / SERANG, directory / SERANG)
    return directory


def imported(directory: Path, text: str, *retired: str) -> Import:
    tenants = load_tenants(directory)
    file = directory.parent / "units.csv"
    file.write_text(text)
    found = compared(read_file(file), tenants["36.73"], tenants)
    write(directory, directory / SERANG, found.changes, retired)
    return found


def test_what_is_written_is_what_was_shown_and_comments_stay(directory: Path) -> None:
    file = directory / SERANG / "units.yaml"
    before = file.read_text()
    text = f"{HEADING}\n3673-PKM-01,,Puskesmas Curug Baru,-6.1700,106.1790,081299990001,\n"
    text += ",satgas,Pos Alun-alun,-6.1200,106.1502,081299990002|081299990003,rescue\n"
    imported(directory, text)
    after = file.read_text()
    assert after.splitlines()[:10] == before.splitlines()[:10]
    units = {unit.unit_id: unit for unit in load_tenants(directory)["36.73"].units}
    assert units["3673-PKM-01"].name == "Puskesmas Curug Baru"
    assert units["3673-PKM-01"].contacts[0].address == "+6281299990001"
    assert [each.address for each in units["3673-STG-07"].contacts] == ["+6281299990002", "+6281299990003"]
    assert units["3673-STG-07"].capabilities == ("LightRescue",)
    # The same again changes nothing, and the new unit is known by its kind and name.
    again = imported(directory, text)
    assert (again.changes, again.unchanged) == ((), 2)
    assert file.read_text() == after


def test_a_unit_that_is_taken_out_is_gone_and_no_other_line(directory: Path) -> None:
    file = directory / SERANG / "units.yaml"
    before = file.read_text()
    imported(directory, HEADING, "3673-PKM-02")
    start, end = before.index("  - unit_id: 3673-PKM-02"), before.index("  - unit_id: 3673-PKM-03")
    assert file.read_text() == before[:start] + before[end:]


def test_a_list_that_would_leave_the_plan_without_units_changes_nothing(directory: Path) -> None:
    file = directory / SERANG / "units.yaml"
    before = file.read_bytes()
    with pytest.raises(TenantError, match=r"needs 2 damkar with StructureFireEngine, but units.yaml has 1"):
        imported(directory, HEADING, "3673-DMK-01", "3673-DMK-02", "3673-DMK-03")
    assert file.read_bytes() == before


CELLS = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(["damkar", "-6,12", "106.15", "0812-999"])
NAMES = ("unit_id", "kind", "name", "lat", "lon", "point", "radius_m", "capabilities", "phone", "mqtt", "example")


@given(st.dictionaries(st.sampled_from(NAMES), CELLS))
def test_no_row_breaks_the_reader(cells: dict[str, str]) -> None:
    found = told(Row(7, cells), {}, TENANTS["36.73"].terms)
    assert isinstance(found, Told) or all(isinstance(each, Finding) and each.line == 7 for each in found)
