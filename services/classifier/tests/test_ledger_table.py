"""The table over time: an older layout is read, everything comes back, and no account outgrows a record."""

from random import Random

import pytest
from ledger_desk import Desk
from ledger_samples import FIRST, POLICY, stream
from siaga_classifier.ledger.adapters.table_codec import (
    LAYOUT,
    LayoutError,
    decode_account,
    decode_suspension,
    encode_account,
    encode_key,
    encode_suspension,
    is_suspension,
    read_due,
    read_partition,
    recent_callers,
    suspension_key,
)
from siaga_classifier.ledger.adapters.topics import MAX_MESSAGE_BYTES
from siaga_classifier.ledger.book import Account, Caller, Suspension
from siaga_classifier.ledger.core.entries import Decision, DecisionKind, Entry
from siaga_classifier.ledger.core.memory import MAX_DECISIONS, MAX_ENTRIES, Memory, forget_before, restored, take_in
from siaga_classifier.ledger.core.model import State
from siaga_classifier.ledger.core.policy import DAY_MS, Policy

T0 = 1_549_818_000_000
CALLER = Caller("36.73", "0123456789abcdef0123456789abcdef")
# As `FIRST`, the first three calls folded away.
FIRST_FOLDED = bytes.fromhex(
    "0100040000000000000000fffffffffffffffb93079496c4107d4448439dc051d1b2455ffdce74fad2cf00000168d859fe380201010c96c4"
    "107d4448449dc051d1b2455ffdce74fad2cd03e80201010c96c4107d4448459dc051d1b2455ffdce74fad2cd03e80201010c96a46e6f7465"
    "cd0fa00101040f939aa57761746368cf00000168d859fa5000d92437643434343834322d396463302d353164312d623234352d3566666463"
    "65373466616432a773636f726520339393cf00000168d859f280cb3ff0000000000000c393cf00000168d859f668cb3ff0000000000000c3"
    "93cf00000168d859fa50cb3ff0000000000000c3900000a8617373657274656481ae616e7377657265645f7072616e6b0392cf00000168d8"
    "59fa50d92437643434343834322d396463302d353164312d623234352d356666646365373466616432"
)


def test_an_account_of_the_first_layout_is_read() -> None:
    account = decode_account(FIRST)
    assert (account.partition, account.due_ms, account.ahead_ms, account.memory.applied) == (4, T0 + 9, -5, 7)
    *pranks, menu = account.memory.entries
    assert pranks[1] == Entry(
        "7d444841-9dc0-51d1-b245-5ffdce74fad2", T0 + 1000, "answered_prank", confirmed=True, trust="asserted"
    )
    assert menu == Entry("note", T0 + 9000, "ivr_prank", backfilled=True, trust="no_sim")
    assert restored(account.memory, Policy(version="t")).standing.state is State.TEMPORARY


def test_an_account_of_the_first_layout_with_folded_calls_stands_where_it_stood() -> None:
    memory = restored(decode_account(FIRST_FOLDED).memory, Policy(version="t"))
    assert (memory.standing.state, memory.standing.score, len(memory.entries)) == (State.TEMPORARY, 6, 4)
    assert memory.folded == {"answered_prank": 3}


def test_an_account_of_the_first_layout_is_written_anew_with_its_next_word() -> None:
    table = {encode_key(CALLER): FIRST}
    desk = Desk({"36.73": Policy(version="t")}, table)
    desk.post(CALLER, Decision("d", T0 + 10_000, DecisionKind.LIFT, "sup-1"))
    assert table[encode_key(CALLER)][0] == LAYOUT
    assert desk.told[CALLER].state is State.CLEAN


def test_a_caller_of_the_first_layout_is_looked_at_when_sanctions_rest() -> None:
    desk = Desk({"36.73": Policy(version="t")}, {encode_key(CALLER): FIRST})
    (posting,) = desk.suspend("36.73", (T0, T0 + 3500))
    assert posting.view is not None
    assert posting.view.state is State.CLEAN


