"""Reading `tenant.yaml`, `sources.yaml` and `dispatch.yaml`."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from siaga_tenants import connections, credentials, crews
from siaga_tenants.document import Table, Value
from siaga_tenants.model import Conversations, DispatchPolicy, Source
from siaga_tenants.routing import read_routing
from siaga_tenants.vocabulary import (
    CALL_CHANNELS,
    SOURCE_KINDS,
    TIMEZONES,
    TYPES,
    UNIT_KINDS,
)

WORD: Final = r"[a-z0-9][a-z0-9-]{0,30}"
E164: Final = r"\+[1-9]\d{7,14}"
# The widest search: beyond it a unit of another regency is nearer.
WIDEST_RADIUS_M: Final = 100_000
# Beyond it fairness to crews would cost whoever waits more than any estimate of a driving time is wrong by.
WIDEST_BAND_S: Final = 300
TIED_PRIORITIES: Final = ("P2", "P3", "P4")
# Where a tenant does not say how far away an incident may be to be suggested as the same one.
SUGGESTED_M: Final = 1_000.0


def read_identity(document: Value) -> tuple[str, str, str, tuple[str, ...]]:
    """`tenant.yaml`: code, name, timezone, operators."""
    table = document.table(("code", "name", "timezone", "operators"), ("conversations", "learning"))
    operators: list[str] = []
    for item in table.items("operators"):
        operator = item.text(WORD, "a short id like op-03")
        if operator in operators:
            item.wrong(f"{operator!r} stands twice; remove one of them")
        operators.append(operator)
    return (
        table.text("code", r"\d\d\.\d\d", "a kode wilayah like '36.73'"),
        table.text("name"),
        table.choice("timezone", TIMEZONES),
        tuple(operators),
    )


def read_conversations(document: Value) -> Conversations:
    """`conversations` of `tenant.yaml`, which may be left out."""
    place = document.child("conversations")
    if place is document:
        return Conversations()
    table = place.table((), ("gap_minutes", "stale_seconds"))
    usual = Conversations()
    return Conversations(
        # A day: what is written then has another cause.
        table.integer("gap_minutes", 5, 1_440, absent=usual.gap_minutes),
        table.integer("stale_seconds", 1, 86_400, absent=usual.stale_seconds),
    )


def read_learning(document: Value) -> bool:
    """`learning` of `tenant.yaml`: whether the centre's labelled calls may teach the model; not without its word."""
    place = document.child("learning")
    return False if place is document else place.flag()


def read_sources(document: Value) -> tuple[tuple[Source, Value], ...]:
    """`sources.yaml`: who may post events, each with its place in the file."""
    sources: list[tuple[Source, Value]] = []
    table = document.table(("sources",))
    for item in table.items("sources"):
        entry = item.table(("kind", "instance"), (*credentials.KEYS, *connections.KEYS, "test"))
        source = Source(
            kind=entry.choice("kind", SOURCE_KINDS),
            instance=entry.text("instance", WORD, "a short name like pbx1"),
            test=entry.flag("test"),
            address=entry.text("address", r"\+?[0-9A-Za-z._-]{1,64}", "a number or id in quotes") or None,
        )
        source = credentials.with_credentials(source, entry, document.file.parent)
        source = connections.with_connection(source, entry, document.file.parent)
        if any(source.name == other.name for other, _ in sources):
            item.wrong(f"source {source.name} stands twice; give it another instance name")
        sources.append((source, item))
    if "sources" in table and not sources:
        table.values["sources"].wrong("is empty; a centre that nothing may post to hears nobody, name its sources")
    return tuple(sources)


def read_dispatch(document: Value) -> DispatchPolicy:
    """`dispatch.yaml`: joining, searching, speeds, how crews are followed up."""
    table = document.table(
        ("join_minutes", "join_distance_m", "radius_ladder_m", "detour_factor", "speed_kmh", "auto_close"),
        (
            "suggest_distance_m",
            "automatic_channels",
            "automatic_types",
            "posture",
            "routing",
            "tie_band_s",
            "own_areas",
            *crews.KEYS,
        ),
    )
    ladder = tuple(item.number(100, WIDEST_RADIUS_M) for item in table.items("radius_ladder_m"))
    if "radius_ladder_m" in table and (not ladder or any(near >= far for near, far in pairwise(ladder))):
        table.values["radius_ladder_m"].wrong("must rise from step to step; write it like [2000, 5000, 15000, 40000]")
    speeds = table.table("speed_kmh", (), UNIT_KINDS)
    if "speed_kmh" in table and not speeds.values:
        table.values["speed_kmh"].wrong("is empty; give a speed for every kind of unit")
    joins_m = table.number("join_distance_m", 0, 10_000)
    suggests_m = table.number("suggest_distance_m", 0, 20_000) if "suggest_distance_m" in table else SUGGESTED_M
    if "suggest_distance_m" in table and suggests_m < joins_m:
        table.values["suggest_distance_m"].wrong("is less than join_distance_m; within that calls join by themselves")
    return DispatchPolicy(
        join_minutes=table.integer("join_minutes", 0, 24 * 60),
        join_distance_m=joins_m,
        suggest_distance_m=max(suggests_m, joins_m),
        radius_ladder_m=ladder,
        detour_factor=table.number("detour_factor", 1, 3),
        speed_kmh={kind: speeds.number(kind, 5, 120) for kind in UNIT_KINDS if kind in speeds},
        auto_close=table.flag("auto_close"),
        automatic_channels=table.choices("automatic_channels", CALL_CHANNELS),
        automatic_types=table.choices("automatic_types", TYPES),
        crews=crews.read_crews(document),
        tie_band_s=_tie_band(table),
        routing=read_routing(document),
    )


def _tie_band(table: Table) -> Mapping[str, float]:
    """`tie_band_s`, which may be left out; P0 and P1 cannot be named: there a life hangs on the seconds."""
    if "tie_band_s" not in table:
        return DispatchPolicy().tie_band_s
    bands = table.table("tie_band_s", (), TIED_PRIORITIES)
    return {priority: bands.number(priority, 0, WIDEST_BAND_S) for priority in TIED_PRIORITIES if priority in bands}
