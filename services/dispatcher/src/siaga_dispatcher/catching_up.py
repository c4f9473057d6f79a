"""Decides once more about what came in just before the working state was lost.

What Redis had committed in its last moments may never have been published, and then the topics do not know it, while
the group's offsets have moved on. So the last records before those offsets are decided about again: what is known
already changes nothing.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, TypeVar

from google.protobuf.message import Message
from siaga.v1 import assessment_pb2, notification_pb2, unit_pb2
from siaga_contracts.catalogue import Topic
from siaga_contracts.envelope import TRACEPARENT, header
from siaga_kit.reading import committed, records
from siaga_kit.records import Record
from siaga_kit.settings import KafkaSettings
from siaga_kit.stage import Item

from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.consuming import Assessments, Notifications, Reports

M = TypeVar("M", bound=Message)

# Of each partition: half a minute of a nation's busiest hour, while the outbox is at most seconds behind.
RECORDS_AGAIN: Final = 2_000
# One call of the processor: what is already known of so many costs some tens of milliseconds.
CHUNK: Final = 500


class CatchUp:
    """Feeds the latest records of the dispatcher's sources to it again."""

    def __init__(
        self, kafka: KafkaSettings, store: Store, assessments: Assessments, reports: Reports, notifications: Notifications,
        topics: Sequence[Topic], groups: Sequence[str],
    ) -> None:  # fmt: skip
        """`topics` and `groups`: of the assessments first, then of the reports, then of the news of messages."""
        self._kafka = kafka
        self._store = store
        self._assessments = assessments
        self._reports = reports
        self._notifications = notifications
        self._topics = topics
        self._groups = groups

    async def run(self, tenants: Collection[str]) -> int:
        """Decide again about these tenants' latest records; tells how many there were."""
        assessments: list[Item[assessment_pb2.CallAssessment]] = await self._latest(0, tenants)
        for start in range(0, len(assessments), CHUNK):
            await self._assessments.process(assessments[start : start + CHUNK])
        reports: list[Item[unit_pb2.UnitReport]] = await self._news(await self._latest(1, tenants))
        for start in range(0, len(reports), CHUNK):
            await self._reports.process(reports[start : start + CHUNK])
        # Else a crew whose message had left would pass for one that was never told.
        news: list[Item[notification_pb2.NotificationEvent]] = await self._latest(2, tenants)
        for start in range(0, len(news), CHUNK):
            await self._notifications.process(news[start : start + CHUNK])
        return len(assessments) + len(reports) + len(news)

    async def _latest(self, source: int, tenants: Collection[str]) -> list[Item[M]]:
        topic = self._topics[source]
        ends = {
            place: offset
            for place, offset in (await committed(self._kafka, self._groups[source])).items()
            if place.topic == topic.name
        }
        if not ends:
            return []
        begins = {place: max(0, offset - RECORDS_AGAIN) for place, offset in ends.items()}
        found: list[Item[M]] = []
        async for row in records(self._kafka, [topic], begins, ends):
            message: Any = topic.message.FromString(row.value or b"")
            if message.tenant in tenants:
                record = Record(
                    row.topic, row.partition, row.offset, row.timestamp, row.key, row.value, tuple(row.headers),
                    header(row.headers, TRACEPARENT),
                )  # fmt: skip
                found.append(Item(record, message))
        return sorted(found, key=lambda item: (item.record.timestamp_ms, item.record.partition, item.record.offset))

    async def _news(self, reports: Sequence[Item[unit_pb2.UnitReport]]) -> list[Item[unit_pb2.UnitReport]]:
        """Reports later than all that is known of their unit: an old word without an order could meet a new task."""
        by_tenant: dict[str, set[str]] = {}
        for item in reports:
            by_tenant.setdefault(item.message.tenant, set()).add(item.message.unit_id)
        known: dict[tuple[str, str], int] = {}
        for tenant, unit_ids in by_tenant.items():
            for unit in await self._store.units(tenant, sorted(unit_ids)):
                known[tenant, unit.unit_id] = unit.event_at_ms
        return [
            item
            for item in reports
            if item.message.event_at_ms > known.get((item.message.tenant, item.message.unit_id), 0)
        ]
