"""Timers on the real Redis: two processes look at once, one goes down, and each timer fires once."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest
from dispatcher_bench import Bench
from dispatcher_samples import NOON_MS, north, unit
from siaga.v1 import alert_pb2, notification_pb2, order_pb2
from siaga_dispatcher import timing
from siaga_dispatcher.adapters.due import Due
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.consuming import Notifications
from siaga_dispatcher.core.commands import Action, Command
from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.values import (
    AlertKind,
    MessageState,
    NotDelivered,
    OrderKind,
    Place,
    Priority,
    Progress,
    Told,
    UnitStatus,
)
from siaga_dispatcher.dispatching import Dispatcher
from siaga_dispatcher.following import FollowUp
from siaga_dispatcher.timing import TimerLoop
from siaga_kit.records import Record
from siaga_kit.stage import Item
from siaga_tenants.crews import Diversion

pytestmark = pytest.mark.stack
P1: dict[str, Any] = {"type": "medical_cardiac", "priority": Priority.P1}


@dataclass
class Clock:
    now: int = NOON_MS

    def __call__(self) -> int:
        return self.now


def process(bench: Bench, clock: Clock) -> TimerLoop:
    """A loop as a process has it: only Redis stands between two of them."""
    due = Due(bench.redis)
    dispatcher = Dispatcher(bench.store, bench.dispatcher._rules, clock, lambda _: None)
    return TimerLoop(due, FollowUp(bench.store, due, dispatcher), (bench.code, "99.none"), clock)


async def leaves(loop: TimerLoop, decision: Decision) -> None:
    """The order that the decision gives has left by SMS."""
    (order,) = (one for one in decision.orders if one.kind is OrderKind.DISPATCH)
    told = Told(MessageState.SENT, "sms", loop._clock_ms())
    news = Progress(f"sent-{order.order_id}", order.incident.tenant, order.unit.unit_id, order.order_id, told)
    await loop._follow_up.take_progress(news, None)


async def orders(bench: Bench) -> list[tuple[int, str]]:
    events = [e for e in await bench.outbox() if e[b"topic"].decode() == bench.topics.orders.name]
    made = [order_pb2.DispatchOrder.FromString(event[b"value"]) for event in events]
    return [(order.kind, order.unit_id) for order in made]


async def test_two_processes_remind_once_and_send_one_unit_more(bench: Bench) -> None:
    clock = Clock()
    await bench.put(unit("p1", "puskesmas"), unit("p2", "puskesmas", away_m=2000), unit("p3", "puskesmas", away_m=3000))
    decision = await bench.dispatcher.take_assessment(bench.call(**P1))
    one, two = process(bench, clock), process(bench, clock)
    await asyncio.gather(leaves(one, decision), leaves(two, decision))
    assert await one.look() == 0
    clock.now += 31_000
    assert sum(await asyncio.gather(one.look(), two.look(), one.look())) >= 1
    assert await orders(bench) == [(order_pb2.ORDER_KIND_DISPATCH, "p1"), (order_pb2.ORDER_KIND_REMIND, "p1")]
    # Both go down; whoever comes back first finds what is due, for it is in the store.
    clock.now += 600_000
    await asyncio.gather(process(bench, clock).look(), process(bench, clock).look())
    assert (await orders(bench))[2:] == [
        (order_pb2.ORDER_KIND_STAND_DOWN, "p1"),
        (order_pb2.ORDER_KIND_DISPATCH, "p2"),
    ]
    (alert,) = await bench.store.alerts(bench.code)
    assert (alert.kind, alert.unit_id) == (AlertKind.UNACKNOWLEDGED, "p1")
    assert await process(bench, clock).look() == 0
    # Of the second one no message has left yet.
    assert await bench.redis.zcard(Keys(bench.code).timers) == 1


async def test_a_crews_word_stops_the_timers_and_ends_the_alert(bench: Bench) -> None:
    clock = Clock()
    await bench.put(unit("p1", "puskesmas"))
    loop = process(bench, clock)
    await leaves(loop, await bench.dispatcher.take_assessment(bench.call(**P1)))
    clock.now += 61_000
    await loop.look()
    (alert,) = await bench.store.alerts(bench.code)
    assert alert.kind == AlertKind.NOBODY_LEFT
    assert await bench.redis.zcard(Keys(bench.code).waiting) == 1
    await bench.dispatcher.take_report(bench.report("p1", UnitStatus.ACKNOWLEDGED))
    assert await bench.store.alerts(bench.code) == []
    assert await bench.redis.zcard(Keys(bench.code).timers) == 0
    assert await bench.redis.zcard(Keys(bench.code).waiting) == 0
    events = [e for e in await bench.outbox() if e[b"topic"].decode() == bench.topics.alerts.name]
    told = [alert_pb2.Alert.FromString(event[b"value"]) for event in events]
    assert [(one.alert_id, bool(one.cleared_at_ms)) for one in told] == [
        (alert.alert_id, False),
        (alert.alert_id, True),
    ]


async def test_a_unit_that_becomes_free_relieves_a_silent_crew_at_once(bench: Bench) -> None:
    clock = Clock()
    await bench.put(unit("p1", "puskesmas"))
    loop = process(bench, clock)
    await leaves(loop, await bench.dispatcher.take_assessment(bench.call(**P1)))
    clock.now += 61_000
    await loop.look()
    await bench.put(unit("p2", "puskesmas", away_m=2000))
    await loop._follow_up._dispatcher.retry_waiting(bench.code)
    assert (await orders(bench))[-2:] == [
        (order_pb2.ORDER_KIND_STAND_DOWN, "p1"),
        (order_pb2.ORDER_KIND_DISPATCH, "p2"),
    ]
    assert [alert.kind for alert in await bench.store.alerts(bench.code)] == [AlertKind.UNACKNOWLEDGED]
    assert await bench.redis.zcard(Keys(bench.code).waiting) == 0


async def test_a_crew_without_any_way_makes_the_next_unit_go_once(bench: Bench) -> None:
    clock = Clock()
    await bench.put(unit("p1", "puskesmas"), unit("p2", "puskesmas", away_m=2000))
    decision = await bench.dispatcher.take_assessment(bench.call(**P1))
    assert decision.incident is not None
    order_id = decision.incident.assignments[0].order_id
    failed = NotDelivered("e-1", bench.code, "p1", order_id, "a-1", "none")
    follow_up = process(bench, clock)._follow_up
    await asyncio.gather(*(follow_up.take_not_delivered(failed, clock.now, None) for _ in range(3)))
    await follow_up.take_not_delivered(replace(failed, unit_id="no-such"), clock.now, None)
    assert (await orders(bench))[1:] == [
        (order_pb2.ORDER_KIND_STAND_DOWN, "p1"),
        (order_pb2.ORDER_KIND_DISPATCH, "p2"),
    ]


async def test_nothing_fires_while_the_working_state_is_made_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(timing, "CATCH_UP_S", 0.0)
    monkeypatch.setattr(timing, "LOOK_EVERY_S", 0.01)
    clock, stop, asked = Clock(), asyncio.Event(), 0
    await bench.put(unit("p1", "puskesmas"))
    decision = await bench.dispatcher.take_assessment(bench.call(**P1))

    def ready() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    loop = process(bench, clock)
    await leaves(loop, decision)
    clock.now += 31_000
    loop._ready = ready
    running = asyncio.create_task(loop.run(stop))
    async with asyncio.timeout(20):
        while len(await orders(bench)) < 2:
            assert asked > 3 or len(await orders(bench)) == 1
            await asyncio.sleep(0.01)
    stop.set()
    await running
    assert asked > 3


async def test_a_timer_whose_incident_is_gone_leaves_the_index(bench: Bench) -> None:
    await bench.put(unit("p1", "puskesmas"))
    await bench.redis.zadd(Keys(bench.code).timers, {"no-such|acknowledge_next:o-1": NOON_MS})
    assert await process(bench, Clock()).look() == 0
    assert await bench.redis.zcard(Keys(bench.code).timers) == 0


async def test_a_stand_down_is_confirmed_from_an_incident_long_closed(bench: Bench) -> None:
    clock = Clock()
    await bench.put(unit("p1", "puskesmas"))
    decision = await bench.dispatcher.take_assessment(bench.call(**P1))
    assert decision.incident is not None
    incident_id = decision.incident.incident_id
    cancel = Command("c-1", Action.CANCEL, "operator op-03", reason="palsu")
    await bench.dispatcher.take_command(bench.code, incident_id, cancel, 0)
    freed = await bench.store.unit(bench.code, "p1")
    assert freed is not None
    assert (freed.free, freed.stood_down_from) == (True, (incident_id,))
    clock.now += 61_000
    assert await process(bench, clock).look() == 2
    (order, again) = [o for o in await orders(bench) if o[0] == order_pb2.ORDER_KIND_STAND_DOWN]
    assert order == again
    await bench.dispatcher.take_report(bench.report("p1", UnitStatus.AVAILABLE_MOBILE))
    incident = await bench.store.incident(bench.code, incident_id)
    assert incident is not None
    assert incident.assignments[0].stand_down_confirmed_at_ms
    assert incident.assignments[0].task_code
    assert await bench.store.alerts(bench.code) == []


async def test_a_unit_is_diverted_in_one_commit_and_the_one_it_left_gets_another(bench: Bench) -> None:
    policy = bench.tenant.dispatch
    crews = replace(policy.crews, diversion=Diversion(allowed=True))
    rules = {bench.code: replace(bench.dispatcher.rules(bench.code), policy=replace(policy, crews=crews))}
    dispatcher = Dispatcher(bench.store, rules, Clock(), lambda _: None)
    # Within the last circle of the one, but not of the other.
    await bench.put(unit("p1", "puskesmas", away_m=500), unit("p2", "puskesmas", away_m=-35_000))
    minor = bench.call("minor", type="injury", priority=Priority.P4, place=Place(north(0), "Jl. A"))
    await dispatcher.take_assessment(minor)
    grave = bench.call("grave", place=Place(north(6_000), "Jl. B"), **P1)
    decision = await dispatcher.take_assessment(grave)
    assert decision.incident is not None
    assert [a.unit_id for a in decision.incident.active_assignments] == ["p1"]
    diverted, new = (await orders(bench))[1:]
    assert (diverted, new) == ((order_pb2.ORDER_KIND_DISPATCH, "p1"), (order_pb2.ORDER_KIND_DISPATCH, "p2"))
    sent = await bench.store.unit(bench.code, "p1")
    assert sent is not None
    assert await bench.redis.hvals(Keys(bench.code).tasks) != []
    assert await bench.redis.hlen(Keys(bench.code).tasks) == 2
    assert (sent.incident_id, sent.fence) == (decision.incident.incident_id, 2)


async def test_news_of_messages_is_taken_from_the_notifiers_topic(bench: Bench) -> None:
    clock = Clock()
    await bench.put(unit("p1", "puskesmas"), unit("p2", "puskesmas", away_m=2000))
    decision = await bench.dispatcher.take_assessment(bench.call(**P1))
    assert decision.incident is not None
    incident_id = decision.incident.incident_id
    news = Notifications(process(bench, clock)._follow_up, clock)

    async def told(state: int, channel: str = "sms", kind: int = order_pb2.ORDER_KIND_DISPATCH) -> Any:
        assert decision.incident is not None
        event = notification_pb2.NotificationEvent(
            event_id=f"{state}-{channel}", tenant=bench.code, unit_id="p1", channel=channel, attempt_id=f"a-{channel}",
            order_id=decision.incident.assignments[0].order_id, at_ms=clock.now,
        )  # fmt: skip
        event.state, event.order_kind = state, kind  # type: ignore[assignment]
        return Item(Record("t", 0, 0, 0, None, b"", ()), event)

    async def stands() -> tuple[set[str], list[str]]:
        incident = await bench.store.incident(bench.code, incident_id)
        assert incident is not None
        known = [f"{one.state} {one.channel}" for one in incident.assignments[0].told]
        return {timer.kind for timer in incident.timers}, known

    state = notification_pb2.NotificationState
    answers = {"acknowledge_remind", "acknowledge_next"}
    # Refused for now, an operator asked to call, a word about a change: the crew knows of nothing.
    await news.process(
        [
            await told(state.NOTIFICATION_STATE_QUEUED),
            await told(state.NOTIFICATION_STATE_FAILED_TEMPORARY),
            await told(state.NOTIFICATION_STATE_SUBMITTED, "operator"),
            await told(state.NOTIFICATION_STATE_SUBMITTED, "mqtt", order_pb2.ORDER_KIND_UPDATE),
        ]
    )
    assert await stands() == ({"untold"}, [])
    await news.process([await told(state.NOTIFICATION_STATE_SENT_UNCONFIRMED, "other")])
    assert await stands() == (answers, ["sent other"])
    # Of one batch the furthest is one version, whatever came first.
    before = await bench.store.incident(bench.code, incident_id)
    public = [one for one in await bench.outbox() if one[b"topic"].decode() == bench.topics.public_incidents.name]
    await news.process(
        [
            await told(state.NOTIFICATION_STATE_READ, "whatsapp"),
            await told(state.NOTIFICATION_STATE_SUBMITTED),
            await told(state.NOTIFICATION_STATE_DELIVERED),
        ]
    )
    assert await stands() == (answers, ["sent other", "read whatsapp"])
    after = await bench.store.incident(bench.code, incident_id)
    assert before is not None
    assert after is not None
    assert after.version == before.version + 1
    # Nobody outside is told of it.
    assert public == [
        one for one in await bench.outbox() if one[b"topic"].decode() == bench.topics.public_incidents.name
    ]
    await news.process([await told(state.NOTIFICATION_STATE_FAILED_PERMANENT)])
    assert len(await orders(bench)) == 1
    await news.process([await told(state.NOTIFICATION_STATE_UNACKNOWLEDGED, "")] * 2)
    assert (await orders(bench))[1:] == [
        (order_pb2.ORDER_KIND_STAND_DOWN, "p1"),
        (order_pb2.ORDER_KIND_DISPATCH, "p2"),
    ]
