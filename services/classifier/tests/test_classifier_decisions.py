"""What a person's decision about a caller must have, by kind; and when it would change nothing."""

from dataclasses import replace

import pytest
from siaga_classifier.core.caller_decisions import (
    FIELDS,
    LONGEST_PROTECTION_MS,
    LONGEST_REASON,
    MOST_CALL_IDS,
    PERMANENT,
    Decision,
    DecisionKind,
    Known,
    decision_problem,
    is_caller_key,
    objection,
    person_problem,
)

NOW_MS = 1_000_000
K = DecisionKind
OPERATORS = {"op-01", "spv-01"}
PLAIN = Decision(K.LIFT, "spv-01", "appeal by letter 12")


def decision(kind: DecisionKind, **with_: object) -> Decision:
    needed = {"caller_tags": (1,)} if "caller_tags" in (FIELDS.get(kind) or FIELDS[K.LIFT]).must else {}
    return replace(PLAIN, kind=kind, **(needed | with_))


def test_every_kind_for_a_caller_has_its_fields() -> None:
    assert set(FIELDS) == set(K) - {K.UNSPECIFIED, K.SUSPEND, K.RESUME}


@pytest.mark.parametrize("kind", FIELDS)
def test_what_is_in_order(kind: DecisionKind) -> None:
    assert decision_problem(decision(kind), NOW_MS) is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (decision(K.UNSPECIFIED), "kind"),
        (decision(K.SUSPEND), "kind"),
        (decision(K.TAG, caller_tags=()), "caller_tags"),
        (decision(K.TAG, caller_tags=(1, 0)), "caller_tags"),
        (decision(K.LIFT, caller_tags=(1,)), "caller_tags"),
        (decision(K.LIFT, until_ms=NOW_MS + 1), "until_ms"),
        (decision(K.PROTECT, until_ms=NOW_MS), "until_ms"),
        (decision(K.PROTECT, until_ms=NOW_MS + LONGEST_PROTECTION_MS + 1), "until_ms"),
        (decision(K.LIFT, call_ids=("a",)), "call_ids"),
        (decision(K.APPEAL_ACCEPTED, call_ids=("",)), "call_ids"),
        (decision(K.APPEAL_ACCEPTED, call_ids=("a",) * (MOST_CALL_IDS + 1)), "call_ids"),
    ],
)
def test_what_is_not(wrong: Decision, field: str) -> None:
    problem = decision_problem(wrong, NOW_MS)
    assert problem is not None
    assert problem.field == field


@pytest.mark.parametrize(
    ("actor", "reason", "field"),
    [
        ("", "why", "actor"),
        ("op-99", "why", "actor"),
        ("op-01", " ", "reason"),
        ("op-01", "x" * (LONGEST_REASON + 1), "reason"),
        ("op-01", "pemilik 081234567890 datang", "reason"),
        ("op-01", "pemilik +62 812-3456-7890 datang", "reason"),
        ("op-01", "surat 3673/2026/000012 tanggal 08-10-2026", None),
        ("spv-01", "why", None),
    ],
)
def test_who_and_why(actor: str, reason: str, field: str | None) -> None:
    problem = person_problem(actor, reason, OPERATORS)
    assert (problem.field if problem else None) == field
    if problem is not None:
        assert "0812" not in problem.remedy


@pytest.mark.parametrize(
    ("kind", "known", "may"),
    [
        (K.APPROVE_PERMANENT, Known(PERMANENT), True),
        (K.APPROVE_PERMANENT, Known(PERMANENT, ("op-01",)), True),
        (K.APPROVE_PERMANENT, Known(PERMANENT, ("spv-01",)), False),
        (K.APPROVE_PERMANENT, Known(4), False),
        (K.REJECT_PERMANENT, Known(), False),
        (K.APPEAL_ACCEPTED, Known(PERMANENT, has_open_appeal=True), True),
        (K.APPEAL_DENIED, Known(PERMANENT), False),
        # In the caller's favour, or a fact about the number: whatever is remembered.
        (K.LIFT, Known(), True),
        (K.PROTECT, Known(), True),
        (K.SHARE, Known(), True),
        (K.ERASE, Known(), True),
    ],
)
def test_what_would_change_nothing(kind: DecisionKind, known: Known, may: bool) -> None:
    assert (objection(decision(kind), known) is None) == may


def test_keys() -> None:
    assert is_caller_key("0123456789abcdef" * 2)
    assert not is_caller_key("081234567890")
    assert not is_caller_key("0123456789ABCDEF" * 2)
