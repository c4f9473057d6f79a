"""Two incidents are one, are two again, and belong to each other."""

from typing import Any

import pytest
from dispatcher_samples import World, call, north, town, unit
from siaga_contracts import ids
from siaga_dispatcher.core.commands import Action, CommandRefused
from siaga_dispatcher.core.draft import answers
from siaga_dispatcher.core.lifecycle import IllegalTransition
from siaga_dispatcher.core.values import Ending, IncidentStatus, LinkKind, OrderKind, Place, Priority, UnitStatus

S, U, K = IncidentStatus, UnitStatus, LinkKind


def two_fires() -> tuple[World, str, str]:
    """A fire at the centre with d1 on its way; another 2.9 km north with d3."""
    world = town()
    world.assess(call("one"))
    world.assess(call("two", place=Place(north(2900), "Jl. Melati 2"), text="asap tebal"))
    world.report("d3", U.EN_ROUTE)
    return world, world.of("one").incident_id, world.of("two").incident_id


def kinds(world: World, incident_id: str) -> dict[str, str]:
    return {link.incident_id: link.kind for link in world.incidents[incident_id].links}


def test_merged_calls_and_units_go_on_under_the_other_ticket() -> None:
    world, one, two = two_fires()
    before = world.units["d3"]
    world.command(Action.MERGE, two, target_incident_id=one)
    source, target = world.incidents[two], world.incidents[one]
    assert source.status is S.MERGED
    assert not source.active_assignments
    assert [a.ended_by for a in source.assignments] == [Ending.MOVED]
    assert target.call_ids == ("one", "two")
    assert world.calls == {"one": one, "two": one}
    assert {a.unit_id for a in target.active_assignments} == {"d1", "d3"}
    assert target.status is S.EN_ROUTE
    # The same task under another ticket, and the crew is told.
    moved = world.units["d3"]
    assert (moved.incident_id, moved.order_id, moved.fence) == (one, before.order_id, before.fence)
    assert world.orders[-1] == (OrderKind.UPDATE, "d3")
    assert (kinds(world, one), kinds(world, two)) == ({two: K.MERGED_FROM}, {one: K.MERGED_INTO})
    assert "lebih dari rencana: damkar 2 dari 1" in [c for c in world.reasons if "rencana" in c]
    # What is said of the call later is taken in there.
    world.assess(call("two", revision=2, priority=Priority.P1), target)
    assert world.incidents[one].priority is Priority.P1
    world.report("d3", U.ON_SCENE)
    assert world.incidents[one].status is S.ON_SCENE


def test_a_word_about_an_order_under_the_former_ticket_still_counts() -> None:
    world, one, two = two_fires()
    world.assess(call("two", revision=2, text="api membesar"), world.incidents[two])
    update = ids.order_id(two, "d3", 1, f"update.{world.incidents[two].version}")
    world.command(Action.MERGE, two, target_incident_id=one)
    assert answers(update, world.incidents[one], world.units["d3"])
    assert not answers(update.replace("-5", "-4", 1), world.incidents[one], world.units["d3"])


def test_a_merge_undone_gives_back_calls_and_the_units_that_have_not_arrived() -> None:
    world, one, two = two_fires()
    before = world.incidents[two]
    world.command(Action.MERGE, two, target_incident_id=one)
    world.command(Action.UNMERGE, two, reason="bukan kejadian yang sama")
    source, target = world.incidents[two], world.incidents[one]
    assert (source.status, target.status) == (S.EN_ROUTE, S.EN_ROUTE)
    assert world.calls == {"one": one, "two": two}
    assert [a.unit_id for a in source.active_assignments] == ["d3"]
    assert [a.unit_id for a in target.active_assignments] == ["d1"]
    assert world.units["d3"].incident_id == two
    assert (source.call_ids, source.place, source.type, source.text) == (
        before.call_ids, before.place, before.type, before.text,
    )  # fmt: skip
    assert (target.call_ids, target.accounts, target.further_types) == (("one",), (), ())
    assert kinds(world, one) == {two: K.DISMISSED}
    world.report("d3", U.ON_SCENE)
    assert world.incidents[two].status is S.ON_SCENE


