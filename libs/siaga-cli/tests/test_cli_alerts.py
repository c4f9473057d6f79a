"""`siaga alerts`: what holds, and what comes while it is watched."""

import asyncio
import contextlib
import json
import uuid
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from siaga.v1.alert_pb2 import Alert
from siaga.v1.common_pb2 import PRIORITY_P1, PRIORITY_P3
from siaga_cli import alerts
from siaga_cli.alerts import Held, follow_alerts
from siaga_cli.cluster import Cluster
from siaga_cli.main import build
from siaga_contracts.catalogue import ALERTS
from siaga_kit.settings import KafkaSettings
from typer.testing import CliRunner, Result


def alert(name: str, version: int = 1, **more: Any) -> Alert:
    given = {"tenant": "36.73", "kind": "call_crew", "unit_id": "u-1", "raised_at_ms": 1_784_000_000_000, **more}
    return Alert(alert_id=name, version=version, **given)


OLD = alert("a", detail="Telepon kru", priority=PRIORITY_P3)
URGENT = alert("b", detail="Telepon [kru]", priority=PRIORITY_P1, raised_at_ms=1_784_000_060_000)
OVER = alert("c", 2, cleared_at_ms=1_784_000_030_000)


def invoke(monkeypatch: pytest.MonkeyPatch, told: list[Alert], *words: str) -> Result:
    records = [SimpleNamespace(value=one.SerializeToString()) for one in told] + [SimpleNamespace(value=None)]
    monkeypatch.setattr(alerts, "cluster", lambda _: None)
    monkeypatch.setattr(alerts, "read_all", lambda *_: records)
    return CliRunner().invoke(build("alerts"), ["alerts", *words])


def names(result: Result) -> list[str]:
    return [one["alert_id"] for one in json.loads(result.output)]


def test_the_most_urgent_comes_first_and_what_is_over_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [OLD, URGENT, OVER, alert("c")]
    assert names(invoke(monkeypatch, told, "--json")) == ["b", "a"]
    assert names(invoke(monkeypatch, told, "--json", "--all")) == ["b", "a", "c"]
    assert names(invoke(monkeypatch, told, "--json", "--tenant", "32.14")) == []


def test_people_see_whom_to_call(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = invoke(monkeypatch, [OLD, OVER]).output
    assert "call_crew" in shown
    assert "P3" in shown
    assert "No alert holds." in invoke(monkeypatch, [OVER]).output


def test_the_highest_version_holds_in_whatever_order() -> None:
    held = Held()
    assert held.take(alert("a", 2, cleared_at_ms=7).SerializeToString()) is not None
    assert held.take(alert("a", 1).SerializeToString()) is None
    assert held.take(alert("a", 2, cleared_at_ms=7).SerializeToString()) is None
    assert held.alerts() == []


@pytest.mark.stack
async def test_what_comes_while_it_is_watched_is_told(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = replace(ALERTS, name=f"{ALERTS.name}.{uuid.uuid4().hex[:8]}")
    monkeypatch.setattr(alerts, "ALERTS", topic)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic.name, topic.partitions, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()
    told: list[Alert] = []
    news = asyncio.Event()

    def tell(one: Alert) -> None:
        told.append(one)
        news.set()

    async def until(count: int) -> None:
        async with asyncio.timeout(60):
            while len(told) < count:
                await news.wait()
                news.clear()

    async def give(one: Alert) -> None:
        await producer.send_and_wait(topic.name, one.SerializeToString(), one.alert_id.encode())

    try:
        for one in (OLD, OVER):
            await give(one)
        where = Cluster(KafkaSettings(bootstrap=kafka_bootstrap, replication=1))
        watching = asyncio.create_task(follow_alerts(where, Held(), tell, everything=False))
        await until(1)
        await give(URGENT)
        await until(2)
        await give(alert("a", 2, cleared_at_ms=9))
        await until(3)
        assert [(one.alert_id, one.cleared_at_ms) for one in told] == [("a", 0), ("b", 0), ("a", 9)]
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    finally:
        await producer.stop()
        await admin.delete_topics([topic.name])
        await admin.close()
