"""Records in and out, and the table's own layout: nothing is lost or misread on the way."""

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from siaga.v1 import common_pb2
from siaga.v1.assessment_pb2 import (
    OUTCOME_ANSWERED_PRANK,
    OUTCOME_REAL,
    OUTCOME_UNSPECIFIED,
    CallerOutcome,
)
from siaga.v1.call_pb2 import CALLER_TAG_CHILD, CALLER_TAG_MENTAL_HEALTH
from siaga.v1.decision_pb2 import DECISION_KIND_LIFT, DECISION_KIND_SUSPEND, CallerDecision
from siaga.v1.decision_pb2 import DecisionKind as ContractKind
from siaga.v1.sanction_pb2 import (
    APPEAL_STATE_DENIED,
    NOTICE_KIND_FALSE_REPORT,
    Appeal,
    CallerNotice,
    CallerSanction,
)
from siaga_classifier.ledger.adapters.clerk import conflated
from siaga_classifier.ledger.adapters.messages import OutcomeError, read_decision, read_outcome, write_sanction
from siaga_classifier.ledger.adapters.names import Names
from siaga_classifier.ledger.adapters.table_codec import (
    LayoutError,
    decode_account,
    decode_key,
    encode_account,
    encode_key,
    read_due,
    read_partition,
)
from siaga_classifier.ledger.book import Account, Caller, Posting
from siaga_classifier.ledger.core.entries import Decision, DecisionKind, Entry
from siaga_classifier.ledger.core.memory import MAX_ENTRIES, Memory, restored, take_in
from siaga_classifier.ledger.core.policy import Policy
from siaga_classifier.ledger.core.view import view_of

POLICY = Policy(version="t")
T0 = 1_549_818_000_000
CALLER = Caller("36.73", "0123456789abcdef0123456789abcdef")
UUIDS = [
    "7d444840-9dc0-51d1-b245-5ffdce74fad2",
    "7D444840-9DC0-51D1-B245-5FFDCE74FAD2",
    "7d4448409dc051d1b2455ffdce74fad2",
]


def outcome(**fields: Any) -> CallerOutcome:
    given_fields: dict[str, Any] = {
        "call_id": UUIDS[0],
        "tenant": "36.73",
        "caller_key": CALLER.caller_key,
        "revision": 2,
        "event_at_ms": T0,
        "outcome": OUTCOME_ANSWERED_PRANK,
        "identity_trust": common_pb2.IDENTITY_TRUST_UNVERIFIED,
        "operator_confirmed": True,
        **fields,
    }
    return CallerOutcome(**given_fields)


def test_an_outcome_is_read() -> None:
    caller, entry = read_outcome(outcome(confidential=True, backfilled=True).SerializeToString())
    assert caller == CALLER
    assert entry == Entry(UUIDS[0], T0, "answered_prank", 2, True, True, True, "unverified")


def test_a_call_marked_as_a_drill_is_one_whatever_its_outcome() -> None:
    assert read_outcome(outcome(outcome=OUTCOME_REAL, test=True).SerializeToString())[1].outcome == "test"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"call_id": ""}, "call_id"),
        ({"tenant": ""}, "tenant"),
        ({"caller_key": ""}, "caller_key"),
        ({"event_at_ms": 0}, "event_at_ms"),
        ({"outcome": OUTCOME_UNSPECIFIED}, "outcome"),
        ({"outcome": 77}, "outcome"),
    ],
)
def test_what_the_ledger_cannot_count_by_is_refused_by_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(OutcomeError, match=named):
        read_outcome(outcome(**fields).SerializeToString())


def test_garbage_is_refused() -> None:
    with pytest.raises(DecodeError):
        read_outcome(b"\xff\xfe not a message")


def test_an_outcome_tells_what_the_form_said() -> None:
    said = outcome(
        operator="op-3", false_report=True, caller_tags=[CALLER_TAG_MENTAL_HEALTH, CALLER_TAG_CHILD],
        decided_at_ms=T0 + 5,
    )  # fmt: skip
    _, entry = read_outcome(said.SerializeToString())
    assert (entry.operator, entry.false_report, entry.decided_at_ms) == ("op-3", True, T0 + 5)
    assert entry.tags == ("child", "mental_health")


