"""Four regencies in one stack: each keeps its calls, units, numbers and callers to itself."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from siaga_kit.embedded.stack import Stack
from siaga_replay.replay import replay
from siaga_tenants import Tenant, load_tenants

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def fire(tenant: Tenant) -> list[dict[str, Any]]:
    """A fire in the middle of the regency's first village, told to its own operator, as a replay file has it."""
    place = next(area for area in tenant.gazetteer.areas if area.level == "desa")
    # The same call reference in every regency: it must stay four calls.
    switch, ref = {"X-Siaga-Tenant": tenant.code}, "1552292130.41"
    start = 1_552_292_130
    leg = {"Uniqueid": ref, "Linkedid": ref, "CallerIDNum": "+6281234567890", "Context": "ivr-112", "Exten": "112"}
    events = [
        {"Event": "Newchannel", "Timestamp": f"{start}.0", **leg},
        {"Event": "QueueCallerJoin", "Timestamp": f"{start + 5}.0", "Queue": "112-utama", **leg},
        {"Event": "AgentConnect", "Timestamp": f"{start + 9}.0", "MemberName": "op-01", "Queue": "112-utama", **leg},
        {"Event": "Hangup", "Timestamp": f"{start + 70}.0", "Cause": "16", **leg},
    ]
    form = {
        "source": "asterisk/pbx1", "call_ref": ref, "operator": "op-01", "text": "rumah kebakaran, api besar",
        "address": f"Desa {place.name}", "lat": place.lat, "lon": place.lon, "type": "fire_building",
        "disposition": "emergency",
    }  # fmt: skip
    at = "2019-03-11T15:15:30+07:00"
    return [
        {"at": at, "path": "/v1/switch/asterisk", "headers": switch, "body": events},
        {"at": at, "path": "/v1/calls/form", "headers": switch, "body": form},
    ]


def test_each_regency_sends_its_own_units(stack: Stack, tmp_path: Path) -> None:
    tenants = load_tenants(stack.addresses.tenants_dir)
    assert set(tenants) == {"36.73", "32.14", "17.71", "18.04"}
    recording = tmp_path / "fires.jsonl"
    recording.write_text("".join(json.dumps(line) + "\n" for tenant in tenants.values() for line in fire(tenant)))
    summary = asyncio.run(replay(recording, stack.addresses))
    assert summary.ok, summary.as_json()
    assert summary.calls == len(summary.incidents) == 4
    sent = {row.incident.ticket_no[:4]: {unit.unit_id[:4] for unit in row.incident.units} for row in summary.incidents}
    assert sent == {code.replace(".", ""): {code.replace(".", "")} for code in tenants}
    assert {row.incident.status for row in summary.incidents} == {"closed"}
