"""Units for people to look at: from the running dispatcher, else from the tenants' files."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from siaga.v1.unit_directory_service_pb2 import UnitDirectoryListRequest
from siaga.v1.unit_directory_service_pb2_grpc import UnitDirectoryStub
from siaga.v1.unit_pb2 import Unit, UnitKind, UnitStatus
from siaga_dispatcher.core.status_codes import EIDO
from siaga_dispatcher.core.values import UnitStatus as Status
from siaga_kit.embedded.home import Home
from siaga_tenants import Tenant, UnitSpec, load_tenants, tenant_codes

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


def seen(home: Home, directory: Path, code: str | None) -> list[Shown]:
    """The units of one tenant or of all, by id. Raises TenantError where only the files could tell, and are wrong."""
    if address_of(home, DISPATCHER) is None:
        listed = (
            (tenant, unit)
            for known, tenant in load_tenants(directory).items()
            if code in (None, known)
            for unit in tenant.units
        )
        return sorted((_listed(tenant, unit) for tenant, unit in listed), key=lambda shown: shown.unit_id)
    now_s = time.time()
    codes = [code] if code is not None else tenant_codes(directory)
    return [_live(unit, now_s) for each in codes for unit in _units(home, each)]


def _units(home: Home, code: str) -> list[Unit]:
    request = UnitDirectoryListRequest(tenant=code)
    return list(ask(home, lambda stub: stub.List(request, timeout=ANSWER_S), UnitDirectoryStub, DISPATCHER).units)


def _live(unit: Unit, now_s: float) -> Shown:
    status = word(UnitStatus, unit.status, "UNIT_STATUS_")
    kind = word(UnitKind, unit.kind, "UNIT_KIND_")
    plain = MessageToDict(unit, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    plain.pop("contacts", None)
    eido = EIDO[Status(status)]
    plain |= {"kind": kind, "status": status, "eido": {"primary": eido.primary, "secondary": list(eido.secondary)}}
    why = ", not in the list any more" if unit.retired else ", by the roster" if unit.off_shift else ""
    at_station = not unit.position.fixed_at_ms
    position = "station" if at_station else f"{now_s - unit.position.fixed_at_ms / 1000:.0f} s ago"
    task = f"#{unit.task_code}" if unit.task_code else unit.incident_id[:8]
    capabilities = " ".join(unit.capabilities)
    return Shown(
        unit.unit_id, kind, unit.name, f"{unit.status_label}{why}", task, position, capabilities, live=True, plain=plain
    )  # fmt: skip


def _listed(tenant: Tenant, unit: UnitSpec) -> Shown:
    plain = {
        "unit_id": unit.unit_id, "tenant": tenant.code, "kind": unit.kind, "name": unit.name, "address": unit.address,
        "capabilities": list(unit.capabilities), "lat": unit.lat, "lon": unit.lon, "radius_m": unit.radius_m,
        "coord_source": unit.coord_source, "example": unit.example, "contacts": len(unit.contacts),
    }  # fmt: skip
    capabilities = " ".join(unit.capabilities)
    return Shown(unit.unit_id, unit.kind, unit.name, "-", "", unit.coord_source, capabilities, live=False, plain=plain)
