"""The standing after what was folded away, as plain values for an account's body."""

from collections.abc import Sequence
from typing import Any

from siaga_classifier.ledger.core.model import (
    Appeal,
    AppealState,
    Counted,
    Mark,
    Number,
    Permanence,
    Silence,
    Standing,
    State,
)


def standing_out(standing: Standing) -> tuple[Any, ...]:
    """The standing as plain values; new ones only at the end, where an old table has none."""
    permanence, silence, number = standing.permanence, standing.silence, standing.number
    return (
        standing.state.value, standing.since_ms, standing.until_ms, standing.cause_call_id, standing.reason,
        [(abuse.at_ms, abuse.weight, abuse.confirmed, abuse.operator) for abuse in standing.counted],
        standing.ivr_pranks_ms, standing.imposed_ms, standing.ticks, standing.trust,
        (permanence.approved_by, permanence.confirmed_by, permanence.reviewed_ms, permanence.review_due),
        (silence.ghosts_ms, silence.screen_until_ms, _mark_out(silence.welfare)),
        (number.shared, number.tags, _appeal_out(number.appeal), _mark_out(number.false_report)),
    )  # fmt: skip


def standing_in(fields: Sequence[Any]) -> Standing:
    """The standing of these values; the first layout ended with the trust."""
    state, since_ms, until_ms, cause_call_id, reason, counted, ivr_pranks_ms, imposed_ms, ticks, trust, *more = fields
    standing = Standing(
        State(state), since_ms, until_ms, cause_call_id, reason,
        tuple([Counted(*abuse) for abuse in counted]), tuple(ivr_pranks_ms), imposed_ms, ticks, trust,
    )  # fmt: skip
    if not more:
        return standing
    (approved_by, confirmed_by, reviewed_ms, review_due), (ghosts_ms, screen_until_ms, welfare), number = more
    shared, tags, appeal, false_report = number
    return Standing(
        standing.state, since_ms, until_ms, cause_call_id, reason, standing.counted, standing.ivr_pranks_ms,
        imposed_ms, ticks, trust,
        Permanence(tuple(approved_by), tuple(confirmed_by), reviewed_ms, review_due),
        Silence(tuple(ghosts_ms), screen_until_ms, Mark(*welfare)),
        Number(shared, tuple(tags), _appeal_in(appeal), Mark(*false_report)),
    )  # fmt: skip


def _mark_out(mark: Mark) -> tuple[int, str]:
    return (mark.at_ms, mark.call_id)


def _appeal_out(appeal: Appeal | None) -> tuple[Any, ...] | None:
    if appeal is None:
        return None
    return (
        appeal.state.value, appeal.decision_id, appeal.filed_at_ms, appeal.due_at_ms, appeal.decided_at_ms,
        appeal.decided_by,
    )  # fmt: skip


def _appeal_in(fields: Sequence[Any] | None) -> Appeal | None:
    return None if fields is None else Appeal(AppealState(fields[0]), *fields[1:])
