"""What the tables allow happens, what they do not is refused: every pair of them, and the page made from them."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from dispatcher_samples import NOON_MS, call, report, seen, town
from siaga_dispatcher.core.commands import Action, legal_actions
from siaga_dispatcher.core.decide import on_unit_report
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.lifecycle import (
    ASSIGNMENT,
    INCIDENT,
    LATE_WORDS,
    STEPS_BACK,
    IllegalTransition,
    Trigger,
    next_assignment,
)
from siaga_dispatcher.core.values import IncidentStatus as I
from siaga_dispatcher.core.values import UnitStatus as U
from siaga_dispatcher.lifecycle_diagrams import INCIDENT_NAMES, TRIGGERS, UNIT_EIDO, page

ROOT = Path(__file__).parents[3]


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "lifecycle.md").read_text()
    assert written == page() + "\n", "python -m siaga_dispatcher.lifecycle_diagrams > docs/lifecycle.md"
    assert (set(INCIDENT_NAMES), set(UNIT_EIDO), set(TRIGGERS)) == (set(I), set(U), set(Trigger))


@pytest.mark.parametrize(("status", "trigger"), list(itertools.product(I, Trigger)))
def test_every_trigger_in_every_status(status: I, trigger: Trigger) -> None:
    world = town()
    world.assess(call())
    incident = replace(world.incident, status=status)
    draft = Draft(incident, incident, "cause", NOON_MS, "operator")
    if trigger in INCIDENT[status]:
        draft.change("step", "", trigger)
        assert draft.incident.status is INCIDENT[status][trigger]
        return
    with pytest.raises(IllegalTransition) as refused:
        draft.change("step", "", trigger)
    assert refused.value.legal == tuple(sorted(INCIDENT[status]))
    assert draft.incident is incident
    assert draft.decision().empty


@pytest.mark.parametrize(("status", "word"), list(itertools.product(ASSIGNMENT, U)))
def test_every_word_at_every_stage(status: U, word: U) -> None:
    if word in ASSIGNMENT[status]:
        assert next_assignment(status, word) is word
        return
    with pytest.raises(IllegalTransition) as refused:
        next_assignment(status, word)
    assert refused.value.legal == tuple(sorted(ASSIGNMENT[status]))


@pytest.mark.parametrize("word", sorted(set(U) - set(ASSIGNMENT[U.ON_SCENE]) - {U.ON_SCENE}))
def test_whatever_a_crew_at_work_says_out_of_turn_it_stays_on_its_incident(word: U) -> None:
    world = town()
    world.assess(call())
    world.report("d1", U.ON_SCENE)
    before, d1 = world.incident, world.units["d1"]
    decision = on_unit_report(report("d1", word), d1, before, seen(*world.units.values()))
    assert not decision.released
    after = decision.incident or before
    taken = word in STEPS_BACK[U.ON_SCENE]
    assert after.assignments[0].status is (word if taken else U.ON_SCENE)
    assert decision.empty is (word in LATE_WORDS)


def test_from_closed_leads_only_reopening_and_from_there_no_way_back_without_closing() -> None:
    assert {trigger for trigger, after in INCIDENT[I.CLOSED].items() if after is not I.CLOSED} == {Trigger.REOPEN}
    closing = {(status, trigger) for status, row in INCIDENT.items() for trigger, after in row.items()
               if after is I.CLOSED and status is not I.CLOSED}  # fmt: skip
    assert closing == {(I.RESOLVED, Trigger.CLOSE), (I.HANDED_OVER, Trigger.CLOSE)}


def test_every_status_is_left_again_or_by_people_only() -> None:
    reached = {after for row in INCIDENT.values() for after in row.values()}
    assert set(I) - reached == set() or set(I) - reached <= {I.RECEIVED}
    assert all(any(after is not status for after in row.values()) for status, row in INCIDENT.items())


@pytest.mark.parametrize("status", I)
def test_what_may_be_commanded_follows_from_the_table(status: I) -> None:
    world = town()
    world.assess(call())
    legal = legal_actions(replace(world.incident, status=status))
    assert set(legal) <= set(Action)
    assert (Action.REOPEN in legal) is (Trigger.REOPEN in INCIDENT[status])
    assert (Action.UNMERGE in legal) is (status is I.MERGED)
