"""What may go wrong, sorted by what to do about it."""

import asyncio

import redis.exceptions
from aiokafka.errors import KafkaError


class Transient(Exception):  # noqa: N818  (it is a condition that passes, not an error of the record)
    """Something outside is away (broker, Redis, SMS centre): try the same again later, never dead-letter for it."""


# Client errors that mean the same as Transient. A Redis that is loading its log or refusing writes comes back by
# itself; a script error or wrong type does not, and must reach the dead letters.
TRANSIENT_ERRORS: tuple[type[BaseException], ...] = (
    Transient,
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    redis.exceptions.BusyLoadingError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.TryAgainError,
    redis.exceptions.ClusterDownError,
    asyncio.TimeoutError,
    ConnectionError,
)


def is_transient(error: BaseException) -> bool:
    """Whether trying again may help."""
    if isinstance(error, KafkaError):
        return True
    return isinstance(error, TRANSIENT_ERRORS)
