"""Crews' words on the topic, by whatever way they came: app, console, tracker. Any of them closes the loop."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from siaga.v1 import unit_pb2
from siaga_kit.stage import Item, Result

from siaga_notifier.adapters import codec
from siaga_notifier.adapters.store import ACKNOWLEDGED, Heard, Store

# Whoever says one of these knows of its task.
ANSWERS: Final = frozenset(
    {
        unit_pb2.UNIT_STATUS_ACKNOWLEDGED,
        unit_pb2.UNIT_STATUS_EN_ROUTE,
        unit_pb2.UNIT_STATUS_STAGING,
        unit_pb2.UNIT_STATUS_ON_SCENE,
        unit_pb2.UNIT_STATUS_PATIENT_CONTACT,
        unit_pb2.UNIT_STATUS_TRANSPORTING,
        unit_pb2.UNIT_STATUS_AT_HOSPITAL,
        unit_pb2.UNIT_STATUS_CLEAR,
        unit_pb2.UNIT_STATUS_DELAYED,
        unit_pb2.UNIT_STATUS_DECLINED,
    }
)
# Of what came by these the inbox has told already.
OWN_WAYS: Final = frozenset({"sms", "mqtt", "whatsapp", "link"})


class ReportProcessor:
    """What the stage does with unit reports."""

    def __init__(
        self, store: Store, look: Callable[[Sequence[str]], Awaitable[None]], clock_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._look = look
        self._clock_ms = clock_ms

    async def process(self, batch: Sequence[Item[unit_pb2.UnitReport]]) -> Result:
        """Leave word of answers for whoever looks after the units; positions, most of the topic, are passed over."""
        answers = [item.message for item in batch if is_answer(item.message)]
        if not answers:
            return Result()
        tasks = await self._store.tasks(list({one.order_id for one in answers if one.order_id}))
        now_ms = self._clock_ms()
        for one in answers:
            task = tasks.get(one.order_id)
            if one.order_id and (task is None or task.unit_id != one.unit_id):
                continue
            heard = Heard(
                ACKNOWLEDGED,
                task.incident_id if task else "",
                now_ms,
                reason=codec.status_name(one.status),
                channel=one.via,
                told=one.via in OWN_WAYS,
            )
            self._store.put_heard(one.unit_id, heard)
        await self._store.flush()
        await self._look(list({one.unit_id for one in answers}))
        return Result()


def is_answer(report: unit_pb2.UnitReport) -> bool:
    """Whether whoever speaks knows of its task; a code of the centre's own says so only together with the order."""
    if report.status:
        return report.status in ANSWERS
    return bool(report.status_code and report.order_id)
