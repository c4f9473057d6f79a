"""The real Kafka and Redis under the real, detached supervisor."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from siaga_contracts.catalogue import CALL_EVENTS, TOPICS
from siaga_kit.embedded import control, state
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.plan import Choices
from siaga_kit.embedded.stack import Stack
from siaga_kit.topics import describe, ensure_topics

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("home"), services=()) as running:
        yield running


def test_a_killed_redis_comes_back_with_its_data_on_the_same_port(stack: Stack) -> None:
    with redis.Redis.from_url(stack.addresses.redis_url) as client:
        client.set("siaga", "112")
    before = stack.process("redis")
    gone = stack.kill("redis")
    after = stack.wait_ready("redis", not_pid=gone)
    assert after.restarts == before.restarts + 1
    assert after.url == before.url
    with redis.Redis.from_url(stack.addresses.redis_url) as client:
        assert client.get("siaga") == b"112"
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_a_killed_kafka_comes_back_with_its_topics(stack: Stack) -> None:
    bootstrap = stack.addresses.kafka_bootstrap
    created = asyncio.run(ensure_topics(bootstrap, 1))
    assert {(change.topic, change.action) for change in created} <= {
        (topic.name, action) for topic in TOPICS for action in ("created", "as listed")
    }
    gone = stack.kill("kafka")
    stack.wait_ready("kafka", not_pid=gone, seconds=60)
    again = asyncio.run(ensure_topics(bootstrap, 1))
    assert [change.action for change in again] == ["as listed"] * len(TOPICS)


def test_a_process_taken_down_stays_down_until_it_is_brought_back(stack: Stack) -> None:
    restarts = stack.process("redis").restarts
    gone = stack.take_down("redis")
    until = time.monotonic() + 10
    while stack.process("redis").why != "is held down" and time.monotonic() < until:
        time.sleep(0.02)
    assert (stack.process("redis").pid, stack.process("redis").why) == (None, "is held down")
    stack.bring_back("redis")
    assert stack.wait_ready("redis", not_pid=gone).restarts == restarts + 1


def test_drift_is_told(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(ensure_topics(stack.addresses.kafka_bootstrap, 1))
    monkeypatch.setattr(type(CALL_EVENTS), "config", lambda _: {"retention.ms": "77"})
    changes = asyncio.run(describe(stack.addresses.kafka_bootstrap))
    assert {change.action for change in changes} == {"drift"}
    assert "retention.ms" in changes[0].detail


def test_a_second_start_on_the_folder_is_refused(stack: Stack) -> None:
    with pytest.raises(StackError, match=r"already runs on"):
        control.start(stack.home, Choices("free", services=()))
    assert stack.process("redis").ready


def test_after_a_killed_supervisor_the_next_takes_the_servers_over(tmp_path: Path) -> None:
    with Stack(tmp_path / "home", services=()) as stack:
        kafka, redis_ = stack.pid("kafka"), stack.pid("redis")
        addresses = stack.addresses
        os.kill(stack.state.supervisor_pid, signal.SIGKILL)
        # The lock goes with the process's last thread, a moment after its first one.
        until = time.monotonic() + 10
        while state.is_running(stack.home) and time.monotonic() < until:
            time.sleep(0.02)
        with Stack(tmp_path / "home", services=()) as next_:
            assert (next_.pid("kafka"), next_.pid("redis")) == (kafka, redis_)
            assert next_.addresses == addresses
            assert next_.process("kafka").restarts == 0
        assert not state.is_running(stack.home)
    assert not list(stack.home.run.glob("*.pid"))