def test_only_who_confirmed_an_abuse_is_kept() -> None:
    for other in (outcome(operator="op-3", outcome=OUTCOME_REAL), outcome(operator="op-3", operator_confirmed=False)):
        assert read_outcome(other.SerializeToString())[1].operator == ""


def test_two_numbers_for_one_caller_are_less_than_unverified() -> None:
    assert read_outcome(outcome(identity_contradicted=True).SerializeToString())[1].trust == "contradicted"


def decision(**fields: Any) -> CallerDecision:
    given_fields: dict[str, Any] = {
        "decision_id": "d", "tenant": "36.73", "caller_key": CALLER.caller_key, "kind": DECISION_KIND_LIFT,
        "actor": "sup-1", "reason": "salah paham", "at_ms": T0, **fields,
    }  # fmt: skip
    return CallerDecision(**given_fields)


@pytest.mark.parametrize("kind", DecisionKind)
def test_decisions_of_every_kind_are_read(kind: DecisionKind) -> None:
    made = decision(
        kind=ContractKind.Value(f"DECISION_KIND_{kind.upper()}"), until_ms=T0 + 9, caller_tags=[CALLER_TAG_CHILD],
        call_ids=["b", "a", "b"],
    )  # fmt: skip
    caller, word = read_decision(made.SerializeToString())
    assert caller == CALLER
    assert word == Decision("d", T0, kind, "sup-1", T0 + 9, ("child",), ("a", "b"))


def test_a_suspension_is_the_centres() -> None:
    made = decision(kind=DECISION_KIND_SUSPEND, caller_key="", until_ms=T0 + 9)
    assert read_decision(made.SerializeToString()) == (Caller("36.73", ""), (T0, T0 + 9))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"decision_id": ""}, "decision_id"),
        ({"tenant": ""}, "tenant"),
        ({"caller_key": ""}, "caller_key"),
        ({"at_ms": 0}, "at_ms"),
        ({"kind": 0}, "kind"),
        ({"kind": 77}, "kind"),
        ({"kind": DECISION_KIND_SUSPEND, "until_ms": T0}, "until_ms"),
        ({"call_ids": [str(n) for n in range(201)]}, "call_ids"),
    ],
)
def test_a_decision_that_breaks_the_contract_is_refused_by_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(OutcomeError, match=named):
        read_decision(decision(**fields).SerializeToString())


def test_a_sanction_tells_all_that_people_decide_by() -> None:
    memory = Memory()
    for n in range(6):
        entry = Entry(
            f"call-{n}", T0 + n, "answered_prank", confirmed=True, tags=("mental_health",), false_report=n == 2
        )
        memory = take_in(memory, entry, POLICY)
    for word in (
        Decision("appeal", T0 + 9, DecisionKind.APPEAL),
        Decision("denied", T0 + 10, DecisionKind.APPEAL_DENIED, "sup-1"),
        Decision("shared", T0 + 11, DecisionKind.SHARE, "sup-1"),
    ):
        memory = take_in(memory, word, POLICY)
    written = write_sanction(CALLER, view_of(memory, T0, POLICY))
    assert written.shared
    assert list(written.caller_tags) == [CALLER_TAG_MENTAL_HEALTH]
    assert written.appeal == Appeal(
        state=APPEAL_STATE_DENIED, decision_id="appeal", filed_at_ms=T0 + 9, due_at_ms=T0 + 4 * 86_400_000,
        decided_at_ms=T0 + 10, decided_by="sup-1",
    )  # fmt: skip
    assert list(written.notices) == [CallerNotice(kind=NOTICE_KIND_FALSE_REPORT, since_ms=T0 + 2, call_id="call-2")]


