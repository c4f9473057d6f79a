"""A write to a connection that just broke is an error of Kafka's, by Python's own loop and by uvloop."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.admin import ApiVersionRequest
from siaga_kit.broken_connections import tell_broken_connections


async def send_over_a_broken_connection() -> None:
    accepted: list[asyncio.StreamWriter] = []
    answers: list[asyncio.Future[Any]] = []
    server = await asyncio.start_server(lambda _, writer: accepted.append(writer), "127.0.0.1", 0)
    connection = AIOKafkaConnection("127.0.0.1", server.sockets[0].getsockname()[1])

    async def no_greeting() -> None:
        """The peer speaks no Kafka."""

    connection._do_version_lookup = no_greeting
    try:
        await connection.connect()
        while not accepted:
            await asyncio.sleep(0)
        # No farewell, as after kill -9: what was not read is answered by a reset.
        reset = struct.pack("ii", 1, 0)
        accepted[0].get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        accepted[0].transport.abort()
        while True:
            # In every pass of the loop, for the transport and its reader hear of the end in different ones.
            answers.append(asyncio.ensure_future(connection.send(ApiVersionRequest())))
            await asyncio.sleep(0)
    finally:
        connection.close()
        await asyncio.gather(*answers, return_exceptions=True)
        for writer in accepted:
            writer.close()
        server.close()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_broken_connection_is_told_as_one(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    tell_broken_connections()
    with asyncio.Runner(loop_factory=loop) as runner, pytest.raises(KafkaConnectionError):
        runner.run(send_over_a_broken_connection())
