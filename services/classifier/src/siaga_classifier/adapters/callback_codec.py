"""Callback tasks and what is known of a caller's calls: between contract, core and Redis."""

from dataclasses import dataclass
from typing import Final

import msgspec
from siaga.v1 import assessment_pb2, callback_pb2

from siaga_classifier.core.callback_calls import KnownCall
from siaga_classifier.core.callback_tasks import Task
from siaga_classifier.core.state import Callback
from siaga_classifier.core.vocabulary import CallbackResult, Outcome

# A task of hundreds of calls is read by a person, who looks at the last ones.
MAX_SHOWN: Final = 20
VERSION: Final = 1

_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
_RESULTS: Final = {result.value: result for result in CallbackResult if result}


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """What is kept of a caller: the calls, and the revision last told of the tasks."""

    calls: tuple[KnownCall, ...] = ()
    revision: int = 0


# The fields of Callback and of KnownCall, in their order.
ReportWire = tuple[CallbackResult, int, str, str]
CallWire = tuple[str, int, Outcome, int, int, str, tuple[ReportWire, ...], bool, bool]
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(tuple[int, int, tuple[CallWire, ...]])


def encode(known: KnownCaller) -> bytes:
    """A caller as MessagePack: arrays, no names."""
    return _encoder.encode((VERSION, known.revision, [_wire(call) for call in known.calls]))


def decode(value: bytes) -> KnownCaller:
    """The caller in these bytes. ValueError when they are none."""
    version, revision, calls = _decoder.decode(value)
    if version != VERSION:
        raise ValueError(f"caller of version {version}, this is {VERSION}: let the older service finish, or rebuild")
    return KnownCaller(tuple(_call(wire) for wire in calls), revision)


def _wire(call: KnownCall) -> CallWire:
    reports = tuple((report.result, report.at_ms, report.reason, report.operator) for report in call.reports)
    return (
        call.call_id, call.revision, call.outcome, call.ended_at_ms, call.answered_at_ms, call.operator, reports,
        call.silent_confirmed, call.unsafe,
    )  # fmt: skip


def _call(wire: CallWire) -> KnownCall:
    call_id, revision, outcome, ended_at_ms, answered_at_ms, operator, reports, silent_confirmed, unsafe = wire
    told = tuple(Callback(*report) for report in reports)
    return KnownCall(call_id, revision, outcome, ended_at_ms, answered_at_ms, operator, told, silent_confirmed, unsafe)


def known_call(message: assessment_pb2.CallerOutcome) -> KnownCall:
    """What a call's outcome says of calling back. ValueError when it names no call, caller or time."""
    if not (message.call_id and message.tenant and message.caller_key and message.event_at_ms > 0):
        raise ValueError("an outcome needs call_id, tenant, caller_key and event_at_ms")
    return KnownCall(
        call_id=message.call_id,
        revision=message.revision,
        # One of a newer contract says nothing here.
        outcome=Outcome.TEST if message.test else _OUTCOMES.get(message.outcome, Outcome.UNSPECIFIED),
        ended_at_ms=message.event_at_ms,
        answered_at_ms=message.answered_at_ms,
        operator=message.operator,
        reports=tuple(_report(report) for report in _reports(message) if report.result in _RESULTS),
        silent_confirmed=message.silent_confirmed,
        unsafe=message.confidential and not message.safe_to_contact,
    )


def _reports(message: assessment_pb2.CallerOutcome) -> list[assessment_pb2.CallbackReport]:
    if message.callbacks:
        return list(message.callbacks)
    return [message.callback] if message.HasField("callback") else []


def _report(report: assessment_pb2.CallbackReport) -> Callback:
    return Callback(_RESULTS[report.result], report.at_ms, report.reason, report.operator)


def task_message(tenant: str, caller_key: str, task: Task) -> callback_pb2.CallbackTask:
    """The message of a task, without its revision."""
    return callback_pb2.CallbackTask(
        task_id=task.task_id,
        tenant=tenant,
        caller_key=caller_key,
        state=task.state.value,  # type: ignore[arg-type]  # same numbers, see the test of the vocabularies
        calls=[
            callback_pb2.MissedCall(
                call_id=call.call_id,
                outcome=call.outcome.value,  # type: ignore[arg-type]
                ended_at_ms=call.ended_at_ms,
                silent_confirmed=call.silent_confirmed,
            )
            for call in task.calls[-MAX_SHOWN:]
        ],
        missed=len(task.calls),
        opened_at_ms=task.opened_at_ms,
        latest_at_ms=task.latest_at_ms,
        attempts=task.attempts,
        attempted_at_ms=task.attempted_at_ms,
        closed_by=task.closing.value,  # type: ignore[arg-type]
        closed_at_ms=task.closed_at_ms,
        closed_by_operator=task.closed_by,
        reason=task.reason,
        only_if_safe=task.only_if_safe,
    )
