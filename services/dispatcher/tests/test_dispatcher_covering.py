"""Posts on the real Redis: told after a dispatch, once by two processes, remembered over a restart, weighed in choices."""

import asyncio
from zoneinfo import ZoneInfo

import pytest
from dispatcher_bench import Bench
from dispatcher_samples import CENTRE, NOON_MS, north, unit
from siaga.v1 import alert_pb2
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.store import Stale
from siaga_dispatcher.core.values import Alert, Place, Priority, UnitStatus
from siaga_dispatcher.covering import Covering, Posts
from siaga_dispatcher.dispatching import Dispatcher
from siaga_tenants.coverage import Post

pytestmark = pytest.mark.stack
POST = Post("pusat", "Pos Pusat", CENTRE.lat, CENTRE.lon, ("damkar",), (), 1, within_m=3_000)


def covering_of(bench: Bench, *posts: Post) -> Covering:
    """The watch as a process that has just started has it."""
    own = Posts(posts or (POST,), bench.dispatcher.rules(bench.code), ZoneInfo("Asia/Jakarta"))
    return Covering(bench.store, {bench.code: own}, lambda: NOON_MS)


async def told(bench: Bench) -> list[alert_pb2.Alert]:
    """What went to the supervisors' topic, in order."""
    events = await bench.outbox()
    return [alert_pb2.Alert.FromString(e[b"value"]) for e in events if e[b"topic"].decode() == bench.topics.alerts.name]


async def holding(bench: Bench) -> list[Alert]:
    return await bench.store.alerts(bench.code)


async def test_a_post_left_short_by_a_dispatch_is_told_and_cleared_with_the_units_return(bench: Bench) -> None:
    await bench.put(unit("d1"), unit("d2", away_m=9_000))
    covering = covering_of(bench)
    await covering.once()
    assert not await told(bench)
    await bench.dispatcher.take_assessment(bench.call())
    await covering.once()
    assert not await told(bench)
    covering.touched(bench.code)
    await covering.once()
    (alert,) = await holding(bench)
    assert (alert.kind, alert.post_id, alert.suggested_unit_id) == ("coverage", "pusat", "d2")
    # A process that starts anew finds the alert that holds, and raises no other.
    restarted = covering_of(bench)
    await restarted.once()
    assert await holding(bench) == [alert]
    await bench.dispatcher.take_report(bench.report("d1", UnitStatus.CLEAR))
    restarted.touched(bench.code)
    await restarted.once()
    assert not await holding(bench)
    assert [(one.alert_id, one.version, bool(one.cleared_at_ms)) for one in await told(bench)] == [
        (alert.alert_id, 1, False),
        (alert.alert_id, 2, True),
    ]


async def test_two_processes_that_saw_the_same_raise_one_alert(bench: Bench) -> None:
    await bench.put(unit("d1", off_shift=True))
    seen = await bench.store.coverage_versions(bench.code)
    alerts = [Alert(f"a{n}", bench.code, "coverage", "", NOON_MS, post_id=POST.post_id) for n in range(2)]
    await bench.store.commit_coverage(bench.code, alerts[:1], seen)
    with pytest.raises(Stale):
        await bench.store.commit_coverage(bench.code, alerts[1:], seen)
    assert await holding(bench) == alerts[:1]
    watches = [covering_of(bench) for _ in range(4)]
    await asyncio.gather(*(watch.once() for watch in watches))
    assert [alert.alert_id for alert in await holding(bench)] == ["a0"]


async def test_lost_state_raises_nothing_and_is_looked_at_again(bench: Bench) -> None:
    covering = covering_of(bench)
    await covering.once()
    assert not await holding(bench)
    await bench.put(unit("d1"), unit("d2", off_shift=True))
    await covering.once()
    assert covering.standing(bench.code).kept == {"d1": "Pos Pusat"}


@pytest.mark.parametrize(("priority", "expected"), [(Priority.P3, "d2"), (Priority.P1, "d1")])
async def test_where_no_life_hangs_on_it_the_post_keeps_its_last_unit(
    bench: Bench, priority: Priority, expected: str
) -> None:
    # From 3.3 km north the two are some 25 s apart, and d1 is the post's last.
    await bench.put(unit("d1", away_m=2_900), unit("d2", away_m=3_900))
    covering = covering_of(bench)
    await covering.once()
    dispatcher = Dispatcher(
        bench.store,
        bench.dispatcher._rules,
        lambda: NOON_MS,
        covering.touched,
        coverage=covering.standing,
    )
    place = Places({bench.code: bench.tenant.gazetteer}).complete(bench.code, Place(north(3_300)))
    decision = await dispatcher.take_assessment(bench.call(priority=priority, place=place, type="fire_land"))
    assert decision.orders[0].unit.unit_id == expected
    passed = {c.unit_id: c.verdict for c in decision.incident.change.candidates} if decision.incident else {}
    if expected == "d2":
        assert passed["d1"] == "kept_for_coverage"
