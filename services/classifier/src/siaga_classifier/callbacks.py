"""Callers' outcomes in, callback tasks out: who must be called back, and who no more.

Told step by step and not only as it stands after a batch: after a kill between publishing and saving, the same outcomes come
again, perhaps in one batch, and a task that was told in between has to be taken back.
"""

from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from typing import Final

from siaga.v1 import assessment_pb2, callback_pb2
from siaga_contracts import catalogue, ids
from siaga_contracts.catalogue import Topic
from siaga_kit.records import Outgoing, Record
from siaga_kit.stage import Item, Result

from siaga_classifier.adapters.call_store import CallerKey
from siaga_classifier.adapters.callback_codec import KnownCaller, known_call, task_message
from siaga_classifier.adapters.callback_store import NOBODY, CallbackStore, Change, HeldCaller
from siaga_classifier.core.callback_calls import KnownCall, learned, remembered
from siaga_classifier.core.callback_tasks import Task, changes, tasks_of

DIGEST_BYTES: Final = 12
# Tasks whose calls stay known: the last one, and the one before it, should the call that closed it be judged otherwise.
TASKS_KEPT: Final = 2

Told = tuple[KnownCall, Record]


class Callbacks:
    """The processor of the stage over callers' outcomes."""

    def __init__(self, store: CallbackStore, tasks: Topic = catalogue.CALLBACK_TASKS) -> None:
        self._store = store
        self._tasks = tasks

    async def process(self, batch: Sequence[Item[assessment_pb2.CallerOutcome]]) -> Result:
        """Learn what the batch tells of each caller, and tell of each task that changed."""
        told: dict[CallerKey, list[Told]] = {}
        for item in batch:
            call = known_call(item.message)
            told.setdefault(CallerKey(item.message.tenant, item.message.caller_key), []).append((call, item.record))
        held = await self._store.load(told)
        outgoing: list[Outgoing] = []
        saved: list[Change] = []
        for caller, calls in told.items():
            published, change = self._learn(caller, calls, held.get(caller, NOBODY))
            outgoing += published
            saved += change
        return Result(outgoing, partial(self._store.save, saved) if saved else None)

    def _learn(
        self, caller: CallerKey, told: Sequence[Told], held: HeldCaller
    ) -> tuple[Sequence[Outgoing], Sequence[Change]]:
        who = (caller.tenant, caller.caller_key)
        calls = known = {call.call_id: call for call in held.known.calls}
        before = tasks_of(*who, calls)
        touched: dict[str, Task] = {}
        for call, _ in told:
            calls = dict(learned(calls, call))
            after = tasks_of(*who, calls)
            for task in changes(before, after, calls):
                touched.pop(task.task_id, None)
                touched[task.task_id] = task
            before = after
        if calls == known:
            return (), ()
        record = told[-1][1]
        revision = max(held.known.revision + 1, record.offset + 1)
        since_ms = before[-TASKS_KEPT].opened_at_ms if len(before) >= TASKS_KEPT else 0
        kept = KnownCaller(tuple(remembered(calls, since_ms).values()), revision)
        return [self._outgoing(caller, task, revision, record) for task in touched.values()], [(caller, kept, held.raw)]

    def _outgoing(self, caller: CallerKey, task: Task, revision: int, record: Record) -> Outgoing:
        message = task_message(caller.tenant, caller.caller_key, task)
        event_id = ids.derived("callback-task", task.task_id, _digest(message))
        message.revision = revision
        return Outgoing(self._tasks, caller.caller_key, message, event_id, task.changed_at_ms, record.traceparent)


def _digest(message: callback_pb2.CallbackTask) -> str:
    return blake2b(message.SerializeToString(deterministic=True), digest_size=DIGEST_BYTES).hexdigest()
