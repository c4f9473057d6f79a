"""Creates the topics of the catalogue, and tells where a cluster's topics differ from it."""

import asyncio
import sys
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from siaga_contracts.catalogue import TOPICS, Topic

from siaga_kit.kafka import security
from siaga_kit.settings import Settings


@dataclass(frozen=True, slots=True)
class TopicChange:
    """What was done with a topic, or how it differs; `drift` is told and never mended without the operator."""

    topic: str
    action: Literal["created", "as listed", "drift", "missing"]
    detail: str = ""


async def ensure_topics(bootstrap: str, replication: int, **security: Any) -> list[TopicChange]:
    """Create what is missing, with the catalogue's partitions and settings, and check what is there."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **security)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [topic for topic in TOPICS if topic.name not in there]
        if missing:
            await _create(admin, missing, replication)
        created = [TopicChange(topic.name, "created") for topic in missing]
        return created + await _compare(admin, [topic for topic in TOPICS if topic.name in there])
    finally:
        await admin.close()


async def describe(bootstrap: str, **security: Any) -> list[TopicChange]:
    """Compare the cluster with the catalogue, changing nothing."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **security)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        absent = [TopicChange(topic.name, "missing") for topic in TOPICS if topic.name not in there]
        return absent + await _compare(admin, [topic for topic in TOPICS if topic.name in there])
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: list[Topic], replication: int) -> None:
    asked = [NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.config()) for topic in topics]
    answer = await admin.create_topics(asked)
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        # Another process may create them at the same moment: then they are there, as wanted.
        if code and error is not TopicAlreadyExistsError:
            raise error(f"topic {name} cannot be created with replication {replication}")


async def _compare(admin: AIOKafkaAdminClient, topics: list[Topic]) -> list[TopicChange]:
    if not topics:
        return []
    names = [topic.name for topic in topics]
    partitions = {told["topic"]: len(told["partitions"]) for told in await admin.describe_topics(names)}
    configs: dict[str, dict[str, str]] = {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    for answer in await admin.describe_configs(resources):
        for _code, _message, _kind, name, entries in answer.resources:
            configs[name] = {entry[0]: entry[1] for entry in entries}
    return [_difference(topic, partitions[topic.name], configs[topic.name]) for topic in topics]


def _difference(topic: Topic, partitions: int, config: dict[str, str]) -> TopicChange:
    found = [f"partitions {partitions} instead of {topic.partitions}"] if partitions != topic.partitions else []
    for name, wanted in topic.config().items():
        # The broker gives a list back in an order of its own.
        if sorted(str(config.get(name)).split(",")) != sorted(wanted.split(",")):
            found.append(f"{name} {config.get(name)} instead of {wanted}")
    return TopicChange(topic.name, "drift" if found else "as listed", "; ".join(found))


def main() -> None:
    """Create what is missing on the broker of the settings; exit 1 when a topic there differs from the catalogue."""
    settings = Settings().kafka
    changes = asyncio.run(ensure_topics(settings.bootstrap, settings.replication, **security(settings)))
    for change in changes:
        print(f"{change.topic}: {change.action} {change.detail}".rstrip())  # noqa: T201  (its output)
    sys.exit(1 if any(change.action == "drift" for change in changes) else 0)


if __name__ == "__main__":
    main()
