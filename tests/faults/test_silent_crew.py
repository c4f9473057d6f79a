"""The nearest crew does not answer its SMS, and the dispatcher is killed: it is reminded, and the next crew is told."""

import asyncio
import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import aiohttp
import grpc
import pytest
from siaga.v1 import incident_pb2, incidents_service_pb2, unit_pb2
from siaga.v1.incidents_service_pb2_grpc import IncidentsStub
from siaga_kit.embedded.stack import Stack
from siaga_replay.ledger import Sms
from siaga_replay.smsc import SmsCentre

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

WITHIN_S: Final = 60.0
ROOT: Final = Path(__file__).parents[2]
# The second crew has as long to be told and to have its answer taken, with the machine as busy as it may be.
SHORT: Final = "\nacknowledge:\n" + "".join(f"  P{level}: {{remind_s: 1, next_unit_s: 10}}\n" for level in range(5))


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose centre does not wait long for its crews."""
    tenants = tmp_path / "tenants"
    shutil.copytree(ROOT / "tenants", tenants)
    policy = tenants / "36.73-kota-serang" / "dispatch.yaml"
    policy.write_text(policy.read_text() + SHORT)
    monkeypatch.setenv("SIAGA_TENANTS_DIR", str(tenants))
    return Stack()


async def call_for_an_ambulance(stack: Stack, session: aiohttp.ClientSession) -> None:
    form = {
        "source": "asterisk/pbx1", "call_ref": "silent-1", "operator": "op-03", "disposition": "emergency",
        "type": "medical_cardiac", "priority": "P1", "text": "henti jantung", "address": "Alun-alun Serang",
        "lat": -6.1149, "lon": 106.1502,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {stack.addresses.token}", "X-Siaga-Tenant": "36.73"}
    url = f"{stack.addresses.intake_url}/v1/calls/form"
    async with session.post(url, data=json.dumps(form), headers=headers) as response:
        assert response.status == 202, await response.text()


async def told(centre: SmsCentre, pattern: str, seen: list[Sms]) -> Sms:
    """The first SMS that reads like this; those that came by are kept in `seen`."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        for message in seen:
            if re.search(pattern, message.text):
                return message
        seen += await centre.next_messages()
    raise AssertionError(f"no SMS like {pattern!r} among {[message.text for message in seen]}")


async def silent_crew(stack: Stack) -> None:
    seen: list[Sms] = []
    async with aiohttp.ClientSession() as session:
        centre = SmsCentre(stack.addresses.smsc_control_url, session)
        await call_for_an_ambulance(stack, session)
        first = await told(centre, r"^#\d+ ", seen)
        code = re.match(r"#\d+", first.text)
        assert code is not None
        reminder = await told(centre, rf"^ULANG {code[0]} ", seen)
        assert reminder.number == first.number
        killed = await asyncio.to_thread(stack.kill, "dispatcher")
        await asyncio.to_thread(stack.wait_ready, "dispatcher", not_pid=killed)
        second = await told(centre, rf"^#(?!{code[0][1:]}\b)\d+ P1 ", seen)
        assert second.number != first.number
        # At once: its own time to answer runs already.
        await centre.send_from_phone(second.number, "1", "112")
        stand_down = await told(centre, rf"^{code[0]} BATAL", seen)
        assert stand_down.number == first.number
        # With its code. A bare OK from a crew so quick may come before the notifier knows that the stand-down has left:
        # it is then for the task, and the crew is told once more to turn back.
        await centre.send_from_phone(first.number, f"OK {code[0]}", "112")
        incident = await incident_when(
            stack,
            lambda found: bool(
                found.assignments[0].stand_down_confirmed_at_ms
                and found.assignments[-1].status == unit_pb2.UNIT_STATUS_EN_ROUTE
            ),
        )
    assert [one.ended_by for one in incident.assignments] == ["unacknowledged", ""]
    # How far the silent one was told; the other may have answered before it was known that its message had left.
    assert {told.channel for told in incident.assignments[0].told} == {"sms"}
    alarms = [message for message in seen if re.match(r"#\d+ P1 ", message.text)]
    assert len(alarms) == len({message.number for message in alarms}) == 2


async def incident_when(stack: Stack, holds: Callable[[incident_pb2.Incident], bool]) -> incident_pb2.Incident:
    """The one incident, as soon as it has come so far."""
    deadline = time.monotonic() + WITHIN_S
    async with grpc.aio.insecure_channel(stack.addresses.dispatcher_grpc) as channel:
        while True:
            request = incidents_service_pb2.IncidentsListRequest(tenant="36.73")
            (found,) = (await IncidentsStub(channel).List(request)).incidents
            if holds(found):
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"the incident did not come so far: {found}")
            await asyncio.sleep(0.05)


def test_a_silent_crew_is_reminded_and_replaced_though_the_dispatcher_is_killed(stack: Stack) -> None:
    with stack:
        asyncio.run(silent_crew(stack))
