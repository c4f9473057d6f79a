"""A made-up but plausible country for `bench dispatch`: 514 tenants, 10,000 units, incidents near where people live.

Real: the regencies and kecamatan, and how many puskesmas each regency has (data/faskes). Made up from a seed: where
exactly a unit stands, how many posts of damkar and satgas there are, and every incident.
"""

import csv
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from siaga.v1 import assessment_pb2, common_pb2
from siaga_kit.embedded.home import project_root
from siaga_tenants import NationalArea, Tenant, Tenants, load_tenants, national
from siaga_tenants.borders import METRES_PER_DEGREE, Borders
from siaga_tenants.gazetteer import Area, Gazetteer
from siaga_tenants.model import Contact, UnitSpec

UNITS: Final = 10_000
# The least regency still has an ambulance, an engine and a patrol, so that the plan's commonest needs can be met.
UNITS_LEAST: Final = 4
# Of ten units of a regency.
KINDS: Final = ("puskesmas",) * 6 + ("damkar",) * 2 + ("satgas",) * 2
CAPABILITIES: Final = {
    "puskesmas": ("GroundBLSAmbulance",),
    "damkar": ("StructureFireEngine", "LightRescue"),
    "satgas": ("LightRescue", "VictimAdvocate"),
}
# Types by share and the priorities they come with: ambulance, traffic and fire as in a real county's log of 99,492 calls (49, 36
# and 15 %, Montgomery County 911); inside these families by judgement.
MIX: Final = (
    ("medical_ambulance", 30, (1, 2, 2, 3)),
    ("medical_unconscious", 8, (1,)),
    ("injury", 9, (2, 3)),
    ("kdrt", 2, (2,)),
    ("accident_traffic", 30, (1, 2, 2, 3)),
    ("fallen_tree", 6, (2, 3)),
    ("fire_building", 7, (1, 1, 2)),
    ("fire_land", 5, (2, 3)),
    ("rescue", 3, (2,)),
)
# Calls of one type nearer than the tenants' policy joins (300 m) would be one incident here and two with the peer.
APART_M: Final = 600.0
BEGIN_MS: Final = 1_764_000_000_000
_SEED: Final = 112
_TIMEZONES: Final = ((115.5, "Asia/Jakarta"), (128.0, "Asia/Makassar"), (180.0, "Asia/Jayapura"))


@cache
def tenants() -> Tenants:
    """All 514 regencies with the response plan and the policies of Kota Serang."""
    return Tenants({code: tenant(code) for code in sorted(_shares())})


@cache
def tenant(code: str) -> Tenant:
    """One of them."""
    return _tenant(code, _model(), _kecamatan()[code], _shares()[code])


@cache
def _model() -> Tenant:
    return load_tenants(project_root() / "tenants")["36.73"]


@cache
def _kecamatan() -> dict[str, list[NationalArea]]:
    found: dict[str, list[NationalArea]] = {}
    for area in national().by_code.values():
        if not area.is_regency:
            found.setdefault(area.regency_code, []).append(area)
    return found


@cache
def _shares() -> dict[str, int]:
    """The units of each regency: as the puskesmas are, by largest remainder."""
    file = project_root() / "data/faskes/puskesmas_per_kabupaten.csv"
    with file.open(encoding="utf-8") as rows:
        counts = {row["kode_kab"]: int(row["puskesmas"]) for row in csv.DictReader(rows)}
    free = UNITS - UNITS_LEAST * len(counts)
    exact = {code: free * count / sum(counts.values()) for code, count in counts.items()}
    given = {code: UNITS_LEAST + math.floor(share) for code, share in exact.items()}
    by_remainder = sorted(exact, key=lambda code: (math.floor(exact[code]) - exact[code], code))
    for code in by_remainder[: UNITS - sum(given.values())]:
        given[code] += 1
    return given


def _tenant(code: str, model: Tenant, kecamatan: Sequence[NationalArea], units: int) -> Tenant:
    regency = national().by_code[code]
    return replace(
        model,
        code=code,
        name=regency.name,
        timezone=next(name for east, name in _TIMEZONES if regency.lon < east),
        units=tuple(_units(code, regency, kecamatan, units)),
        gazetteer=Gazetteer.of([_area(regency, ""), *(_area(area, code) for area in kecamatan)], _no_borders()),
        landmarks=(),
        sources=(),
    )


@cache
def _no_borders() -> Borders:
    """Never asked: every made-up call names its area."""
    return Borders(Path("none"), Path("none"))


def _area(area: NationalArea, parent: str) -> Area:
    size_km2 = math.pi * (area.radius_m / 1000) ** 2
    return Area(area.code, "kecamatan" if parent else "kabupaten", area.name, parent, area.lat, area.lon, size_km2)


