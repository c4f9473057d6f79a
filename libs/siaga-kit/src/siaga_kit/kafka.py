"""How our Kafka clients are built: every setting that matters is ours, none a library's default."""

import ssl
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener

from siaga_kit.broken_connections import tell_broken_connections
from siaga_kit.settings import KafkaSettings

tell_broken_connections()

# A member that restarts inside this keeps its place (static membership), so that a restart moves no partition.
SESSION_TIMEOUT_MS: Final = 45_000
HEARTBEAT_MS: Final = 3_000
# The broker answers at once when there is something; this only sets how often an idle consumer asks again. Shorter
# costs idle CPU on a one-PC centre, longer makes a new partition's first fetch late.
FETCH_MAX_WAIT_MS: Final = 1_000
# A pause for an outage may be long; the group must not throw the member out for it. Heartbeats go on by themselves.
MAX_POLL_INTERVAL_MS: Final = 24 * 3600 * 1000
# How long the group waits for a member to give up its partitions: longer than the stage's drain.
REBALANCE_TIMEOUT_MS: Final = 30_000
# Largest batch of records in one request: a poll's results for one partition go in one piece.
MAX_BATCH_BYTES: Final = 512 * 1024
REQUEST_TIMEOUT_MS: Final = 10_000
# How soon a consumer sees partitions that it knew nothing of: new ones, and those that a broker just started did not
# name yet. By the library's default of five minutes a group that was shared out in that moment would read none so long.
METADATA_MAX_AGE_MS: Final = 10_000


def security(settings: KafkaSettings) -> dict[str, Any]:
    """How a client proves itself and hides what it says; certificates are checked against the system's store."""
    if settings.security_protocol == "PLAINTEXT":
        return {}
    chosen: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if "SSL" in settings.security_protocol.removeprefix("SASL_"):
        chosen["ssl_context"] = ssl.create_default_context()
    if settings.security_protocol.startswith("SASL_"):
        password = settings.sasl_password.get_secret_value() if settings.sasl_password else None
        chosen |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": password,
        }
    return chosen


def producer(settings: KafkaSettings, client_id: str) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas and sends a lone record at once."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=MAX_BATCH_BYTES,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        retry_backoff_ms=100,
        **security(settings),
    )


def consumer(
    settings: KafkaSettings,
    topics: list[str],
    group: str,
    member: str,
    listener: ConsumerRebalanceListener | None = None,
) -> AIOKafkaConsumer:
    """A consumer that reads from the beginning, commits only what it is told to, and keeps its place over a restart."""
    made = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        client_id=member,
        group_id=group,
        group_instance_id=member,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=SESSION_TIMEOUT_MS,
        heartbeat_interval_ms=HEARTBEAT_MS,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
        retry_backoff_ms=100,
        **security(settings),
    )
    made.subscribe(topics=topics, listener=listener)
    return made
