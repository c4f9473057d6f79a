"""Units for people to look at: from the running dispatcher, else from the tenants' files."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from siaga.v1.unit_directory_service_pb2 import UnitDirectoryListRequest
from siaga.v1.unit_directory_service_pb2_grpc import UnitDirectoryStub
from siaga.v1.unit_pb2 import Unit, UnitKind, UnitStatus
from siaga_kit.embedded.home import Home
from siaga_tenants import Tenant, Tenants, UnitSpec
from siaga_tenants.terms import Terms

from siaga_cli.callers import ANSWER_S, DISPATCHER, address_of, ask, word


@dataclass(frozen=True, slots=True)
class Shown:
    """A unit as it is shown; `live` = as the dispatcher has it. Numbers of crews are not in it."""

    unit_id: str
    kind: str
    name: str
    # What it does, in the centre's words.
    state: str
    task: str
    position: str
    capabilities: str
    live: bool
    plain: Mapping[str, Any]


def seen(home: Home, tenants: Tenants, code: str | None) -> list[Shown]:
    """The units of one tenant or of all, by id."""
    wanted = [tenant for known, tenant in sorted(tenants.items()) if code in (None, known)]
    if address_of(home, DISPATCHER) is None:
        return [
            _listed(tenant, unit) for tenant in wanted for unit in sorted(tenant.units, key=lambda unit: unit.unit_id)
        ]
    now_s = time.time()
    return [_live(unit, tenant.terms, now_s) for tenant in wanted for unit in _units(home, tenant.code)]


def _units(home: Home, code: str) -> list[Unit]:
    request = UnitDirectoryListRequest(tenant=code)
    return list(ask(home, lambda stub: stub.List(request, timeout=ANSWER_S), UnitDirectoryStub, DISPATCHER).units)


def _live(unit: Unit, terms: Terms, now_s: float) -> Shown:
    status = word(UnitStatus, unit.status, "UNIT_STATUS_")
    kind = word(UnitKind, unit.kind, "UNIT_KIND_")
    plain = MessageToDict(unit, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    plain.pop("contacts", None)
    label = terms.label(status)
    state = label
    if unit.retired:
        state = f"{label}, not in the list any more"
    elif unit.off_shift:
        state = f"{terms.label('off_duty')} by the roster"
    at_station = not unit.position.fixed_at_ms
    position = "station" if at_station else f"{now_s - unit.position.fixed_at_ms / 1000:.0f} s ago"
    plain |= {"kind": kind, "status": status, "status_label": label}
    task = f"#{unit.task_code}" if unit.task_code else unit.incident_id[:8]
    return Shown(
        unit.unit_id, kind, unit.name, state, task, position, " ".join(unit.capabilities), live=True, plain=plain
    )


def _listed(tenant: Tenant, unit: UnitSpec) -> Shown:
    plain = {
        "unit_id": unit.unit_id, "tenant": tenant.code, "kind": unit.kind, "name": unit.name, "address": unit.address,
        "capabilities": list(unit.capabilities), "lat": unit.lat, "lon": unit.lon, "radius_m": unit.radius_m,
        "coord_source": unit.coord_source, "example": unit.example, "contacts": len(unit.contacts),
    }  # fmt: skip
    capabilities = " ".join(unit.capabilities)
    return Shown(unit.unit_id, unit.kind, unit.name, "-", "", unit.coord_source, capabilities, live=False, plain=plain)
