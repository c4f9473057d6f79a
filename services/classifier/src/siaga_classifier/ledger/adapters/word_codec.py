"""Words on calls and decisions as rows of an account's body, as small as they can be: all go out with each change."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from siaga_classifier.ledger.core.entries import Decision, DecisionKind, Entry, Word

_CONFIRMED, _CONFIDENTIAL, _BACKFILLED, _FALSE_REPORT, _EXEMPT = 1, 2, 4, 8, 16

# Words that stand as small numbers; new ones only at the end, or old tables would be misread.
_TERMS: Final = (
    "abandon", "ivr_prank", "answered_prank", "ghost", "non_emergency", "misdirected", "test", "real", "unserved",
    "unresolved", "in_progress", "verified", "asserted", "unverified", "anonymous", "no_sim", "unspecified",
    "contradicted",
)  # fmt: skip
_CODES: Final = {word: code for code, word in enumerate(_TERMS)}
# In a row's place of the outcome: it is a decision.
_DECISION: Final = None


def words_out(words: Iterable[Word]) -> list[tuple[Any, ...]]:
    """The words in order, each with the time since the one before: a heavy caller's record is written with each."""
    rows: list[tuple[Any, ...]] = []
    before_ms = 0
    for word in words:
        since_ms = word.event_at_ms - before_ms
        rows.append(_call_out(word, since_ms) if isinstance(word, Entry) else _decision_out(word, since_ms))
        before_ms = word.event_at_ms
    return rows


def words_in(rows: Iterable[Sequence[Any]]) -> tuple[Word, ...]:
    """The words of the rows; those of the first layout are calls that end after six fields."""
    words: list[Word] = []
    at_ms = 0
    for row in rows:
        at_ms += row[1]
        words.append(_decision_in(row, at_ms) if row[2] is _DECISION else _call_in(row, at_ms))
    return tuple(words)


def _call_out(entry: Entry, since_ms: int) -> tuple[Any, ...]:
    row = (
        _pack_id(entry.call_id),
        since_ms,
        _CODES.get(entry.outcome, entry.outcome),
        entry.revision,
        # In the order of the names above: written for every call with each change, so it is one expression.
        entry.confirmed | entry.confidential << 1 | entry.backfilled << 2 | entry.false_report << 3 | entry.exempt << 4,
        _CODES.get(entry.trust, entry.trust),
    )
    # Most calls are nobody's to confirm.
    if not (entry.operator or entry.tags or entry.decided_at_ms):
        return row
    late_ms = entry.decided_at_ms - entry.event_at_ms if entry.decided_at_ms else None
    return (*row, entry.operator, late_ms, entry.tags)


def _call_in(row: Sequence[Any], at_ms: int) -> Entry:
    packed_id, _, outcome, revision, flags, trust, *more = row
    operator, late_ms, tags = more or ("", None, ())
    return Entry(
        call_id=_unpack_id(packed_id),
        event_at_ms=at_ms,
        outcome=_TERMS[outcome] if isinstance(outcome, int) else outcome,
        revision=revision,
        confirmed=bool(flags & _CONFIRMED),
        confidential=bool(flags & _CONFIDENTIAL),
        backfilled=bool(flags & _BACKFILLED),
        trust=_TERMS[trust] if isinstance(trust, int) else trust,
        operator=operator,
        tags=tuple(tags),
        false_report=bool(flags & _FALSE_REPORT),
        decided_at_ms=0 if late_ms is None else at_ms + late_ms,
        exempt=bool(flags & _EXEMPT),
    )


def _decision_out(decision: Decision, since_ms: int) -> tuple[Any, ...]:
    return (
        _pack_id(decision.decision_id), since_ms, _DECISION, decision.kind.value, decision.actor,
        decision.until_ms, decision.tags, [_pack_id(call_id) for call_id in decision.call_ids],
    )  # fmt: skip


def _decision_in(row: Sequence[Any], at_ms: int) -> Decision:
    packed_id, _, _, kind, actor, until_ms, tags, call_ids = row
    return Decision(
        _unpack_id(packed_id), at_ms, DecisionKind(kind), actor, until_ms, tuple(tags),
        tuple([_unpack_id(call_id) for call_id in call_ids]),
    )  # fmt: skip


# A caller's record is written with all its calls, so the same ids are packed again with each of them.
@lru_cache(maxsize=65_536)
def _pack_id(word_id: str) -> bytes | str:
    """16 bytes for a UUID in its usual form; any other id as it is."""
    try:
        packed = UUID(word_id)
    except ValueError:
        return word_id
    return packed.bytes if str(packed) == word_id else word_id


def _unpack_id(packed: bytes | str) -> str:
    return packed if isinstance(packed, str) else str(UUID(bytes=packed))
