"""Major incidents: what happens in them counts nowhere, whenever the ledger hears of them."""

import pytest
from ledger_desk import Desk
from siaga_classifier.ledger.book import Caller
from siaga_classifier.ledger.core.entries import Entry
from siaga_classifier.ledger.core.model import State
from siaga_classifier.ledger.core.policy import HOUR_MS, Policy, with_span

POLICY = Policy(version="t")
T0 = 1_549_818_000_000


def prank(n: int) -> Entry:
    return Entry(f"call-{n:03}", T0 + n * HOUR_MS, "answered_prank", confirmed=True, operator="op-1")


def six() -> list[Entry]:
    return [prank(n) for n in range(6)]


@pytest.mark.parametrize("when", ["before", "between", "after", "after a restart"])
def test_in_a_major_incident_nothing_counts_whenever_it_is_told(when: str) -> None:
    caller, desk = Caller("36.73", "k"), Desk({"36.73": POLICY})
    span = (T0 + 2 * HOUR_MS, T0 + 4 * HOUR_MS)
    for n, word in enumerate(six()):
        if (when, n) in {("before", 0), ("between", 3)}:
            desk.suspend("36.73", span)
        desk.post(caller, word)
    if when == "after a restart":
        desk = Desk({"36.73": POLICY}, desk.table)
    if when.startswith("after"):
        desk.suspend("36.73", span)
    # Two of the six rang in that time.
    assert (desk.told[caller].state, desk.told[caller].score) == (State.WATCH, 4)
    again = Desk({"36.73": POLICY}, desk.table)
    assert again.suspend("36.73", span) == []
    again.post(caller, prank(8))
    assert again.told[caller].score == 5
    assert again.told[caller].calls == {"answered_prank": 7}


def test_a_real_call_in_a_major_incident_lifts_all_the_same() -> None:
    caller, desk = Caller("36.73", "k"), Desk({"36.73": POLICY})
    for word in six():
        desk.post(caller, word)
    desk.suspend("36.73", (T0 + 5 * HOUR_MS + 1, T0 + 9 * HOUR_MS))
    assert desk.told[caller].state is State.TEMPORARY
    desk.post(caller, Entry("help", T0 + 6 * HOUR_MS, "real"))
    assert desk.told[caller].state is State.LIFTED


def test_suspensions_are_a_centres_own_and_add_up() -> None:
    policies = {"36.73": POLICY, "32.14": POLICY}
    desk = Desk(policies)
    desk.suspend("36.73", (T0, T0 + 3 * HOUR_MS))
    desk.suspend("36.73", (T0 + 2 * HOUR_MS, T0 + 5 * HOUR_MS))
    desk.suspend("36.73", (T0 + 2 * HOUR_MS, T0 + 5 * HOUR_MS), partition=5)
    for tenant in policies:
        for word in six():
            desk.post(Caller(tenant, "k"), word)
    assert desk.told[Caller("36.73", "k")].score == 1
    assert desk.told[Caller("32.14", "k")].score == 6


def test_spans_are_as_few_as_possible_in_any_order() -> None:
    spans = [(10, 20), (30, 40), (15, 32), (50, 60)]
    for order in (spans, spans[::-1], spans + spans):
        made: tuple[tuple[int, int], ...] = ()
        for span in order:
            made = with_span(made, *span)
        assert made == ((10, 40), (50, 60))
    policy = Policy(version="t", suspended=((10, 40), (50, 60)))
    rests = [at_ms for at_ms in range(70) if policy.rests_at(at_ms)]
    assert rests == [*range(10, 40), *range(50, 60)]
