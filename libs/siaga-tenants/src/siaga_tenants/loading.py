"""Loading all tenants of a directory: read each file, check across files, tell everything that is wrong at once."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from siaga_tenants.areas import read_gazetteer
from siaga_tenants.checks import Loaded, check_alone, check_credentials, check_unique
from siaga_tenants.coverage import read_coverage
from siaga_tenants.devices import read_devices, speakers
from siaga_tenants.document import Problems, TenantError, Value, read_document
from siaga_tenants.landmarks import read_landmarks
from siaga_tenants.messages import read_messages
from siaga_tenants.model import USUAL_NOTIFY, Source, Tenant, Tenants
from siaga_tenants.notify import read_notify
from siaga_tenants.own_areas import read_own_areas
from siaga_tenants.policies import read_conversations, read_dispatch, read_identity, read_learning, read_sources
from siaga_tenants.posture import read_posture
from siaga_tenants.roster import ReadRoster, read_roster
from siaga_tenants.sanctions import read_sanctions
from siaga_tenants.terms import USUAL_TERMS, read_terms
from siaga_tenants.units import read_plan, read_units

SOURCES_FILE: Final = "sources.yaml"
UNITS_FILE: Final = "units.yaml"
FOLDER: Final = re.compile(r"(\d\d\.\d\d)-[a-z0-9]+(-[a-z0-9]+)*")


def load_tenants(directory: Path, instead: Mapping[Path, str] | None = None) -> Tenants:
    """All tenants under the directory, one folder each (`36.73-kota-serang`); `instead` of a YAML file, this is its text.

    Raises TenantError with every problem of every file, each with its line and a remedy.
    """
    problems = Problems()
    loaded = [_load(folder, code, problems, instead or {}) for folder, code in _folders(directory, problems)]
    check_unique(loaded, problems)
    if problems.found:
        raise TenantError(problems.found)
    return Tenants({entry.tenant.code: entry.tenant for entry in loaded})


def load_sources(directory: Path, instead: Mapping[Path, str] | None = None) -> Mapping[str, tuple[Source, ...]]:
    """The sources of all tenants by code, without the rest of their data; `instead` of a file, this is its text.

    Raises TenantError with every problem of every `sources.yaml`.
    """
    problems = Problems()
    found: dict[str, tuple[tuple[Source, Value], ...]] = {}
    for folder, code in _folders(directory, problems):
        file = folder / SOURCES_FILE
        found[code] = read_sources(read_document(file, problems, (instead or {}).get(file)))
    check_credentials(found.values())
    if problems.found:
        raise TenantError(problems.found)
    return {code: tuple(source for source, _ in sources) for code, sources in found.items()}


def load_devices(directory: Path) -> Mapping[str, Mapping[str, str]]:
    """For each tenant by code, the unit that a device speaks for; a unit's own id speaks for itself.

    Raises TenantError with every problem of every `devices.csv`, and of a `units.yaml` that is no list.
    """
    problems = Problems()
    found: dict[str, Mapping[str, str]] = {}
    for folder, code in _folders(directory, problems):
        listed = read_document(folder / UNITS_FILE, problems).table(("units",)).items("units")
        # Their ids only: whether all else of a unit is right is for whoever dispatches it to say.
        units = {entries["unit_id"].text() for item in listed if "unit_id" in (entries := item.entries())}
        found[code] = speakers(units, read_devices(folder, units, problems))
    if problems.found:
        raise TenantError(problems.found)
    return found


def tenant_codes(directory: Path) -> list[str]:
    """The codes of the tenants under the directory, whatever their files say; raises TenantError when there is none."""
    problems = Problems()
    found = [code for _, code in _folders(directory, problems)]
    if not found:
        raise TenantError(problems.found)
    return found


def _folders(directory: Path, problems: Problems) -> list[tuple[Path, str]]:
    """The tenants' folders with the codes in their names; files and hidden folders beside them are left alone."""
    if not directory.is_dir():
        problems.add(directory, 1, "", "is no directory; name the one that holds the tenants' folders")
        return []
    found: list[tuple[Path, str]] = []
    for folder in sorted(entry for entry in directory.iterdir() if entry.is_dir() and entry.name[0] not in "._"):
        match = FOLDER.fullmatch(folder.name)
        if match:
            found.append((folder, match[1]))
        else:
            problems.add(folder, 1, "", "is no tenant's folder; name it like 36.73-kota-serang, or move it away")
    if not found:
        problems.add(directory, 1, "", "holds no tenant; add a folder like 36.73-kota-serang")
    return found


def _load(folder: Path, folder_code: str, problems: Problems, instead: Mapping[Path, str]) -> Loaded:
    def document(name: str) -> Value:
        file = folder / f"{name}.yaml"
        return read_document(file, problems, instead.get(file))

    def present(name: str) -> bool:
        return (folder / f"{name}.yaml").exists()

    identity = document("tenant")
    code, name, timezone, operators = read_identity(identity)
    if code and code != folder_code:
        identity.child("code").wrong(f"{code!r} is not the code of the folder {folder.name}; make them the same")
    dispatch = document("dispatch")
    terms = read_terms(document("vocabulary")) if present("vocabulary") else USUAL_TERMS
    plan, needs = read_plan(document("plan"), terms.capability_codes)
    sources = read_sources(document("sources"))
    units = read_units(document("units"), terms.capability_codes)
    roster = read_roster(document("roster")) if present("roster") else ReadRoster()
    posts = read_coverage(document("coverage"), terms.capability_codes) if present("coverage") else ()
    gazetteer = read_gazetteer(folder, folder_code, problems)
    tenant = Tenant(
        code=folder_code,
        name=name,
        timezone=timezone,
        operators=operators,
        sources=tuple(source for source, _ in sources),
        sanctions=read_sanctions(document("sanctions")),
        dispatch=replace(
            read_dispatch(dispatch),
            own_areas=read_own_areas(dispatch, [unit.unit_id for unit, _ in units], gazetteer),
        ),
        plan=plan,
        units=tuple(unit for unit, _ in units),
        gazetteer=gazetteer,
        messages=read_messages(document("messages")),
        rules=_rules(folder / "rules.yaml", problems),
        conversations=read_conversations(identity),
        landmarks=read_landmarks(folder, gazetteer.borders, problems),
        learning=read_learning(identity),
        posture=read_posture(dispatch),
        terms=terms,
        roster=roster.roster,
        devices=read_devices(folder, {unit.unit_id for unit, _ in units}, problems),
        posts=tuple(post for post, _ in posts),
        notify=read_notify(document("notify"), operators) if present("notify") else USUAL_NOTIFY,
    )
    loaded = Loaded(folder, tenant, sources, units, needs, roster, posts)
    check_alone(loaded, problems)
    return loaded


def _rules(file: Path, problems: Problems) -> tuple[Mapping[str, Any], ...]:
    """`rules.yaml`, which a tenant may leave out: a list of mappings under `rules`."""
    if not file.exists():
        return ()
    items = read_document(file, problems).table(("rules",)).items("rules")
    return tuple({key: value.raw() for key, value in item.entries().items()} for item in items)
