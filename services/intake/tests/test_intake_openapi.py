"""The OpenAPI document: complete, valid, not stale, and its examples are the handbook's and go through."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door
from siaga_intake.core.events import Refusal
from siaga_intake.core.trackers import doors as tracker_doors
from siaga_intake.openapi import document, trackers, written
from siaga_intake.openapi.schemas import SCHEMAS

DOCS = Path(__file__).parents[3] / "docs"
METHODS = {"get", "post"}
# 2026-01-15, when the handbook's calls were.
HANDBOOK_MS = 1_768_470_000_000


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document()["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def examples() -> list[Any]:
    return list(_examples())


def _examples() -> Iterator[Any]:
    for door in doors.DOORS:
        content = document()["paths"][door.path]["post"]["requestBody"]["content"]["application/json"]
        for name, example in content.get("examples", {}).items():
            yield pytest.param(door, content["schema"], example["value"], id=f"{door.path} {name}")


def test_it_is_valid() -> None:
    validate(document())


def test_what_is_published_is_not_stale() -> None:
    published = (DOCS / "openapi.json").read_text("utf-8")
    assert published == written(), "run `.venv/bin/python -m siaga_intake.openapi > docs/openapi.json`"


def test_every_door_stands_in_it() -> None:
    standing = [door.path for door in (*doors.DOORS, *tracker_doors.DOORS)]
    assert [path for path in document()["paths"] if path != "/v1/openapi.json"] == standing
    assert set(SCHEMAS) | set(trackers.SCHEMAS) == set(standing)


def test_every_operation_says_what_a_reader_needs() -> None:
    seen: set[str] = set()
    known = {tag["name"] for tag in document()["tags"]}
    for path, method, operation in operations():
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"].endswith("."), where
        assert operation["tags"], where
        assert known.issuperset(operation["tags"]), where
        assert any(status.startswith("4") for status in operation["responses"]), where
        assert operation["operationId"] not in seen, where
        seen.add(operation["operationId"])
        for parameter in operation.get("parameters", []):
            assert "$ref" in parameter or parameter["description"], where


def test_every_reference_leads_somewhere() -> None:
    told = document()
    for name in set(re.findall(r'"\$ref": "#/([^"]+)"', written())):
        found: Any = told
        for step in name.split("/"):
            found = found[step]
        assert found


@pytest.mark.parametrize(("door", "schema", "value"), examples())
def test_an_example_fits_its_schema_and_is_taken(origin: Origin, door: Door, schema: Any, value: Any) -> None:
    told = document()
    jsonschema.validate(value, {**schema, "components": told["components"]}, jsonschema.Draft202012Validator)
    then = Origin(origin.centre, HANDBOOK_MS, HANDBOOK_MS, origin.secret)
    for payload in value if isinstance(value, list) else [value]:
        assert not isinstance(doors.take(door, payload, then), Refusal)


def test_the_examples_are_the_handbooks() -> None:
    pages = "".join((DOCS / page).read_text("utf-8") for page in ("front-door.md", "positions.md"))
    bodies = re.findall(r"-d '([\[{].*?)'", pages, re.DOTALL)
    handbook = [json.loads(body) for body in bodies]
    values = [param.values[2] for param in examples()]
    assert len(values) >= 8
    assert [value for value in values if value not in handbook] == []
