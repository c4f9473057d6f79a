"""A major incident that is over sooner than was foreseen: from then on calls count again."""

import pytest
from siaga.v1.decision_pb2 import CallerDecision, DecisionKind
from siaga_classifier.ledger.adapters.messages import OutcomeError, read_decision
from siaga_classifier.ledger.book import Book, Caller
from siaga_classifier.ledger.core.entries import Entry
from siaga_classifier.ledger.core.model import State
from siaga_classifier.ledger.core.policy import HOUR_MS, Over, Policy, Span, with_word

T0 = 1_549_818_000_000
CALLER = Caller("36.73", "k1")


@pytest.mark.parametrize(
    ("spans", "word", "then"),
    [
        (((0, 10),), Over(4), ((0, 4),)),
        (((0, 10),), Over(10), ((0, 10),)),
        # Another incident's time begins later, and one that has ended is past.
        (((0, 3), (5, 9)), Over(4), ((0, 3), (5, 9))),
        (((0, 3), (5, 9)), Over(5), ((0, 3), (5, 9))),
        ((), Over(4), ()),
        (((0, 4),), (2, 9), ((0, 9),)),
    ],
)
def test_when_sanctions_rest_after_one_more_word(
    spans: tuple[Span, ...], word: Span | Over, then: tuple[Span, ...]
) -> None:
    assert with_word(spans, word) == then
    assert with_word(with_word(spans, word), word) == then


def test_calls_after_the_end_count_again() -> None:
    book = Book({"36.73": Policy(version="t")}, {}, lambda _: None)
    kept: tuple[Span, ...] = ()
    suspension, _ = book.suspend("36.73", 0, (T0, T0 + 10 * HOUR_MS), kept, T0)
    assert suspension is not None
    for n in range(8):
        entry = Entry(f"call-{n}", T0 + n * HOUR_MS, "answered_prank", confirmed=True, operator="op-1")
        posting = book.post(CALLER, 0, entry, T0 + n * HOUR_MS, T0 + n * HOUR_MS)
        assert posting is not None
        assert posting.view is not None
        assert posting.view.score == 0
    over, (recounted,) = book.suspend("36.73", 0, Over(T0 + 2 * HOUR_MS), suspension.spans, T0 + 8 * HOUR_MS)
    assert over is not None
    assert over.spans == ((T0, T0 + 2 * HOUR_MS),)
    assert recounted.view is not None
    assert (recounted.view.state, recounted.view.score) == (State.TEMPORARY, 6)
    # Told again, in this partition or another, it says nothing new.
    assert book.suspend("36.73", 0, Over(T0 + 2 * HOUR_MS), over.spans, T0 + 8 * HOUR_MS) == (None, [])


def test_the_record_of_it() -> None:
    record = CallerDecision(decision_id="d", tenant="36.73", kind=DecisionKind.DECISION_KIND_RESUME, at_ms=T0)
    assert read_decision(record.SerializeToString()) == (Caller("36.73", ""), Over(T0))
    record.at_ms = 0
    with pytest.raises(OutcomeError, match="at_ms"):
        read_decision(record.SerializeToString())
