"""Posture between the contracts, what is saved, and the core."""

from dataclasses import astuple
from typing import Any, Final

import msgspec
from siaga.v1 import assessment_pb2, decision_pb2, posture_pb2
from siaga_contracts import ids

from siaga_classifier.adapters.posture_store import Tick, caller_of
from siaga_classifier.core.posture.levels import Held, Level, Measured
from siaga_classifier.core.posture.outlook import Saved, Telling
from siaga_classifier.core.posture.pressure import Pressure
from siaga_classifier.core.posture.standing import Declared, HotCaller, Posture, Span
from siaga_classifier.core.posture.usual import Usual
from siaga_classifier.core.vocabulary import Outcome

# Who decides when it is the rates.
AUTOMATIC: Final = "posture"
# Whoever hangs up sooner may have pocket-dialled; whoever waited so long was not served.
PATIENCE_MS: Final = 30_000
# Raised with the layout of what is saved; a state of another layout begins anew, green and unlearned.
LAYOUT: Final = 1

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[Any])
_UNSERVED: Final = Outcome.UNSERVED.value
_ABANDON: Final = Outcome.ABANDON.value
_NOT_OVER: Final = frozenset({Outcome.UNSPECIFIED.value, Outcome.IN_PROGRESS.value})


def tick_of(message: assessment_pb2.CallAssessment, published_at_ms: int) -> Tick:
    """What a call's assessment says for the counts. No call begins after it was told of: a clock that runs ahead is cut."""
    times = message.times
    told_ms = (times.ringing_at_ms, times.ivr_entered_at_ms, times.queue_joined_at_ms, times.answered_at_ms)
    known_ms = [at_ms for at_ms in told_ms if at_ms]
    began_ms = min(min(known_ms, default=message.event_at_ms), published_at_ms)
    caller = caller_of(message.caller_key, message.source)
    if not is_attended(message):
        return Tick(message.call_id, caller, began_ms)
    waited_until_ms = times.answered_at_ms or times.ended_at_ms
    attended_ms = waited_until_ms or message.event_at_ms
    # Of a call whose end was lost nobody knows how long it waited.
    is_known = times.queue_joined_at_ms and waited_until_ms
    wait_ms = max(0, waited_until_ms - times.queue_joined_at_ms) if is_known else 0
    unserved = not times.answered_at_ms and (
        message.outcome == _UNSERVED or (message.outcome == _ABANDON and wait_ms >= PATIENCE_MS)
    )
    return Tick(message.call_id, caller, began_ms, True, min(attended_ms, published_at_ms), unserved, wait_ms)


def is_attended(message: assessment_pb2.CallAssessment) -> bool:
    """Whether the caller waits no more: answered, or over."""
    return bool(message.times.answered_at_ms) or message.outcome not in _NOT_OVER


def declared_of(message: decision_pb2.CallerDecision) -> Declared | None:
    """A major incident that a person declared or lifted; None for every other decision."""
    if message.actor == AUTOMATIC:
        return None
    if message.kind == decision_pb2.DECISION_KIND_SUSPEND:
        until_ms = message.until_ms
    elif message.kind == decision_pb2.DECISION_KIND_RESUME:
        until_ms = message.at_ms
    else:
        return None
    return Declared(message.actor, message.reason, message.at_ms, until_ms, message.decision_id)


def posture_message(tenant: str, telling: Telling) -> posture_pb2.TenantPosture:
    """The record of a posture."""
    posture, readings = telling.posture, telling.readings
    return posture_pb2.TenantPosture(
        tenant=tenant,
        level=posture.level.value,  # type: ignore[arg-type]  # same numbers, see the test of the vocabularies
        since_ms=posture.since_ms,
        event_at_ms=telling.at_ms,
        calls_per_minute=readings.calls_per_minute,
        usual_per_minute=readings.usual_per_minute,
        callers_per_minute=readings.callers_per_minute,
        unserved_share=readings.unserved_share,
        hot_callers=[
            posture_pb2.HotCaller(caller_key=hot.caller_key, calls=hot.calls, since_ms=hot.since_ms, source=hot.source)
            for hot in posture.hot
        ],
        sanctions_suspended=posture.suspended,
        reason=posture.reason,
        declared_by=posture.declared_by,
        revision=telling.revision,
    )


def telling_id(tenant: str, before: int, telling: Telling) -> str:
    """The id of a telling after the revision before: told again after a crash, it is the same."""
    posture = telling.posture
    hot = [f"{who}/{source}/{since_ms}" for who, source, since_ms in sorted(one.alert for one in posture.hot)]
    parts = (str(before), posture.level.name, str(posture.since_ms), posture.declared_by, *hot)
    return ids.derived("posture", tenant, *parts)


def rest_message(tenant: str, span: Span) -> decision_pb2.CallerDecision:
    """What the ledger is told of a flood: between these times nothing counts."""
    start_ms, end_ms = span
    return decision_pb2.CallerDecision(
        decision_id=ids.derived("posture-rest", tenant, str(start_ms), str(end_ms)),
        tenant=tenant,
        kind=decision_pb2.DECISION_KIND_SUSPEND,
        actor=AUTOMATIC,
        reason="flood of calls",
        at_ms=start_ms,
        until_ms=end_ms,
    )


def encode(saved: Saved) -> bytes:
    """The bytes of a state; the same state always gives the same."""
    pressure, told = saved.pressure, saved.told
    held, usual = pressure.held, pressure.usual
    return _encoder.encode(
        [
            LAYOUT, pressure.minute,
            [held.level.value, held.since_ms, held.reason, held.calm_minutes, held.calm.level.value, held.calm.reason],
            [usual.by_hour, usual.last_hour, usual.hour, usual.minutes, usual.callers],
            [told.level.value, told.since_ms, told.reason, told.declared_by, [astuple(hot) for hot in told.hot]],
            saved.revision, saved.rested_until_ms, saved.declared_id,
        ]
    )  # fmt: skip


def decode(value: bytes) -> Saved | None:
    """The state of the bytes; None for nothing, and for another layout."""
    if not value:
        return None
    layout, *fields = _decoder.decode(value)
    if layout != LAYOUT:
        return None
    minute, held, usual, told, revision, rested_until_ms, declared_id = fields
    level, since_ms, reason, calm_minutes, calm_level, calm_reason = held
    by_hour, *rest = usual
    told_level, told_since_ms, told_reason, declared_by, hot = told
    return Saved(
        Pressure(
            minute,
            Held(Level(level), since_ms, reason, calm_minutes, Measured(Level(calm_level), calm_reason)),
            Usual(tuple(by_hour), *rest),
        ),
        Posture(Level(told_level), told_since_ms, told_reason, declared_by, tuple([HotCaller(*one) for one in hot])),
        revision,
        rested_until_ms,
        declared_id,
    )
