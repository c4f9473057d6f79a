"""The book through kills at any point: whatever is read twice or read back, the end is that of an undisturbed life."""

from random import Random

import pytest
from ledger_desk import WALL, Desk
from ledger_samples import POLICY, T0, stream
from siaga_classifier.ledger.book import Caller
from siaga_classifier.ledger.core.entries import Decision, DecisionKind, Word
from siaga_classifier.ledger.core.memory import Memory, restored
from siaga_classifier.ledger.core.model import State
from siaga_classifier.ledger.core.view import view_of

POLICIES = {"36.73": POLICY}
CALLERS = (Caller("36.73", "k1"), Caller("36.73", "k2"))
LIVES = 1_500

pytestmark = pytest.mark.timeout(300)


def life(seed: int) -> list[tuple[Caller, Word]]:
    """What happens to two callers of one centre, in the order of its event time."""
    rng = Random(seed)
    words = [(caller, word) for caller in CALLERS for word in stream(rng) if not is_erasure(word)]
    return sorted(words, key=lambda pair: pair[1].place)


def is_erasure(word: Word) -> bool:
    # What is erased cannot be counted again: see the tests of erasure.
    return isinstance(word, Decision) and word.kind is DecisionKind.ERASE


def wall_of(word: Word) -> int:
    """The centre's clock and the wall's go alike, years apart."""
    return WALL + word.event_at_ms - T0


def killed_often(words: list[tuple[Caller, Word]], rng: Random) -> Desk:
    """Batches of any size; after some of them a kill: before or after the table has them, and then again from there."""
    desk = Desk(POLICIES)
    committed, n = 0, 0
    while n < len(words):
        batch = words[n : n + rng.randint(1, 6)]
        kept = rng.random() < 0.7
        for caller, word in batch:
            desk.post(caller, word, wall_of(word), keep=kept)
        n += len(batch)
        if kept and rng.random() < 0.5:
            committed = n
        if not kept or rng.random() < 0.3:
            # All since the last commit comes again, perhaps in other batches.
            desk = Desk(POLICIES, desk.table)
            n = committed
    return desk


def test_inv_5_replay_equal_a_life_with_kills_ends_as_one_without() -> None:
    for seed in range(LIVES):
        words = life(seed)
        if not words:
            continue
        straight, killed = Desk(POLICIES), killed_often(words, Random(seed))
        for caller, word in words:
            straight.post(caller, word, wall_of(word))
        end_ms = words[-1][1].event_at_ms
        for caller in {caller for caller, _ in words}:
            one, other = straight.account(caller), killed.account(caller)
            assert one.memory.entries == other.memory.entries, seed
            assert view(one.memory, end_ms) == view(other.memory, end_ms), seed
            assert (one.due_ms, one.ahead_ms) == (other.due_ms, other.ahead_ms), seed


def view(memory: Memory, at_ms: int) -> object:
    return view_of(restored(memory, POLICY), at_ms, POLICY)


def test_inv_7_expiry_fires_at_the_first_look_after_its_due_time_even_across_restarts() -> None:
    """The clerk looks every second; what is told by then must not be a sanction that is over."""
    ended = 0
    for seed in range(LIVES // 3):
        rng = Random(seed)
        desk, told = Desk(POLICIES), {}
        for caller, word in life(seed):
            desk.post(caller, word, wall_of(word))
            told.update(desk.told)
            if rng.random() < 0.3:
                desk = Desk(POLICIES, desk.table)
            before = {caller for caller, view in told.items() if view.state is State.TEMPORARY}
            desk.fall_due(wall_of(word))
            told.update(desk.told)
            for one in CALLERS:
                if one in told and told[one].state is State.TEMPORARY:
                    assert told[one].until_ms > word.event_at_ms, seed
            ended += len(before - {one for one, view in told.items() if view.state is State.TEMPORARY})
    assert ended > LIVES / 20, "too few sanctions end to prove anything"
