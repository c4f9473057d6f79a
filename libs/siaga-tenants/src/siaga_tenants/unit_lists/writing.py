"""Putting an import into `units.yaml`: its comments stay, and all tenants are checked with it before it holds."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from siaga_tenants.loading import load_tenants
from siaga_tenants.model import UnitSpec
from siaga_tenants.rewriting import rewriting, unchangeable
from siaga_tenants.unit_lists.comparing import Change

UNITS_FILE: Final = "units.yaml"
# The order in which a unit is written down; what is as usual is left out.
_ORDER: Final = (
    "unit_id", "kind", "name", "example", "address", "lat", "lon", "radius_m", "coord_source", "capabilities", "contacts",
)  # fmt: skip
_USUAL: Final[Mapping[str, object]] = {"example": False, "address": ""}


def write(directory: Path, folder: Path, changes: Sequence[Change], retired: Collection[str] = ()) -> None:
    """Put the changes in, and take out the units of these ids; the file is replaced at once and as a whole.

    Raises TenantError, and leaves the file as it was, when the tenants would not be valid with it.
    """
    file = folder / UNITS_FILE
    with rewriting(file, lambda text: load_tenants(directory, {file: text})) as document:
        try:
            entries = document["units"]
            places = {str(entry["unit_id"]): entry for entry in entries}
        except (KeyError, TypeError) as error:
            raise unchangeable(file, error) from error
        for change in changes:
            entry = places.get(change.unit.unit_id)
            if entry is None:
                _append(entries, change.unit)
            else:
                _change(entry, change)
        for index in reversed(range(len(entries))):
            if str(entries[index]["unit_id"]) in retired:
                del entries[index]


def _append(entries: CommentedSeq, unit: UnitSpec) -> None:
    values = {name: _written(unit, name) for name in _ORDER if getattr(unit, name) != _USUAL.get(name, ...)}
    entries.append(CommentedMap(values))
    entries.yaml_set_comment_before_after_key(len(entries) - 1, before="\n")


def _change(entry: CommentedMap, change: Change) -> None:
    for name in change.fields:
        if getattr(change.unit, name) == _USUAL.get(name, ...):
            entry.pop(name, None)
        elif name == "contacts":
            _contacts(entry["contacts"], change.unit)
        elif name in entry:
            entry[name] = _written(change.unit, name)
        else:
            entry.insert(list(entry).index("lat"), name, _written(change.unit, name))


def _contacts(entries: CommentedSeq, unit: UnitSpec) -> None:
    """In place, so that what a person wrote beside a number stays where it is."""
    fresh = _written(unit, "contacts")
    for index, contact in enumerate(fresh):
        if index < len(entries):
            entries[index].update(contact)
        else:
            entries.insert(index, contact)
    del entries[len(fresh) :]


def _written(unit: UnitSpec, name: str) -> Any:
    value = getattr(unit, name)
    match name:
        case "name" | "address":
            return DoubleQuotedScalarString(value)
        case "radius_m":
            return int(value) if float(value).is_integer() else value
        case "capabilities":
            flow = CommentedSeq(value)
            flow.fa.set_flow_style()
            return flow
        case "contacts":
            return CommentedSeq(_contact(contact.channel, contact.address) for contact in value)
        case _:
            return value


def _contact(channel: str, address: str) -> CommentedMap:
    quoted = DoubleQuotedScalarString(address) if channel == "sms" else address
    flow = CommentedMap(channel=channel, address=quoted)
    flow.fa.set_flow_style()
    return flow
