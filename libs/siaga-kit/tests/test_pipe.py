"""Many tasks on one Redis: each gets its own answer, whatever becomes of the others."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from siaga_kit.pipe import TOGETHER, UNDER_WAY, Pipe, Script

pytestmark = pytest.mark.stack


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


async def test_each_of_many_gets_its_own_answer(redis: Redis) -> None:
    pipe = Pipe(redis)
    asked = [f"word-{number}" for number in range(3 * TOGETHER)]
    assert await asyncio.gather(*(pipe.ask("ECHO", word) for word in asked)) == [word.encode() for word in asked]
    # No more than the loads under way need: a connection for every task would be a crowd.
    assert len(redis.connection_pool._available_connections) <= UNDER_WAY


async def test_answers_keep_their_order_in_one_task(redis: Redis) -> None:
    key = f"test:{uuid.uuid4().hex}"
    pipe = Pipe(redis)
    await pipe.ask("SET", key, 0, "EX", 60)
    assert await pipe.ask_all([("INCR", key)] * 5) == [1, 2, 3, 4, 5]


async def test_a_refused_command_is_told_to_its_own_task_only(redis: Redis) -> None:
    pipe = Pipe(redis)
    told = await asyncio.gather(
        pipe.ask("ECHO", "before"), pipe.ask("INCR"), pipe.ask("ECHO", "after"), return_exceptions=True
    )
    assert told[0] == b"before"
    assert isinstance(told[1], ResponseError)
    assert told[2] == b"after"


async def test_a_task_that_gives_up_does_not_shift_the_others_answers(redis: Redis) -> None:
    pipe = Pipe(redis)
    tasks = [asyncio.create_task(pipe.ask("ECHO", str(number))) for number in range(10)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answer for n, answer in enumerate(told) if n != 3] == [str(n).encode() for n in range(10) if n != 3]
    assert await pipe.ask("ECHO", "next") == b"next"


async def test_a_connection_that_went_stale_is_replaced(redis: Redis, redis_url: str) -> None:
    pipe = Pipe(redis)
    number = await pipe.ask("CLIENT", "ID")
    async with Redis.from_url(redis_url) as other:
        await other.client_kill_filter(_id=str(number))
    assert await pipe.ask("ECHO", "still here") == b"still here"


async def test_without_a_server_everybody_hears_it(redis: Redis) -> None:
    # As it is by default it would try ten times, longer and longer apart.
    pipe = Pipe(Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)))
    told = await asyncio.gather(*(pipe.ask("PING") for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in told] == [RedisConnectionError] * 5


async def test_a_forgotten_script_is_told_again(redis: Redis) -> None:
    script = Script(Pipe(redis), f"return {{KEYS[1], ARGV[1]}} -- {uuid.uuid4().hex}")
    for _ in range(2):
        assert await script(["k"], ["a"]) == [b"k", b"a"]
