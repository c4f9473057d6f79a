"""Writes `units.yaml`, `gazetteer.csv` and `landmarks.csv` of the seed tenants from `data/`; run again, it writes the same bytes.

A centre that has begun to keep its own list of units edits units.yaml and leaves this script alone.
"""  # noqa: INP001  a script beside data, not a package

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DATA: Final = ROOT / "data"

Row = Mapping[str, str]

# Puskesmas whose name is no area's name, with the kecamatan they are taken to stand in: from general knowledge, not
# from a register, hence `kecamatan_assumed` and the whole kecamatan as the radius.
ASSUMED_KECAMATAN: Final = {
    "1033543": "36.73.05",  # Banten Girang
    "1033545": "36.73.01",  # Singandaru
    "1033547": "36.73.01",  # Ciracas
    "1033548": "36.73.01",  # Rau
    "1031010": "32.14.01",  # Koncara
    "1012046": "17.71.01",  # Telaga Dewa
    "1012059": "17.71.03",  # Pasar Ikan
    "1012075": "18.04.07",  # Fajar Bulan
}
# Letters of the unit id and first digit of the invented SMS number.
KINDS: Final = {"puskesmas": ("PKM", 1), "damkar": ("DMK", 2), "satgas": ("STG", 3)}
# So many fire posts of each tenant also have a tablet on MQTT.
DAMKAR_WITH_MQTT: Final = 2

HEADER: Final = """\
# Units of {name}. Built by tenants/build.py from data/; the centre puts its own list here.
#
# POSITIONS ARE ESTIMATES. A puskesmas stands at the inner point of the desa or kecamatan that its name was matched to
# (coord_source); its true place may be radius_m away or more. Tested on Semarang against surveyed positions the method
# was 650 m off at the median, 1.4 km at p90, 3.0 km at worst. `kecamatan_assumed` is weaker still: the name matched no
# area. Screens that draw these points must say so. That each puskesmas has a BLS ambulance is an assumption, too.
#
# Units marked `example: true` are invented, every telephone number here is invented: replace both before going live.
"""


def rows(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def unit(code: str, kind: str, number: int, fields: Mapping[str, str], capabilities: Iterable[str]) -> Iterator[str]:
    """The YAML lines of one unit."""
    letters, digit = KINDS[kind]
    digits = code.replace(".", "")
    unit_id = f"{digits}-{letters}-{number:02d}"
    yield f"\n  - unit_id: {unit_id}"
    yield f"    kind: {kind}"
    yield from (f"    {key}: {value}" for key, value in fields.items())
    yield f"    capabilities: [{', '.join(capabilities)}]"
    yield "    contacts:"
    yield f'      - {{channel: sms, address: "+628110{digits}{digit}{number:02d}"}}'
    if kind == "damkar" and number <= DAMKAR_WITH_MQTT:
        yield f"      - {{channel: mqtt, address: siaga/unit/{unit_id}/tasks}}"


def position(area: Row, source: str) -> dict[str, str]:
    radius_m = round(math.sqrt(float(area["area_km2"]) / math.pi) * 1000)
    return {"lat": area["lat"], "lon": area["lon"], "radius_m": str(radius_m), "coord_source": source}


def puskesmas(code: str, areas: Mapping[str, Row]) -> Iterator[str]:
    found = [row for row in rows(DATA / "faskes/faskes.csv") if (row["kode_kab"], row["jenis"]) == (code, "puskesmas")]
    for number, row in enumerate(found, start=1):
        assumed = ASSUMED_KECAMATAN.get(row["kode_instansi"])
        area = areas[assumed or row["kode_wilayah"]]
        place = position(area, "kecamatan_assumed" if assumed else row["coord_source"])
        kecamatan = area["kecamatan"] or area["nama"]
        fields = {
            "name": f'"{row["nama"].title()}"',
            "address": f'"Kecamatan {kecamatan}, {area["kabupaten"]}"',
            **place,
        }
        yield from unit(code, "puskesmas", number, fields, ["GroundBLSAmbulance"])


def example_posts(code: str, kind: str, areas: Mapping[str, Row]) -> Iterator[str]:
    found = [row for row in rows(DATA / "posts/example_posts.csv") if (row["tenant"], row["kind"]) == (code, kind)]
    for number, row in enumerate(found, start=1):
        area = areas[row["area_code"]]
        fields = {
            "name": f'"Contoh: {row["name"]}"',
            "example": "true",
            **position(area, f"{area['level']}_point"),
        }
        yield from unit(code, kind, number, fields, row["capabilities"].split())


def landmarks(code: str, areas: Mapping[str, Row]) -> Iterator[str]:
    """The lines of `landmarks.csv`: each at the middle of the area that it is taken to stand in."""
    yield "name,aliases,lat,lon,radius_m,source"
    for row in rows(DATA / "landmarks/landmarks.csv"):
        if row["tenant"] == code:
            area = areas[row["area_code"]]
            place = position(area, f"{area['level']}_assumed")
            yield ",".join((row["name"], row["aliases"], *place.values()))


def build(folder: Path) -> dict[str, str]:
    """The generated files of a tenant's folder: name and text."""
    code = folder.name[:5]
    areas = {
        row["kode"]: row
        for row in rows(DATA / "wilayah/gazetteer.csv")
        if row["kode"] == code or row["kode"].startswith(f"{code}.")
    }
    columns = ("kode", "level", "nama", "kode_induk", "lat", "lon", "area_km2")
    gazetteer = ["code,level,name,parent_code,lat,lon,area_km2"]
    gazetteer += [",".join(row[column] for column in columns) for row in areas.values()]
    units = [HEADER.format(name=areas[code]["nama"]) + "units:"]
    units += puskesmas(code, areas)
    for kind in ("damkar", "satgas"):
        units += example_posts(code, kind, areas)
    files = {"gazetteer.csv": gazetteer, "units.yaml": units, "landmarks.csv": landmarks(code, areas)}
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}


def main() -> None:
    for folder in sorted((ROOT / "tenants").glob("[0-9][0-9].[0-9][0-9]-*")):
        for name, text in build(folder).items():
            (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
