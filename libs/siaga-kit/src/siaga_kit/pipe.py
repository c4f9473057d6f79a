"""Redis asked by many tasks at once: what they ask in the same moment goes in one write, and is answered in one read.

Every task awaits its own answer, so each sees its own commands in its own order; between tasks there is none, as there
is none between connections of a pool.
"""

import asyncio
from collections.abc import Sequence
from hashlib import sha1
from typing import Any, Final

import hiredis
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

# While one load is being worked off by Redis the next one is written; a third would only make the loads smaller.
UNDER_WAY: Final = 2
# Commands in one write. More would keep the first ones waiting for the last ones' answers.
TOGETHER: Final = 256

Argument = bytes | str | int | float
_Asked = tuple[bytes, asyncio.Future[Any]]


class Pipe:
    """Asks commands of one Redis. Raises what the client raises: its ConnectionError and TimeoutError, ResponseError."""

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._waiting: list[_Asked] = []
        self._loads: set[asyncio.Task[None]] = set()
        self._planned = False

    async def ask(self, *command: Argument) -> Any:
        """One command's answer."""
        return await self._put(command)

    async def ask_all(self, commands: Sequence[tuple[Argument, ...]]) -> list[Any]:
        """The answers of several commands, in their order."""
        return list(await asyncio.gather(*map(self._put, commands)))

    def _put(self, command: tuple[Argument, ...]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        # Its stub speaks of commands of one word.
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]
        self._waiting.append((packed, answer))
        self._plan(loop)
        return answer

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._planned and len(self._loads) < UNDER_WAY:
            # Not at once: whoever else has something to ask in this turn of the loop comes along.
            self._planned = True
            loop.call_soon(self._begin, loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._planned = False
        load, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
        task = loop.create_task(self._carry(load))
        self._loads.add(task)
        task.add_done_callback(self._ended)
        if self._waiting:
            self._plan(loop)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._loads.discard(task)
        if self._waiting:
            self._plan(task.get_loop())

    async def _carry(self, load: list[_Asked]) -> None:
        """Ask all of a load; a connection that went stale while idle gets a second chance, as the client gives one."""
        try:
            try:
                await self._exchange(load)
            except (RedisConnectionError, RedisTimeoutError, OSError):
                await self._exchange([asked for asked in load if not asked[1].done()])
        except BaseException as error:
            for _, answer in load:
                if not answer.done():
                    answer.set_exception(error)
            if not isinstance(error, Exception):
                raise

    async def _exchange(self, load: list[_Asked]) -> None:
        connection: AbstractConnection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.send_packed_command([b"".join(packed for packed, _ in load)])
            for _, answer in load:
                try:
                    told = await connection.read_response()
                except ResponseError as refused:
                    if not answer.done():
                        answer.set_exception(refused)
                else:
                    # Its task may have been cancelled meanwhile; the others' answers come after it all the same.
                    if not answer.done():
                        answer.set_result(told)
        except BaseException:
            # Answers may still be on their way: nobody else may take them for his own.
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(connection)


class Script:
    """A Lua script, known to Redis by its digest and told again when Redis has forgotten it."""

    def __init__(self, pipe: Pipe, text: str) -> None:
        self._pipe = pipe
        self._text = text
        self._digest = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """What it answers."""
        try:
            return await self._pipe.ask("EVALSHA", self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self._pipe.ask("EVAL", self._text, len(keys), *keys, *arguments)