def test_a_newer_layout_is_refused_with_what_to_do() -> None:
    newer = bytes([LAYOUT + 1]) + FIRST[1:]
    for read in (decode_account, read_partition, lambda value: read_due(encode_key(CALLER), value)):
        with pytest.raises(LayoutError, match="start the newer one again, or delete"):
            read(newer)


@pytest.mark.parametrize("days", [0, 9])
def test_accounts_with_decisions_come_back_as_they_were(days: int) -> None:
    for seed in range(400):
        memory = Memory()
        for word in stream(Random(seed)):
            memory = take_in(memory, word, POLICY)
        memory = forget_before(memory, T0 + days * DAY_MS, POLICY)
        value = encode_account(Account(memory, 3, None, 0))
        back = decode_account(value).memory
        again = restored(back, POLICY)
        # The saved standings are counted again; all that they are counted from is the same.
        assert (again.entries, again.base, again.standing) == (memory.entries, memory.base, memory.standing), seed
        assert (again.folded, again.folded_to, again.applied) == (memory.folded, memory.folded_to, memory.applied), seed
        assert (again.correction, again.corrected_call_id) == (memory.correction, memory.corrected_call_id), seed


def test_a_correction_is_still_told_after_a_restart() -> None:
    desk = Desk({"36.73": Policy(version="t")}, {encode_key(CALLER): FIRST})
    desk.post(CALLER, Entry("7d444841-9dc0-51d1-b245-5ffdce74fad2", T0 + 1000, "abandon", revision=2))
    memory = decode_account(desk.table[encode_key(CALLER)]).memory
    assert memory.correction == "call 7d444841-9dc0-51d1-b245-5ffdce74fad2 corrected from answered_prank to abandon"
    assert memory.corrected_call_id == "7d444841-9dc0-51d1-b245-5ffdce74fad2"


def test_the_fullest_account_fits_into_a_record() -> None:
    memory = Memory()
    for n in range(MAX_ENTRIES):
        name = f"{n:08x}-9dc0-51d1-b245-5ffdce74fad2"
        entry = Entry(
            name, T0 + n, "answered_prank", confirmed=True, operator="o" * 64, tags=("child", "mental_health")
        )
        memory = take_in(memory, entry, POLICY)
    for n in range(3 * MAX_DECISIONS):
        calls = tuple(f"{call:08x}-0000-51d1-b245-{n:012x}" for call in range(200))
        denied = Decision(f"decision-{n}", T0 + DAY_MS + n, DecisionKind.APPEAL_ACCEPTED, "s" * 64, call_ids=calls)
        memory = take_in(memory, denied, POLICY)
    decisions = [word for word in memory.entries if isinstance(word, Decision)]
    assert len(decisions) == MAX_DECISIONS
    assert len(encode_account(Account(memory, 1, None, 0))) < MAX_MESSAGE_BYTES / 2


def test_suspensions_come_back_and_are_no_callers() -> None:
    key = suspension_key("36.73", 5)
    suspension = Suspension("36.73", 5, ((T0, T0 + 1), (T0 + 5, T0 + 9)))
    assert decode_suspension(key, encode_suspension(suspension)) == suspension
    assert (is_suspension(key), is_suspension(encode_key(CALLER))) == (True, False)
    assert read_partition(encode_suspension(suspension)) == 5


def test_recent_callers_are_a_centres_own_with_a_word_since_then() -> None:
    def account(at_ms: int) -> bytes:
        memory = take_in(Memory(), Entry("c", at_ms, "abandon"), POLICY)
        return encode_account(Account(memory, 1, None, 0))

    table = {
        encode_key(Caller("36.73", "old")): account(T0),
        encode_key(Caller("36.73", "new")): account(T0 + 10),
        encode_key(Caller("32.14", "new")): account(T0 + 10),
        suspension_key("36.73", 1): encode_suspension(Suspension("36.73", 1, ())),
    }
    assert recent_callers(table.items(), "36.73", T0 + 10) == [Caller("36.73", "new")]
