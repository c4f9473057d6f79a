"""Writes the page of topics from the catalogue (`python -m siaga_contracts.describe > docs/topics.md`)."""

from siaga_contracts.catalogue import TOPICS, Topic

HEAD = """# Topics

Generated from the catalogue (`libs/siaga-contracts/src/siaga_contracts/catalogue.py`); a test keeps it true.

Values are Protobuf (`protos/siaga/v1`), without a schema registry's framing. Every record carries CloudEvents headers in Kafka's binary
mode (`ce_id`, `ce_type`, `ce_source`, `ce_time`, `content-type`), `siaga_schema` with the message's full name, and `traceparent` (W3C)
where traces are on. Delivery is at least once: **the same `ce_id` again is nothing new**. Order holds per key.

| topic | key | message | partitions | kept | written by | what it says |
|---|---|---|---|---|---|---|
"""

TAIL = """
Integrators subscribe to the two public mirrors; a confidential incident shows there as type `confidential` with its kecamatan only.
The other topics are the centre's own: access to them is given by the broker's ACLs, per topic and group.

## A consumer in a dozen lines

```python
import asyncio
from aiokafka import AIOKafkaConsumer
from siaga.v1.incident_pb2 import PublicIncident


async def main() -> None:
    consumer = AIOKafkaConsumer(
        "siaga.public-incidents.v1", bootstrap_servers="127.0.0.1:9092", auto_offset_reset="earliest"
    )
    async with consumer:
        async for record in consumer:
            incident = PublicIncident.FromString(record.value)
            print(incident.tenant, incident.incident_id, incident.type, incident.status, incident.version)


asyncio.run(main())
```

`./siaga status --json` prints the broker's address of the stack on this machine.
"""


def _kept(topic: Topic) -> str:
    days = f"{topic.retention.days} d" if topic.retention is not None else ""
    return " + ".join(part for part in ("compacted" if topic.compacted else "", days) if part)


def page() -> str:
    """The page as Markdown."""
    rows = (
        f"| `{topic.name}` | {topic.key} | `{topic.message.DESCRIPTOR.full_name}` | {topic.partitions} | {_kept(topic)} "
        f"| {topic.written_by} | {topic.purpose} |\n"
        for topic in TOPICS
    )
    return HEAD + "".join(rows) + TAIL


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  (its output is the page)
