"""Writes the compact national gazetteer into `siaga_tenants` from the source's full one; run again, the same bytes.

`python data/wilayah/build_national.py gazetteer_nasional.csv.gz`, a CSV of kode, nama, lat, lon for all areas of Indonesia.
"""  # noqa: INP001  a script beside data, not a package

import csv
import gzip
import io
import math
import sys
from pathlib import Path
from typing import Final

import numpy as np

TARGET: Final = Path(__file__).resolve().parents[2] / "libs/siaga-tenants/src/siaga_tenants/data"
METRES_PER_DEGREE: Final = 111_320.0
# The share of an area's desas that lie within its radius; its farthest islands would make it useless.
WITHIN_PERCENT: Final = 90
# An area of one desa has no spread of its own.
LEAST_RADIUS_M: Final = 1_500.0
# So many steps make a degree: 110 m, less than the source's centroids are worth.
STEPS: Final = 1_000


def main(source: Path) -> None:
    with gzip.open(source, "rt", encoding="utf-8", newline="") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: row["kode"])
    desas = [row for row in rows if row["kode"].count(".") == 3]
    upper = [row for row in rows if row["kode"].count(".") < 3]
    points: dict[str, list[tuple[float, float]]] = {}
    for row in desas:
        for length in (5, 8):
            points.setdefault(row["kode"][:length], []).append((float(row["lat"]), float(row["lon"])))

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("code", "name", "lat", "lon", "radius_m"))
    for row in upper:
        lat, lon = float(row["lat"]), float(row["lon"])
        name = " ".join(row["nama"].split())
        writer.writerow((row["kode"], name, row["lat"], row["lon"], radius_m(lat, lon, points.get(row["kode"], []))))
    (TARGET / "national.csv.gz").write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))

    regencies = [row["kode"] for row in upper if len(row["kode"]) == 5]
    index = {code: number for number, code in enumerate(regencies)}
    cells = np.array(
        [(index[row["kode"][:5]], round(float(row["lat"]) * STEPS), round(float(row["lon"]) * STEPS)) for row in desas],
        dtype=np.int32,
    )
    # Differences of neighbours compress; their codes follow each other.
    packed = np.diff(cells, axis=0, prepend=np.zeros((1, 3), np.int32)).astype("<i4")
    (TARGET / "national_desa.bin.gz").write_bytes(gzip.compress(packed.T.tobytes(), mtime=0))


def radius_m(lat: float, lon: float, points: list[tuple[float, float]]) -> int:
    if not points:
        return round(LEAST_RADIUS_M)
    there = np.array(points)
    away = np.hypot(there[:, 0] - lat, (there[:, 1] - lon) * math.cos(math.radians(lat))) * METRES_PER_DEGREE
    return round(max(LEAST_RADIUS_M, float(np.percentile(away, WITHIN_PERCENT)) * 1.2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
