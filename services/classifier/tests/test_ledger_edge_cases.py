"""The edge cases of sanctions, row by row."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from ledger_desk import WALL, Desk
from siaga_classifier.ledger.book import Caller
from siaga_classifier.ledger.core.entries import Decision, DecisionKind, Entry, Word
from siaga_classifier.ledger.core.memory import Memory, take_in
from siaga_classifier.ledger.core.model import Advice, State
from siaga_classifier.ledger.core.notices import NoticeKind
from siaga_classifier.ledger.core.policy import DAY_MS, HOUR_MS, Policy
from siaga_classifier.ledger.core.view import View, view_of

POLICY = Policy(version="t")
# Sunday, 10 February 2019, 17:00 UTC: midnight in Jakarta.
T0 = 1_549_818_000_000
MINUTE_MS = 60_000


def prank(n: int, at_ms: int | None = None, **said: object) -> Entry:
    at_ms = T0 + n * HOUR_MS if at_ms is None else at_ms
    operator = f"op-{n % 2 + 1}"
    return replace(Entry(f"call-{n:03}", at_ms, "answered_prank", confirmed=True, operator=operator), **said)  # type: ignore[arg-type]


def call(outcome: str, at_ms: int, n: int = 900, **said: object) -> Entry:
    return replace(Entry(f"call-{n:03}", at_ms, outcome), **said)  # type: ignore[arg-type]


def decided(kind: DecisionKind, at_ms: int, actor: str = "sup-1", n: int = 1, **said: object) -> Decision:
    return replace(Decision(f"decision-{n}-{actor}-{kind}", at_ms, kind, actor), **said)  # type: ignore[arg-type]


def six(**said: object) -> list[Word]:
    return [prank(n, **said) for n in range(6)]


def permanent(**said: object) -> list[Word]:
    """Six pranks, the end of the sanction for them, and one more."""
    return [*six(**said), prank(7, T0 + 3 * DAY_MS, **said)]


def approved(**said: object) -> list[Word]:
    at_ms = T0 + 3 * DAY_MS + HOUR_MS
    return [
        *permanent(**said),
        decided(DecisionKind.APPROVE_PERMANENT, at_ms, "sup-1"),
        decided(DecisionKind.APPROVE_PERMANENT, at_ms, "sup-2"),
    ]


def told(*words: Word, at_ms: int = 0, policy: Policy = POLICY) -> View:
    memory = Memory()
    for word in words:
        memory = take_in(memory, word, policy)
    return view_of(memory, at_ms or max(word.event_at_ms for word in words), policy)


def notices(view: View) -> set[NoticeKind]:
    return {notice.kind for notice in view.notices}


@dataclass(frozen=True, slots=True)
class Case:
    """Words, and where they lead."""

    words: list[Word]
    state: State
    advice: Advice
    at_ms: int = 0


GHOSTS: list[Word] = [call("ghost", T0 + n * 10 * MINUTE_MS, n) for n in range(5)]
LATER_MS = T0 + 4 * DAY_MS

CASES = {
    "a blocked caller has a real emergency": Case([*six(), call("real", T0 + 6 * HOUR_MS)], State.LIFTED, Advice.NORMAL),
    "a caller blocked for good has a real emergency": Case(
        [*approved(), call("real", LATER_MS)], State.LIFTED, Advice.NORMAL
    ),
    "a blocked caller asks for help in confidence": Case(
        [*six(), call("ghost", T0 + 6 * HOUR_MS, confidential=True)], State.LIFTED, Advice.NORMAL
    ),
    "shared number: never above watch": Case(
        [decided(DecisionKind.SHARE, T0 - 1), *permanent()], State.WATCH, Advice.NORMAL
    ),
    "shared number: a sanction in force ends": Case(
        [*permanent(), decided(DecisionKind.SHARE, LATER_MS)], State.WATCH, Advice.NORMAL
    ),
    "no more shared: what many did is nobody's": Case(
        [decided(DecisionKind.SHARE, T0 - 1), *six(), decided(DecisionKind.UNSHARE, T0 + DAY_MS), prank(9, T0 + 2 * DAY_MS)],
        State.CLEAN,
        Advice.NORMAL,
    ),
    "spoofed: unverified is screened at most": Case(approved(trust="unverified"), State.PERMANENT, Advice.SCREEN),
    "spoofed: contradictory numbers are not counted": Case(six(trust="contradicted"), State.CLEAN, Advice.NORMAL),
    "recycled number: a new holder begins anew": Case(
        [*approved(), decided(DecisionKind.NEW_HOLDER, LATER_MS)], State.CLEAN, Advice.NORMAL
    ),
    "recycled number: memory ends after 180 days": Case(
        [*six(), prank(9, T0 + 181 * DAY_MS)], State.CLEAN, Advice.NORMAL
    ),
    "silent call: never abuse": Case([call("ghost", T0 + n * DAY_MS, n) for n in range(40)], State.CLEAN, Advice.NORMAL),
    "silent call: five in an hour are screened that day": Case(GHOSTS, State.CLEAN, Advice.SCREEN),
    "silent call: four are not": Case(GHOSTS[:4], State.CLEAN, Advice.NORMAL),
    "silent call: not the next day": Case(GHOSTS, State.CLEAN, Advice.NORMAL, at_ms=T0 + DAY_MS),
    "silent call: not a protected number": Case([call("real", T0 - 1), *GHOSTS], State.LIFTED, Advice.NORMAL),
    "silent call: not a shared number": Case([decided(DecisionKind.SHARE, T0 - 1), *GHOSTS], State.CLEAN, Advice.NORMAL),
    "silent call: help given ends the screening": Case([*GHOSTS, call("real", T0 + HOUR_MS)], State.LIFTED, Advice.NORMAL),
    "child: counts half": Case(six(tags=("child",)), State.WATCH, Advice.NORMAL),
    "child: eleven halves are above five": Case(
        [prank(n, tags=("child",)) for n in range(11)], State.TEMPORARY, Advice.SCREEN
    ),
    "mental health: temporary again, never permanent": Case(
        permanent(tags=("mental_health",)), State.TEMPORARY, Advice.SCREEN
    ),
    "mental health: a tag ends a permanent sanction": Case(
        [*approved(), decided(DecisionKind.TAG, LATER_MS, tags=("mental_health",))], State.CLEAN, Advice.NORMAL
    ),
    "mental health: an operator's form ends it too": Case(
        [*approved(), call("non_emergency", LATER_MS, tags=("mental_health",))], State.CLEAN, Advice.NORMAL
    ),
    "duplicates: five calls told twice are five": Case([prank(n % 5) for n in range(10)], State.WARNED, Advice.NORMAL),
    "back-filled: counted, but no sanction starts": Case(six(backfilled=True), State.WARNED, Advice.NORMAL),
    "late: judged a day after the call, it begins then": Case(
        [*six()[:5], prank(5, decided_at_ms=T0 + 2 * DAY_MS)],
        State.TEMPORARY,
        Advice.SCREEN,
        at_ms=T0 + 3 * DAY_MS - 1,
    ),
    "late: a form from a clock years ahead does not begin it then": Case(
        [*six()[:5], prank(5, decided_at_ms=T0 + 900 * DAY_MS)], State.CLEAN, Advice.NORMAL, at_ms=T0 + 2 * DAY_MS
    ),
    "operator error: one person approves twice": Case(
        [*permanent(), *(decided(DecisionKind.APPROVE_PERMANENT, LATER_MS + n, n=n) for n in range(2))],
        State.PERMANENT,
        Advice.SCREEN,
    ),
    "operator bias: one operator's word is not enough": Case(approved(operator="op-9"), State.PERMANENT, Advice.SCREEN),
    "two persons and two operators": Case(approved(), State.PERMANENT, Advice.SCREEN_LOW),
    "operator error: a prank that was none": Case(
        [*six(), prank(5, outcome="non_emergency", confirmed=False, revision=2)], State.WARNED, Advice.NORMAL
    ),
    "concurrent sixth and seventh": Case(
        [*six(), prank(6, T0 + 5 * HOUR_MS)], State.TEMPORARY, Advice.SCREEN
    ),
    "appeal: open, the sanction goes on": Case(
        [*six(), decided(DecisionKind.APPEAL, T0 + 6 * HOUR_MS)], State.TEMPORARY, Advice.SCREEN
    ),
    "appeal: denied, it goes on": Case(
        [*six(), decided(DecisionKind.APPEAL_DENIED, T0 + 6 * HOUR_MS)], State.TEMPORARY, Advice.SCREEN
    ),
    "appeal: accepted for one call, as if it had not been": Case(
        [*six(), decided(DecisionKind.APPEAL_ACCEPTED, T0 + 6 * HOUR_MS, call_ids=("call-002",))],
        State.WARNED,
        Advice.NORMAL,
    ),
    "appeal: accepted for all": Case(
        [*approved(), decided(DecisionKind.APPEAL_ACCEPTED, LATER_MS)], State.CLEAN, Advice.NORMAL
    ),
    "erasure: a temporary sanction goes with it": Case(
        [*six(), decided(DecisionKind.ERASE, T0 + 6 * HOUR_MS)], State.CLEAN, Advice.NORMAL
    ),
    "erasure: a permanent one leaves its tombstone": Case(
        [*approved(), decided(DecisionKind.ERASE, LATER_MS)], State.PERMANENT, Advice.SCREEN_LOW
    ),
    "rejected: it was a temporary one": Case(
        [*permanent(), decided(DecisionKind.REJECT_PERMANENT, T0 + 3 * DAY_MS + HOUR_MS)], State.TEMPORARY, Advice.SCREEN
    ),
    "rejected: and is over when that would be": Case(
        [*permanent(), decided(DecisionKind.REJECT_PERMANENT, LATER_MS)], State.CLEAN, Advice.NORMAL
    ),
    "lifted by a person: temporary": Case(
        [*six(), decided(DecisionKind.LIFT, T0 + 6 * HOUR_MS)], State.CLEAN, Advice.NORMAL
    ),
    "lifted by a person: screening of silent calls": Case(
        [*GHOSTS, decided(DecisionKind.LIFT, T0 + HOUR_MS)], State.CLEAN, Advice.NORMAL
    ),
    "lifted for good: the next abuse is the first": Case(
        [*approved(), decided(DecisionKind.LIFT, LATER_MS), prank(9, LATER_MS + 1)], State.CLEAN, Advice.NORMAL
    ),
    "protected by a person: nothing counts": Case(
        [decided(DecisionKind.PROTECT, T0 - 1, until_ms=T0 + 9 * DAY_MS), *permanent()], State.LIFTED, Advice.NORMAL
    ),
    "protected by a person: until the end": Case(
        [decided(DecisionKind.PROTECT, T0 - 1, until_ms=T0 + 2 * DAY_MS), *permanent()],
        State.CLEAN,
        Advice.NORMAL,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_edge_case(case: Case) -> None:
    view = told(*case.words, at_ms=case.at_ms)
    assert (view.state, view.advice) == (case.state, case.advice)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_edge_case_in_the_reverse_order_of_arrival(case: Case) -> None:
    erased = any(isinstance(word, Decision) and word.kind is DecisionKind.ERASE for word in case.words)
    if not erased:
        view = told(*reversed(case.words), at_ms=case.at_ms)
        assert (view.state, view.advice) == (case.state, case.advice)


def test_concurrent_sixth_and_seventh_make_one_sanction_and_the_seventh_is_recorded() -> None:
    sixth, seventh = prank(5, T0 + 5 * HOUR_MS), prank(6, T0 + 5 * HOUR_MS)
    for late in ([sixth, seventh], [seventh, sixth]):
        view = told(*six()[:5], *late)
        assert (view.cause_call_id, view.score, view.calls) == ("call-005", 7, {"answered_prank": 7})


def test_a_correction_is_told_with_the_call_and_what_it_is_now() -> None:
    view = told(*six(), prank(3, outcome="real", confirmed=True, revision=2))
    assert (view.state, view.advice, view.cause_call_id) == (State.LIFTED, Advice.NORMAL, "call-003")
    assert view.reason == "real call; call call-003 corrected from answered_prank to real"
    view = told(*six(), prank(3, outcome="abandon", confirmed=False, revision=2))
    assert view.reason == "score 5; call call-003 corrected from answered_prank to abandon"


def test_the_next_word_is_told_without_the_correction_before_it() -> None:
    corrected = prank(3, outcome="abandon", confirmed=False, revision=2)
    assert "corrected" not in told(*six(), corrected, call("abandon", T0 + 9 * HOUR_MS)).reason


def test_an_accepted_appeal_keeps_the_calls_in_the_report_and_ends_the_notice() -> None:
    words = [prank(n, false_report=n == 2) for n in range(6)]
    assert notices(told(*words)) == {NoticeKind.FALSE_REPORT}
    view = told(*words, decided(DecisionKind.APPEAL_ACCEPTED, T0 + 6 * HOUR_MS, call_ids=("call-002",)))
    assert (view.calls, view.score, notices(view)) == ({"answered_prank": 6}, 5, set())


def test_a_call_that_comes_after_the_appeal_that_exempts_it_does_not_count() -> None:
    words = [*six(), decided(DecisionKind.APPEAL_ACCEPTED, T0 + 6 * HOUR_MS, call_ids=("call-005",))]
    assert told(*words[:5], words[6], words[5]).score == 5


@pytest.mark.parametrize(
    ("filed", "due"),
    [
        # Monday morning: until Thursday's end. Friday: over the weekend. Saturday: as on Sunday.
        ("2019-02-11T03:00", "2019-02-14T17:00"),
        ("2019-02-15T03:00", "2019-02-20T17:00"),
        ("2019-02-16T03:00", "2019-02-20T17:00"),
        ("2019-02-17T03:00", "2019-02-20T17:00"),
        # 23:59 and midnight in Jakarta are two days.
        ("2019-02-11T16:59", "2019-02-14T17:00"),
        ("2019-02-11T17:00", "2019-02-15T17:00"),
        # 5 March 2019 is a Tuesday and, here, a holiday.
        ("2019-03-04T03:00", "2019-03-08T17:00"),
    ],
)
def test_an_appeal_is_due_after_three_working_days_of_the_centre(filed: str, due: str) -> None:
    def ms(written: str) -> int:
        return int(datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp() * 1000)

    policy = replace(POLICY, holidays=frozenset({(datetime(2019, 3, 5, tzinfo=UTC).timestamp() // 86_400)}))
    view = told(decided(DecisionKind.APPEAL, ms(filed)), policy=policy)
    assert view.appeal is not None
    assert (view.appeal.filed_at_ms, view.appeal.due_at_ms) == (ms(filed), ms(due))


def test_repeated_ghost_calls_ask_for_a_welfare_check_by_the_fifth_call() -> None:
    view = told(*GHOSTS, call("ghost", T0 + 50 * MINUTE_MS, 6))
    (notice,) = view.notices
    assert (notice.kind, notice.call_id) == (NoticeKind.WELFARE_CHECK, "call-004")
    assert view.score == 0
    # Screened until the centre's midnight, and told a day long: who comes on duty next must still find it.
    assert view.until_ms == T0 + DAY_MS
    assert notices(told(*GHOSTS, at_ms=T0 + DAY_MS + MINUTE_MS)) == {NoticeKind.WELFARE_CHECK}
    assert notices(told(*GHOSTS, at_ms=T0 + 2 * DAY_MS)) == set()


@pytest.mark.parametrize("hours", [7, 8, 9])
def test_the_same_day_is_the_centres_day(hours: int) -> None:
    policy = replace(POLICY, utc_offset_ms=hours * HOUR_MS)
    late = [replace(ghost, event_at_ms=ghost.event_at_ms + 15 * HOUR_MS) for ghost in GHOSTS]  # 08:00 UTC
    assert told(*late, policy=policy).until_ms == T0 + (24 - (hours - 7)) * HOUR_MS


@pytest.mark.parametrize(
    ("calls", "in_earnest", "suspected"), [(19, 19, False), (20, 3, True), (20, 2, False), (40, 0, False)]
)
def test_a_number_of_many_calls_in_earnest_looks_shared(calls: int, in_earnest: int, *, suspected: bool) -> None:
    words = [
        call("non_emergency" if n < in_earnest else "abandon", T0 + n * MINUTE_MS, n) for n in range(calls)
    ]  # fmt: skip
    assert (NoticeKind.SHARED_SUSPECTED in notices(told(*words))) is suspected
    assert notices(told(decided(DecisionKind.SHARE, T0 - 1), *words)) == set()


def test_a_permanent_sanction_asks_for_its_persons_and_for_its_review() -> None:
    assert notices(told(*permanent())) == {NoticeKind.APPROVAL_WANTED}
    view = told(*approved())
    assert (view.approved_by, notices(view)) == (("sup-1", "sup-2"), set())
    review_ms = T0 + 3 * DAY_MS + HOUR_MS + 90 * DAY_MS
    assert view.review_by_ms == review_ms
    assert notices(told(*approved(), at_ms=review_ms - 1)) == set()
    assert notices(told(*approved(), at_ms=review_ms)) == {NoticeKind.REVIEW_DUE}
    again = decided(DecisionKind.APPROVE_PERMANENT, review_ms + 1, "sup-3")
    assert told(*approved(), again).review_by_ms == review_ms + 1 + 90 * DAY_MS


def test_an_approval_from_before_the_sanction_is_none() -> None:
    early = decided(DecisionKind.APPROVE_PERMANENT, T0 + 2 * DAY_MS, "sup-3")
    assert told(early, *permanent()).approved_by == ()


def test_a_false_report_counts_one_and_is_told_to_the_law() -> None:
    view = told(prank(1, false_report=True))
    assert (view.score, notices(view)) == (1, {NoticeKind.FALSE_REPORT})
    # One in good faith is none: no operator said that it was malicious.
    assert told(call("non_emergency", T0, false_report=True)).score == 0


@pytest.mark.parametrize("kind", [DecisionKind.NEW_HOLDER, DecisionKind.ERASE])
def test_nothing_of_before_is_told_after_a_reset(kind: DecisionKind) -> None:
    words = [*six(tags=("child",)), decided(DecisionKind.APPEAL, T0 + 5 * HOUR_MS + 1), *GHOSTS]
    view = told(*words, decided(kind, LATER_MS))
    assert (view.calls, view.score, view.tags, view.appeal, view.notices) == ({}, 0, (), None, ())
    assert view.cause_call_id == ""


def test_what_is_erased_is_gone_from_the_record_and_does_not_come_back() -> None:
    memory = Memory()
    for word in [*six(), decided(DecisionKind.ERASE, LATER_MS)]:
        memory = take_in(memory, word, POLICY)
    assert memory.entries == ()
    assert take_in(memory, prank(2), POLICY) is memory
    assert take_in(memory, decided(DecisionKind.ERASE, LATER_MS), POLICY) is memory


def test_sanctions_are_per_tenant() -> None:
    desk = Desk({"36.73": POLICY, "32.14": POLICY})
    for word in six():
        desk.post(Caller("36.73", "k"), word)
    desk.post(Caller("32.14", "k"), prank(9))
    assert desk.told[Caller("36.73", "k")].state is State.TEMPORARY
    assert desk.told[Caller("32.14", "k")].state is State.CLEAN


def test_a_decision_does_not_move_the_centres_clock() -> None:
    caller, desk = Caller("36.73", "k"), Desk({"36.73": POLICY})
    for word in six():
        desk.post(caller, word)
    desk.post(Caller("36.73", "other"), decided(DecisionKind.APPEAL, WALL))
    assert desk.fall_due(WALL) == []
    assert desk.told[caller].state is State.TEMPORARY


def test_what_happened_under_an_old_policy_is_judged_and_explained_by_it() -> None:
    stricter = Policy(version="2", temporary_above=2, watch_at=1, warn_at=2, from_ms=T0 + 9 * DAY_MS, earlier=(POLICY,))
    before = told(*six()[:4], policy=stricter)
    assert (before.state, before.policy_version) == (State.WATCH, "t")
    imposed = told(*six()[:4], prank(9, T0 + 10 * DAY_MS), policy=stricter)
    assert (imposed.state, imposed.policy_version) == (State.TEMPORARY, "2")