def test_a_unit_that_has_arrived_stays_and_the_other_incident_is_staffed_anew() -> None:
    world, one, two = two_fires()
    world.command(Action.MERGE, two, target_incident_id=one)
    world.report("d3", U.ON_SCENE)
    world.command(Action.UNMERGE, two, reason="dua kebakaran")
    assert {a.unit_id for a in world.incidents[one].active_assignments} == {"d1", "d3"}
    assert [a.unit_id for a in world.incidents[two].active_assignments] == ["d2"]


def test_who_loses_its_only_unit_by_it_waits_for_another() -> None:
    world = World(unit("d1"), unit("d2", away_m=2400))
    world.assess(call("one", place=Place(north(100), "Jl. A 1")))
    world.assess(call("two", place=Place(north(2500), "Jl. Melati 2")))
    one, two = world.of("one").incident_id, world.of("two").incident_id
    world.command(Action.MERGE, two, target_incident_id=one)
    world.report("d1", U.DECLINED)
    world.command(Action.UNMERGE, two, reason="salah")
    assert world.incidents[one].status is S.QUEUED
    assert [gap.role for gap in world.incidents[one].shortfalls] == ["damkar"]


def test_one_whose_own_units_are_done_is_over_when_the_others_leave_it() -> None:
    world, one, two = two_fires()
    world.command(Action.MERGE, two, target_incident_id=one)
    world.report("d1", U.ON_SCENE)
    world.report("d1", U.CLEAR)
    assert not world.incidents[one].shortfalls
    world.command(Action.UNMERGE, two, reason="sendiri")
    # It would wait in the queue for nobody, and be tried again by nobody.
    assert world.incidents[one].status is S.CLOSED
    assert [a.unit_id for a in world.incidents[two].active_assignments] == ["d3"]


def test_merges_upon_merges_are_undone_in_any_order() -> None:
    world = town()
    for number, name in enumerate("abc"):
        world.assess(call(name, place=Place(north(number * 2000), f"Jl. {name} 1")))
    a, b, c = (world.of(name).incident_id for name in "abc")
    world.command(Action.MERGE, a, target_incident_id=b)
    world.command(Action.MERGE, b, target_incident_id=c)
    assert set(world.calls.values()) == {c}
    world.command(Action.UNMERGE, a, reason="sendiri")
    assert world.calls == {"a": a, "b": c, "c": c}
    # That it is none of them stands on each of them.
    assert kinds(world, a) == {b: K.DISMISSED, c: K.DISMISSED}
    assert (kinds(world, b)[a], kinds(world, c)[a]) == (K.DISMISSED, K.DISMISSED)
    world.command(Action.UNMERGE, b, reason="sendiri")
    assert world.calls == {"a": a, "b": b, "c": c}
    assert world.incidents[b].call_ids == ("b",)


def test_a_confidential_incident_makes_the_merged_one_confidential() -> None:
    world = town()
    world.assess(call("one", type="public_order"))
    world.assess(call("two", type="kdrt", place=Place(north(50), "Jl. Melati 2"), priority=None))
    one, two = world.of("one").incident_id, world.of("two").incident_id
    world.command(Action.MERGE, two, target_incident_id=one)
    target = world.incidents[one]
    assert target.confidential
    assert {target.text, target.callback_number} == {""}
    assert {words for account in target.accounts for words in (account.text, account.callback_number)} == {""}
    assert target.further_types == ("kdrt",)
    other = town()
    other.assess(call("one", type="public_order"))
    other.assess(call("two", type="kdrt", place=Place(north(50), "Jl. Melati 2")))
    other.command(Action.MERGE, one, target_incident_id=two)
    assert other.incidents[one].confidential
    assert not other.incidents[one].text


def test_a_reopened_incident_closes_itself_under_no_ticket() -> None:
    world, one, two = two_fires()
    world.report("d3", U.CLEAR)
    world.command(Action.REOPEN, two, reason="menyala lagi")
    world.command(Action.MERGE, two, target_incident_id=one)
    world.report("d1", U.CLEAR)
    assert world.incidents[one].status is S.RESOLVED


