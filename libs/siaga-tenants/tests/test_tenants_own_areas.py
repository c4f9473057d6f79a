"""Whose an area is, as `dispatch.yaml` says it: what may be left out, and what is read."""

from pathlib import Path

from siaga_tenants import load_tenants
from siaga_tenants.document import Problems, read_document
from siaga_tenants.model import NO_OWN_AREAS, OwnAreas
from siaga_tenants.own_areas import read_own_areas

SERANG = load_tenants(Path(__file__).parents[3] / "tenants")["36.73"]
UNITS = [unit.unit_id for unit in SERANG.units]


def read(text: str) -> tuple[OwnAreas, list[str]]:
    problems = Problems()
    areas = read_own_areas(read_document(Path("dispatch.yaml"), problems, text), UNITS, SERANG.gazetteer)
    return areas, problems.found


def test_nothing_said_is_nobody_held_back() -> None:
    assert read("join_minutes: 15") == (NO_OWN_AREAS, [])
    assert SERANG.dispatch.own_areas == NO_OWN_AREAS


def test_areas_are_read_with_their_units() -> None:
    areas, found = read(f'own_areas: {{held_back_s: 30, units: {{"36.73.01": [{UNITS[0]}, {UNITS[1]}]}}}}')
    assert not found
    assert areas == OwnAreas(30.0, {"36.73.01": (UNITS[0], UNITS[1])})


def test_both_parts_are_needed() -> None:
    assert read("own_areas: {held_back_s: 30}")[1] == [
        "dispatch.yaml:1: own_areas: has no 'units'; add 'units: …'",
    ]
