"""Streams of what can happen to one caller, made from a seed: calls of every kind and decisions of every kind."""

from collections.abc import Sequence
from random import Random

from siaga_classifier.ledger.core.entries import Decision, DecisionKind, Entry, Word
from siaga_classifier.ledger.core.policy import DAY_MS, HOUR_MS, Policy

T0 = 1_549_818_000_000
# Short and strict, so that a stream of some weeks comes through every state and over the edge of every window.
POLICY = Policy(
    version="t", watch_at=1, warn_at=2, temporary_above=2, memory_ms=20 * DAY_MS, protection_ms=4 * DAY_MS,
    review_ms=9 * DAY_MS,
)  # fmt: skip
# An account of partition 4 with six confirmed pranks and a menu prank, as the ledger wrote it before it knew of decisions.
FIRST = bytes.fromhex(
    "01000400000168d859f289fffffffffffffffb93079796c4107d4448409dc051d1b2455ffdce74fad2cf00000168d859f2800201010c96c4"
    "107d4448419dc051d1b2455ffdce74fad2cd03e80201010c96c4107d4448429dc051d1b2455ffdce74fad2cd03e80201010c96c4107d4448"
    "439dc051d1b2455ffdce74fad2cd03e80201010c96c4107d4448449dc051d1b2455ffdce74fad2cd03e80201010c96c4107d4448459dc051"
    "d1b2455ffdce74fad2cd03e80201010c96a46e6f7465cd0fa00101040fc0"
)
STEP_MS = 6 * HOUR_MS
LONGEST = 24

MENU = ("ivr_prank",) * 19 + ("answered_prank",)
ABUSE = ("answered_prank",) * 12 + ("ivr_prank", "ghost", "abandon")
OUTCOMES = (
    ("answered_prank",) * 14 + ("ivr_prank",) * 5 + ("ghost",) * 4
    + ("abandon", "non_emergency", "misdirected", "unserved", "unresolved", "in_progress", "test")
)  # fmt: skip
OPERATORS = ("op-1", "op-2", "op-3")
SUPERVISORS = ("sup-1", "sup-2", "sup-3")
TRUSTS = ("verified", "asserted", "asserted", "unverified", "contradicted")
TAGS = ((),) * 12 + (("child",), ("mental_health",))
KINDS = tuple(DecisionKind)
# What leads furthest into the sanctions: decided most often, or few streams would come there.
APPROVALS = (DecisionKind.APPROVE_PERMANENT,) * 12


def stream(rng: Random, longest: int = LONGEST) -> list[Word]:
    """Words on one caller in the order of evaluation; every id stands once."""
    words: list[Word] = []
    at_ms = T0
    # Some callers are in earnest now and then, some never; of some people decide a lot.
    abuser = rng.random() < 0.5
    outcomes = rng.choice((ABUSE, ABUSE, ABUSE, MENU)) if abuser else OUTCOMES
    # Of some callers always the same operator says that they are pranksters.
    operators = OPERATORS[: rng.choice((1, 3))]
    real = 0.0 if abuser else rng.choice((0.0, 0.03, 0.15))
    decided = rng.choice((0.0, 0.1, 0.35))
    hasty = rng.random() < (0.9 if outcomes is MENU else 0.4)
    for n in range(rng.randrange(longest)):
        # Coarse, so that equal times and exact edges of windows come up; sometimes in bursts.
        at_ms += rng.randrange(3) * 60_000 if hasty and rng.random() < 0.8 else rng.randrange(9) * STEP_MS
        words.append(
            decision(rng, n, at_ms, KINDS + APPROVALS if abuser else KINDS)
            if rng.random() < decided
            else call(rng, n, at_ms, outcomes, operators, real)
        )
    return sorted(words, key=lambda word: word.place)


def call(rng: Random, n: int, at_ms: int, outcomes: Sequence[str], operators: Sequence[str], real: float) -> Entry:
    """A call; most pranks are confirmed by somebody."""
    outcome = "real" if rng.random() < real else rng.choice(outcomes)
    confirmed = outcome == "answered_prank" and rng.random() < 0.85
    return Entry(
        call_id=f"call-{n:02}",
        event_at_ms=at_ms,
        outcome=outcome,
        confirmed=confirmed,
        confidential=rng.random() < real / 3,
        backfilled=rng.random() < 0.1,
        trust=rng.choice(TRUSTS),
        operator=rng.choice(operators) if confirmed else "",
        tags=rng.choice(TAGS),
        false_report=confirmed and rng.random() < 0.1,
        decided_at_ms=at_ms + rng.randrange(4) * STEP_MS if confirmed and rng.random() < 0.2 else 0,
    )


def decision(rng: Random, n: int, at_ms: int, kinds: Sequence[DecisionKind]) -> Decision:
    """A decision of any kind."""
    kind = rng.choice(kinds)
    tagging = kind in (DecisionKind.TAG, DecisionKind.UNTAG)
    return Decision(
        decision_id=f"decision-{n:02}",
        event_at_ms=at_ms,
        kind=kind,
        actor=rng.choice(SUPERVISORS),
        until_ms=at_ms + rng.randrange(1, 40) * STEP_MS if kind is DecisionKind.PROTECT and rng.random() < 0.7 else 0,
        tags=rng.choice((("child",), ("mental_health",))) if tagging else (),
        call_ids=tuple(f"call-{rng.randrange(LONGEST):02}" for _ in range(rng.randrange(3)))
        if kind is DecisionKind.APPEAL_ACCEPTED
        else (),
    )


def last_words(words: Sequence[Word]) -> list[Word]:
    """Of several words under one id the one that holds."""
    latest: dict[str, Word] = {}
    for word in words:
        if word.word_id not in latest or word.supersedes(latest[word.word_id]):
            latest[word.word_id] = word
    return list(latest.values())
