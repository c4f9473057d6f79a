"""Merging, splitting and linking on the real Redis: calls, units, tickets and timelines stay whole."""

import asyncio
from typing import Any

import pytest
from dispatcher_bench import Bench
from dispatcher_samples import north, unit
from siaga.v1 import incident_pb2
from siaga_dispatcher.adapters import codec
from siaga_dispatcher.core.commands import Action, Command, CommandRefused
from siaga_dispatcher.core.lifecycle import IllegalTransition
from siaga_dispatcher.core.values import Incident, IncidentStatus, Place, UnitStatus

pytestmark = pytest.mark.stack


async def opened(bench: Bench, call_id: str, away_m: float, **fields: Any) -> Incident:
    told = bench.call(call_id, place=Place(north(away_m), f"Jl. {call_id} 1"), **fields)
    incident = (await bench.dispatcher.take_assessment(told)).incident
    assert incident is not None
    return incident


async def act(bench: Bench, action: Action, incident: Incident, number: int = 0, **fields: Any) -> Incident:
    command = Command(f"{action}-{incident.incident_id}-{number}", action, "operator op-03", **fields)
    return await bench.another().take_command(bench.code, incident.incident_id, command, 0)


async def whose(bench: Bench, call_id: str) -> str:
    incident = await bench.store.incident_of_call(bench.code, call_id)
    assert incident is not None
    return incident.incident_id


async def test_what_is_said_later_of_a_merged_call_goes_to_the_other_incident_and_back(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2", away_m=2900))
    one, two = await opened(bench, "one", 0), await opened(bench, "two", 3000)
    await act(bench, Action.MERGE, two, target_incident_id=one.incident_id)
    assert await whose(bench, "two") == one.incident_id
    later = bench.call("two", revision=2, type="gas_leak")
    taken = (await bench.dispatcher.take_assessment(later)).incident
    assert taken is not None
    assert (taken.incident_id, taken.further_types) == (one.incident_id, ("gas_leak",))
    await bench.dispatcher.take_report(bench.report("d2", UnitStatus.EN_ROUTE))
    moved = await bench.store.unit(bench.code, "d2")
    assert moved is not None
    assert moved.incident_id == one.incident_id
    # The same command again changes nothing.
    again = await act(bench, Action.MERGE, two, target_incident_id=one.incident_id)
    assert again.status is IncidentStatus.MERGED
    alone = await act(bench, Action.UNMERGE, two, reason="lain")
    assert await whose(bench, "two") == two.incident_id
    assert [a.unit_id for a in alone.active_assignments] == ["d2"]
    assert alone.status is IncidentStatus.EN_ROUTE


async def test_of_many_who_merge_at_once_none_loses_a_call(bench: Bench) -> None:
    await bench.put(unit("d1"))
    incidents = [await opened(bench, f"c{n}", n * 2000) for n in range(6)]

    async def merge(number: int) -> bool:
        target = incidents[(number + 1) % 6].incident_id
        try:
            await act(bench, Action.MERGE, incidents[number], target_incident_id=target)
        except (CommandRefused, IllegalTransition):
            return False
        return True

    merged = await asyncio.gather(*(merge(number) for number in range(6)))
    # Nobody can merge into what has been merged: whoever came too late was told so.
    live = await bench.store.listed(bench.code, open_only=True, limit=10)
    assert len(live) == merged.count(False) > 0
    assert sorted(call for i in live for call in i.call_ids) == [f"c{n}" for n in range(6)]
    assert all([await whose(bench, call) == i.incident_id for i in live for call in i.call_ids])


async def test_fifty_at_once_take_fifty_tickets_also_by_splitting(bench: Bench) -> None:
    await bench.put(unit("d1"))
    joint = await opened(bench, "c0", 0)
    for number in range(1, 26):
        await bench.dispatcher.take_assessment(bench.call(f"c{number}", place=Place(north(number), "Jl. c0 1")))
    split = [act(bench, Action.SPLIT, joint, n, call_ids=(f"c{n}",)) for n in range(1, 26)]
    new = [opened(bench, f"n{n}", 3000 + n * 2000) for n in range(24)]
    await asyncio.gather(*split, *new)
    incidents = await bench.store.listed(bench.code, open_only=False, limit=100)
    assert sorted(i.ticket_no[-6:] for i in incidents) == [f"{n:06d}" for n in range(1, 51)]
    assert sorted(call for i in incidents for call in i.call_ids if call[0] == "c") == sorted(
        f"c{n}" for n in range(26)
    )
    assert all(len(i.call_ids) == 1 for i in incidents)


async def test_the_timeline_from_the_topic_is_what_was_shown_version_by_version(bench: Bench) -> None:
    """A long story: each answer to a question is the record of its version, and no record is ever written again."""
    await bench.put(unit("d1"), unit("d2", away_m=2900), unit("p1", "puskesmas"))
    shown: dict[tuple[str, int], incident_pb2.Incident] = {}

    async def look() -> None:
        for incident in await bench.store.listed(bench.code, open_only=False, limit=100):
            answer = codec.answer_message(incident)
            shown[answer.incident_id, answer.version] = answer

    one, two = await opened(bench, "one", 0), await opened(bench, "two", 3000)
    await look()
    for step in (
        bench.dispatcher.take_assessment(bench.call("three", type="gas_leak")),
        bench.dispatcher.take_report(bench.report("d1", UnitStatus.EN_ROUTE)),
        act(bench, Action.LINK, one, target_incident_id=two.incident_id),
        act(bench, Action.MERGE, two, target_incident_id=one.incident_id),
        bench.dispatcher.take_report(bench.report("d1", UnitStatus.ON_SCENE)),
        act(bench, Action.UNMERGE, two, reason="lain"),
        act(bench, Action.SPLIT, one, call_ids=("three",), type="gas_leak"),
        bench.dispatcher.take_report(bench.report("d1", UnitStatus.CLEAR)),
        act(bench, Action.CANCEL, two, reason="padam sendiri"),
        act(bench, Action.REOPEN, two, reason="menyala lagi"),
    ):
        await step
        await look()
    told: dict[str, list[incident_pb2.Incident]] = {}
    for event in await bench.outbox():
        if event[b"topic"].decode() == bench.topics.incidents.name:
            message = incident_pb2.Incident.FromString(event[b"value"])
            message.ClearField("work")
            told.setdefault(message.incident_id, []).append(message)
    assert len(told) == 3
    for versions in told.values():
        assert [message.version for message in versions] == list(range(1, len(versions) + 1))
    for (incident_id, version), answer in shown.items():
        assert answer == told[incident_id][version - 1]
    assert len(shown) >= 15