def _units(code: str, regency: NationalArea, kecamatan: Sequence[NationalArea], count: int) -> Iterator[UnitSpec]:
    """Puskesmas go round the kecamatan; damkar and satgas stand where the regency's middle is."""
    rng = random.Random(f"{_SEED}.{code}")  # noqa: S311  (made-up data, the same every time)
    central = sorted(kecamatan, key=lambda area: math.hypot(area.lat - regency.lat, area.lon - regency.lon))
    placed = dict.fromkeys(CAPABILITIES, 0)
    for number in range(count):
        # Of four units, as of ten, there is one of each kind.
        kind = ("puskesmas", "damkar", "satgas")[number] if number < len(CAPABILITIES) else rng.choice(KINDS)
        order = kecamatan if kind == "puskesmas" else central
        area = order[placed[kind] % len(order)]
        placed[kind] += 1
        lat, lon = _near(area, rng)
        unit_id = f"{code.replace('.', '')}-{kind[:3].upper()}-{placed[kind]:03d}"
        phone = f"+62811{code.replace('.', '')}{number:04d}"
        yield UnitSpec(
            unit_id, kind, f"{kind.title()} {area.name} {placed[kind]}", lat, lon, area.radius_m, "kecamatan_point",
            CAPABILITIES[kind], (Contact("sms", phone),), example=True,
        )  # fmt: skip


def _near(area: NationalArea, rng: random.Random) -> tuple[float, float]:
    """A point around the inner point of an area, denser towards it; within half the radius that holds its desas."""
    away_m = rng.random() * min(area.radius_m, 10_000.0) / 2
    bearing = rng.random() * math.tau
    lat = area.lat + away_m * math.cos(bearing) / METRES_PER_DEGREE
    lon = area.lon + away_m * math.sin(bearing) / (METRES_PER_DEGREE * math.cos(math.radians(area.lat)))
    return round(lat, 6), round(lon, 6)


Call = assessment_pb2.CallAssessment


def calls(run: str, count: int, only: Sequence[str] = ()) -> list[assessment_pb2.CallAssessment]:
    """So many calls that each want an incident of their own, the same for the same `run`, one a millisecond.

    Regencies (`only` these, when told) have them as they have units, so where more people live there is more of both.
    """
    rng = random.Random(f"{_SEED}.{run}")  # noqa: S311  (made-up data, the same every time)
    everywhere = {code: tenant(code) for code in only} or dict(tenants())
    areas = {code: [a for a in one.gazetteer.areas if a.level == "kecamatan"] for code, one in everywhere.items()}
    codes = rng.choices(list(everywhere), [len(one.units) for one in everywhere.values()], k=count)
    kinds = rng.choices(MIX, [share for _, share, _ in MIX], k=count)
    taken: dict[tuple[str, str], list[tuple[float, float]]] = {}
    made = []
    for number, (code, (kind, _, priorities)) in enumerate(zip(codes, kinds, strict=True)):
        area, lat, lon = _apart(areas[code], taken.setdefault((code, kind), []), rng)
        made.append(_call(f"{run}-{number}", code, kind, rng.choice(priorities), area, lat, lon, BEGIN_MS + number))
    return made


def _apart(areas: Sequence[Area], others: list[tuple[float, float]], rng: random.Random) -> tuple[Area, float, float]:
    """A place far enough from the others of its kind to be an incident of its own."""
    while True:
        area = rng.choice(areas)
        lat, lon = _near(national().by_code[area.code], rng)
        if all(math.hypot(lat - a, lon - b) * METRES_PER_DEGREE > APART_M for a, b in others):
            others.append((lat, lon))
            return area, lat, lon


def _call(
    name: str, tenant: str, kind: str, priority: int, area: Area, lat: float, lon: float, at_ms: int
) -> assessment_pb2.CallAssessment:  # fmt: skip
    call = assessment_pb2.CallAssessment(
        assessment_id=f"a-{name}",
        call_id=f"c-{name}",
        tenant=tenant,
        revision=1,
        event_at_ms=at_ms,
        outcome=assessment_pb2.OUTCOME_REAL,
        advice=assessment_pb2.ADVICE_DISPATCH,
        type=kind,
        priority=common_pb2.Priority.Value(f"PRIORITY_P{priority}"),
        confidential=kind == "kdrt",
        text="tolong segera, warga sudah menunggu di depan gang dekat masjid",
        callback_number="+6281100000000",
        operator="op-01",
        reasons=[assessment_pb2.Reason(rule=kind, detail="tolong", weight=2.0)],
    )
    call.place.position.lat, call.place.position.lon, call.place.position.radius_m = lat, lon, 50.0
    call.place.address = f"Jl. Raya {area.name} No. 12"
    call.place.area_code, call.place.area_name = area.code, area.title
    return call