@pytest.mark.parametrize(
    ("action", "fields", "code"),
    [
        (Action.MERGE, {"target_incident_id": "no-such"}, "unknown_target"),
        (Action.MERGE, {"target_incident_id": "itself"}, "same_incident"),
        (Action.LINK, {"target_incident_id": "itself"}, "same_incident"),
        (Action.UNLINK, {"target_incident_id": "other"}, "not_linked"),
        (Action.DISMISS, {"target_incident_id": "other"}, "not_suggested"),
        (Action.SPLIT, {"call_ids": ("two",)}, "all_calls"),
        (Action.SPLIT, {"call_ids": ("three",)}, "unknown_call"),
        (Action.SPLIT, {}, "no_calls"),
    ],
)
def test_refusals_say_why(action: Action, fields: dict[str, Any], code: str) -> None:
    world, one, two = two_fires()
    names = {"itself": two, "other": one}
    target = str(fields.get("target_incident_id", ""))
    with pytest.raises(CommandRefused) as refused:
        world.command(action, two, **{**fields, "target_incident_id": names.get(target, target)})
    assert refused.value.code == code


def test_nothing_is_merged_into_what_has_ended() -> None:
    world, one, two = two_fires()
    world.command(Action.CANCEL, one, reason="bukan")
    with pytest.raises(CommandRefused, match="target_finished"):
        world.command(Action.MERGE, two, target_incident_id=one)
    with pytest.raises(IllegalTransition):
        world.command(Action.MERGE, one, target_incident_id=two)


def test_calls_of_another_fire_get_their_own_incident_and_units_at_once() -> None:
    world = town()
    world.assess(call("one"))
    far = Place(north(250), "Jl. Melati 2")
    world.assess(call("two", place=far, type="gas_leak", text="bau gas", callback_number="+6281200000002"))
    one = world.of("one").incident_id
    world.command(Action.SPLIT, one, call_ids=("two",), reason="rumah lain")
    (new,) = (incident for incident in world.incidents.values() if incident.incident_id != one)
    assert (new.call_ids, new.type, new.place, new.text) == (("two",), "gas_leak", far, "bau gas")
    assert new.callback_number == "+6281200000002"
    # The ambulance was sent for this call only; the fire engine stays.
    assert [a.unit_id for a in new.active_assignments] == ["p1"]
    assert (OrderKind.UPDATE, "p1") in world.orders
    assert [a.unit_id for a in world.incidents[one].active_assignments] == ["d1"]
    assert world.calls == {"one": one, "two": new.incident_id}
    assert (world.incidents[one].further_types, world.incidents[one].accounts) == ((), ())
    assert (kinds(world, one), kinds(world, new.incident_id)) == (
        {new.incident_id: K.SPLIT_INTO}, {one: K.SPLIT_FROM},
    )  # fmt: skip
    # Merging it back undoes it.
    world.command(Action.MERGE, new.incident_id, target_incident_id=one)
    assert world.incidents[one].call_ids == ("one", "two")
    assert world.calls == {"one": one, "two": one}


def test_when_the_call_that_opened_it_leaves_the_next_ones_word_counts() -> None:
    world = town()
    world.assess(call("one"))
    beside = Place(north(250), "Jl. Melati 2")
    world.assess(call("two", place=beside, text="api kecil"))
    one = world.of("one").incident_id
    world.command(Action.SPLIT, one, call_ids=("one",), type="fire_vehicle")
    stays = world.incidents[one]
    assert (stays.call_ids, stays.place, stays.text) == (("two",), beside, "api kecil")
    (new,) = (incident for incident in world.incidents.values() if incident.incident_id != one)
    assert (new.type, new.place.address, new.text) == ("fire_vehicle", "Jl. Veteran 1", "rumah terbakar")
    # The crew that was sent to the first address learns of the other.
    assert (OrderKind.UPDATE, "d1") in world.orders


def test_linked_by_people_and_parted_again() -> None:
    world, one, two = two_fires()
    world.command(Action.LINK, one, target_incident_id=two, reason="pembakar yang sama")
    world.command(Action.LINK, one, target_incident_id=two)
    assert (kinds(world, one), kinds(world, two)) == ({two: K.RELATED}, {one: K.RELATED})
    world.command(Action.UNLINK, two, target_incident_id=one)
    assert (kinds(world, one), kinds(world, two)) == ({}, {})
    assert world.timeline.count("linked") == world.timeline.count("unlinked") == 2


def test_calls_split_off_as_violence_leave_their_words_behind() -> None:
    world = town()
    for name in ("one", "two", "three"):
        world.assess(call(name))
    world.command(Action.SPLIT, world.of("one").incident_id, call_ids=("two", "three"), type="kdrt")
    opened = world.incidents[world.calls["two"]]
    assert opened.confidential
    assert opened.call_ids == ("two", "three")
    assert not opened.text
    assert [(account.text, account.callback_number) for account in opened.accounts] == [("", ""), ("", "")]
