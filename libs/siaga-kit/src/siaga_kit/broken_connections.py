"""A connection to Kafka that just broke is told as broken, whichever event loop runs.

The client library takes a write to a connection whose end it has not read yet for one that works. Python's own loop
passes over such a write; uvloop raises RuntimeError, which the library expects nowhere: it ends the task that keeps a
client's metadata, without a word. From then on the client waits for ever for whatever needs metadata: a group's
coordinator, and with it every commit; a producer, the leader of a partition. Seen after two broker restarts in nine.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason

_send = AIOKafkaConnection.send


def _send_if_open(connection: Any, request: Any, expect_response: bool = True) -> Any:
    writer = connection._writer  # noqa: SLF001  (nothing else tells that it is closing)
    if writer is not None and writer.is_closing():
        # As the library does with a write that fails; after it `send` raises KafkaConnectionError.
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
    return _send(connection, request, expect_response)


def tell_broken_connections() -> None:
    """From now on, sending over a connection that is closing raises KafkaConnectionError. Again changes nothing."""
    AIOKafkaConnection.send = _send_if_open