def test_a_sanction_is_written() -> None:
    memory = Memory()
    for n in range(6):
        memory = take_in(memory, Entry(f"call-{n}", T0 + n, "answered_prank", confirmed=True), POLICY)
    written = write_sanction(CALLER, view_of(memory, T0, POLICY))
    assert written == CallerSanction(
        tenant="36.73",
        caller_key=CALLER.caller_key,
        state=common_pb2.SANCTION_STATE_TEMPORARY,
        routing_advice=common_pb2.ROUTING_ADVICE_SCREEN,
        since_ms=T0 + 5,
        until_ms=T0 + 5 + 86_400_000,
        abuse_score=6,
        calls_by_outcome={"answered_prank": 6},
        cause_call_id="call-5",
        policy_version="t",
        reason="score 6 above 5",
        event_at_ms=T0 + 5,
        revision=6 << 10,
    )


call_ids = st.one_of(st.uuids().map(str), st.sampled_from(UUIDS), st.text(min_size=1, max_size=20))
entries = st.builds(
    Entry,
    call_id=call_ids,
    event_at_ms=st.integers(1, 2**50),
    outcome=st.sampled_from(["real", "abandon", "ivr_prank", "answered_prank"]),
    revision=st.integers(0, 2**32 - 1),
    confirmed=st.booleans(),
    confidential=st.booleans(),
    backfilled=st.booleans(),
    trust=st.sampled_from(["verified", "unverified"]),
)


@given(st.lists(entries, max_size=10), st.integers(0, 11), st.none() | st.integers(1, 2**60), st.integers(-(2**60), 0))
def test_an_account_comes_back_from_the_table_as_it_was(
    words: list[Entry], partition: int, due_ms: int | None, ahead_ms: int
) -> None:
    memory = Memory()
    for entry in words:
        memory = take_in(memory, entry, POLICY)
    account = Account(memory, partition, due_ms, ahead_ms)
    value = encode_account(account)
    back = decode_account(value)
    assert (back.partition, back.due_ms, back.ahead_ms) == (partition, due_ms, ahead_ms)
    assert restored(back.memory, POLICY) == memory
    assert read_due(encode_key(CALLER), value).due_ms == due_ms
    assert read_partition(value) == partition


def test_a_folded_account_comes_back_and_stays_small() -> None:
    memory = Memory()
    for n in range(MAX_ENTRIES + 50):
        name = f"{n:08x}-9dc0-51d1-b245-5ffdce74fad2"
        memory = take_in(memory, Entry(name, T0 + n * 1000, "answered_prank", confirmed=n % 2 > 0), POLICY)
    value = encode_account(Account(memory, 1, None, 0))
    assert restored(decode_account(value).memory, POLICY).standing == memory.standing
    assert decode_account(value).memory.folded_to == memory.folded_to
    # A tenth of what the broker takes, for the caller with the most calls that are remembered.
    assert len(value) < 30_000


def test_a_table_of_another_layout_is_refused() -> None:
    value = encode_account(Account(Memory(), 1, None, 0))
    with pytest.raises(LayoutError):
        decode_account(b"\x63" + value[1:])


def test_keys_come_back() -> None:
    assert decode_key(encode_key(CALLER)) == CALLER


def test_of_a_batch_every_state_is_told_and_of_one_state_the_last() -> None:
    memory, postings = Memory(), []
    for n in range(8):
        memory = take_in(memory, Entry(f"call-{n}", T0 + n, "answered_prank", confirmed=True), POLICY)
        view = view_of(memory, T0 + n, POLICY)
        postings.append((Posting(CALLER, 0, Account(memory, 0, None, 0), view), None))
    told = [record.message for record in conflated(Names(), postings, T0)]
    assert all(isinstance(message, CallerSanction) for message in told)
    assert [(m.state, m.abuse_score) for m in told if isinstance(m, CallerSanction)] == [
        (common_pb2.SANCTION_STATE_CLEAN, 2),
        (common_pb2.SANCTION_STATE_WATCH, 4),
        (common_pb2.SANCTION_STATE_WARNED, 5),
        (common_pb2.SANCTION_STATE_TEMPORARY, 8),
    ]
