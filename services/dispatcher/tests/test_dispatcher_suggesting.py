"""Incidents that look like one, and that nothing joined by itself."""

from dataclasses import replace

import pytest
from dispatcher_bench import Bench
from dispatcher_samples import NOON_MS, RULES, call, north, unit
from dispatcher_watched import Watched
from siaga_dispatcher.core.commands import Action, Command
from siaga_dispatcher.core.suggesting import may_look_alike, on_similar
from siaga_dispatcher.core.values import AlertKind, LinkKind, Place
from siaga_dispatcher.suggesting import Suggestions


def two_alike() -> tuple[Watched, str, str]:
    world = Watched(unit("d1"), unit("d2", away_m=2000), unit("d3", away_m=3000), rules=RULES)
    world.assess(call("one"))
    decision = world.assess(call("two", place=Place(north(600), "Jl. Melati 2")))
    assert may_look_alike(decision)
    one, two = world.of("one").incident_id, world.of("two").incident_id
    look(world, two)
    return world, one, two


def look(world: Watched, incident_id: str) -> bool:
    others = tuple(world.incidents.values())
    return not world.apply(on_similar(world.incidents[incident_id], others, world.situation)).empty


def test_suggested_once_on_both_with_one_alert() -> None:
    world, one, two = two_alike()
    for here, there in ((one, two), (two, one)):
        (link,) = world.incidents[here].links
        assert (link.incident_id, link.kind) == (there, LinkKind.SUGGESTED)
        assert world.incidents[here].change.reason.endswith("mungkin sama: jarak 600 m")
    (alert,) = world.alerts.values()
    assert (alert.kind, alert.incident_id, alert.raised_at_ms) == (AlertKind.MERGE_SUGGESTED, two, NOON_MS)
    assert not look(world, two)
    assert not look(world, one)


@pytest.mark.parametrize("action", [Action.DISMISS, Action.MERGE, Action.LINK, Action.CANCEL])
def test_whatever_people_decide_ends_the_alert(action: Action) -> None:
    world, one, two = two_alike()
    world.command(action, one, target_incident_id=two, reason="lain")
    assert not world.alerts
    if action is Action.MERGE:
        world.command(Action.UNMERGE, one, reason="salah")
    # Dismissed stays dismissed, and a merge undone is not suggested again.
    assert not look(world, two)
    assert not world.alerts


@pytest.mark.parametrize(
    ("second", "alike"),
    [
        ({"place": Place(north(999), "Jl. Melati 2")}, True),
        ({"place": Place(north(1100), "Jl. Melati 2")}, False),
        ({"place": Place(replace(north(800), radius_m=2000, source="aml"))}, True),
        ({"place": Place(None, "Jl. Melati 2", "36.73.02.1005")}, True),
        ({"place": Place(None, "Jl. Melati 2", "36.73.02.1006")}, False),
        ({"place": Place(north(600)), "type": "flood"}, False),
        ({"place": Place(north(600)), "event_at_ms": NOON_MS + 16 * 60_000}, False),
    ],
)
def test_what_looks_alike(second: dict[str, object], *, alike: bool) -> None:
    world = Watched(unit("d1"), rules=RULES)
    world.assess(call("one"))
    decision = world.assess(call("two", **second))
    assert len(world.incidents) == 2
    assert may_look_alike(decision) is alike
    assert look(world, world.of("two").incident_id) is alike


@pytest.mark.stack
async def test_both_tickets_name_each_other_and_a_repetition_says_nothing_new(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2", away_m=2000))
    suggestions = Suggestions(bench.dispatcher, bench.store)
    first, second = bench.call("one"), bench.call("two", place=Place(north(600), "Jl. Melati 2"))
    for assessment in (first, second, second):
        await suggestions.after(assessment, await bench.dispatcher.take_assessment(assessment))
    one, two = [await bench.store.incident_of_call(bench.code, call_id) for call_id in ("one", "two")]
    assert one is not None
    assert two is not None
    assert [link.ticket_no for link in (*one.links, *two.links)] == [two.ticket_no, one.ticket_no]
    (alert,) = await bench.store.alerts(bench.code)
    assert alert.kind == AlertKind.MERGE_SUGGESTED
    told = len(await bench.outbox())
    await suggestions.after(second, await bench.dispatcher.take_assessment(second))
    assert len(await bench.outbox()) == told
    dismiss = Command("c-1", Action.DISMISS, "operator", target_incident_id=two.incident_id)
    await bench.dispatcher.take_command(bench.code, one.incident_id, dismiss, 0)
    assert not await bench.store.alerts(bench.code)
