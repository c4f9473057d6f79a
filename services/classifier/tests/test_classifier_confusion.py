"""The weekly report's counts, by hand."""

from dataclasses import replace

import pytest
from siaga_classifier.core.confusion import confusion, shown
from siaga_classifier.core.learning import Heard, Labelled
from siaga_classifier.core.vocabulary import Advice, Channel, Disposition, Outcome, Priority

FIRE = Labelled(
    "c1", "36.73", 5_000, Channel.VOICE, Disposition.EMERGENCY, Outcome.REAL, "fire_building", Priority.P1,
    "kebakaran", confidential=False, machine_advice=Advice.REVIEW,
    words=Heard("fire_building", Priority.P1, Advice.DISPATCH),
)  # fmt: skip
TAKEN_FOR_LAND = replace(FIRE, call_id="c2", words=Heard("fire_land", Priority.P2, Advice.REVIEW))
MISSED = replace(FIRE, call_id="c3", event_at_ms=1, words=Heard("non_emergency", Priority.P4, Advice.RECORD))
PRANK = replace(FIRE, call_id="c4", disposition=Disposition.PRANK, type="", priority=Priority.UNSPECIFIED)
SILENT = replace(FIRE, call_id="c5", words=None)
KDRT = replace(FIRE, call_id="c6", type="kdrt", confidential=True, words=Heard("kdrt", Priority.P2, Advice.REVIEW))


def test_what_people_said_stands_against_what_the_machine_made_of_it() -> None:
    found = confusion([FIRE, TAKEN_FOR_LAND, MISSED, PRANK, SILENT, KDRT])
    assert (found.calls, found.real, found.real_found) == (6, 5, 4)
    assert found.needs == {
        (Advice.DISPATCH, Advice.DISPATCH): 1,
        (Advice.DISPATCH, Advice.REVIEW): 3,
        (Advice.DISPATCH, Advice.RECORD): 1,
        (Advice.RECORD, Advice.DISPATCH): 1,
    }
    assert found.types == {
        ("fire_building", "fire_building"): 1,
        ("fire_building", "fire_land"): 1,
        ("fire_building", "non_emergency"): 1,
        ("prank", "fire_building"): 1,
        ("fire_building", "no_words"): 1,
        ("confidential", "confidential"): 1,
    }
    # P2 and P4 for P1, and P2 for the confidential one.
    assert (found.prioritised, found.under_triaged) == (4, 3)
    assert found.missed == (("36.73", "c3"),)
    assert found.recall_real == pytest.approx(0.8)


def test_without_calls_there_are_no_shares() -> None:
    found = confusion([])
    assert (found.recall_real, found.under_triage, found.missed) == (None, None, ())


@pytest.mark.parametrize(
    ("pair", "count", "text"),
    [
        (("fire_building", "fire_land"), 3, "3"),
        (("confidential", "confidential"), 9, "<10"),
        (("confidential", "unclear"), 10, "10"),
        (("riot", "confidential"), 1, "<10"),
    ],
)
def test_few_confidential_cases_are_not_counted_out(pair: tuple[str, str], count: int, text: str) -> None:
    assert shown(pair, count) == text
