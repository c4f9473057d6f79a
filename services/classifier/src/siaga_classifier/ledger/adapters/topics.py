"""The changelog topic of the ledger's table, made with our settings before faust could make it with its own."""

from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from siaga_kit.errors import Transient
from siaga_kit.kafka import security
from siaga_kit.settings import KafkaSettings

from siaga_classifier.ledger.adapters.names import Names

# One batch of a busy second, or one caller's full record (512 calls of some 40 bytes), stays far below.
MAX_MESSAGE_BYTES: Final = 1024 * 1024
# A restart reads the changelog from its start: compacted early and in small segments, it stays near one record a
# caller, and recovery at seconds. The broker's default segments (a week, 1 GiB) would hold every change of a month.
SEGMENT_BYTES: Final = 8 * 1024 * 1024
CLEANUP: Final = {
    "cleanup.policy": "compact",
    "retention.ms": "-1",
    "min.cleanable.dirty.ratio": "0.2",
    "segment.bytes": str(SEGMENT_BYTES),
    "max.message.bytes": str(MAX_MESSAGE_BYTES),
}


class PartitionsError(Exception):
    """Table and input are not partitioned alike: a caller's record would not be found where its calls arrive."""


async def ensure_changelog(settings: KafkaSettings, names: Names) -> int:
    """Create the changelog topic if there is none; how many partitions it shares with what is counted.

    Raises Transient while a topic to count from is not there yet, PartitionsError where they are not alike.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap, **security(settings))
    try:
        await admin.start()
        have = await _partitions(admin, names)
        for name in names.sources:
            if have.get(name, 0) == 0:
                raise Transient(f"topic {name} does not exist yet")
        source = have[names.outcomes.name]
        if have[names.decisions.name] != source:
            raise PartitionsError(
                f"{names.decisions.name} has {have[names.decisions.name]} partitions, {names.outcomes.name} has "
                f"{source}; make them the same number, or a decision would not find its caller"
            )
        if names.changelog not in have:
            await _create(admin, NewTopic(names.changelog, source, settings.replication, topic_configs=CLEANUP))
        elif have[names.changelog] != source:
            raise PartitionsError(
                f"{names.changelog} has {have[names.changelog]} partitions, {names.outcomes.name} has {source}; "
                "delete the changelog and let the ledger count again from the outcomes"
            )
    except (KafkaError, ConnectionError) as error:
        raise Transient(f"the broker is away: {type(error).__name__}") from error
    finally:
        await admin.close()
    return source


async def _partitions(admin: AIOKafkaAdminClient, names: Names) -> dict[str, int]:
    # All topics are listed: asking for one by name would make a broker that allows it create the topic by defaults.
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in await admin.describe_topics()
        if topic["topic"] in (*names.sources, names.changelog)
    }


async def _create(admin: AIOKafkaAdminClient, topic: NewTopic) -> None:
    answer = await admin.create_topics([topic])
    for _, code, *_ in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)(topic.name)
