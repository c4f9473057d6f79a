"""The whole notifier on a real broker, a real Redis and a real SMS centre."""

import asyncio

import pytest
from notifier_samples import TRACE, World, order
from notifier_smsc import free_port, until
from siaga.v1.notification_pb2 import NOTIFICATION_STATE_SUBMITTED
from siaga.v1.order_pb2 import ORDER_KIND_STAND_DOWN, ORDER_KIND_UPDATE, DispatchOrder
from siaga.v1.unit_pb2 import UNIT_STATUS_CLEAR, UNIT_STATUS_EN_ROUTE, Contact
from siaga_notifier.adapters import codec, hashes
from siaga_notifier.adapters.hashes import Hashes
from siaga_notifier.adapters.store import Kept, Store
from siaga_notifier.core.model import OrderKind, task_of
from siaga_notifier.core.plans.values import Notification, PlannedStep
from siaga_notifier.core.tries import Stage, Try

pytestmark = pytest.mark.stack


async def test_an_order_reaches_the_phone_and_its_delivery_is_known(world: World) -> None:
    one = order()
    async with world.notifier() as runtime:
        await world.give(one)
        await world.reached(one, "SUBMITTED")
        assert sorted(await world.reached(one, "DELIVERED")) == ["DELIVERED", "QUEUED", "SUBMITTED"]
        assert runtime.health.reasons() == {}
    (message,) = await world.sent(1)
    assert message["to"] == "6281100000114"
    assert message["text"].startswith("#114 P1 Kebakaran: Jl. Merdeka 1 ")
    for record, event in await world.read(world.events):
        assert record.key.decode() == one.order_id
        assert (event.unit_id, event.incident_id, event.tenant) == (one.unit_id, one.incident_id, "36.73")
        assert dict(record.headers)["traceparent"].decode() == TRACE


async def test_an_order_that_comes_again_is_one_sms(world: World) -> None:
    one = order()
    async with world.notifier():
        await world.give(one, one)
        await world.reached(one, "DELIVERED")
        await world.give(one, other := order("115"))
        await world.reached(other, "SUBMITTED")
    # As after a crash before the offsets were committed: everything is read again by a process that remembers nothing.
    async with world.notifier(group=".again"):
        await world.give(last := order("116"))
        await world.reached(last, "SUBMITTED")
    texts = [message["text"][:4] for message in await world.sent(3)]
    assert sorted(texts) == ["#114", "#115", "#116"]


async def test_a_crew_answers_by_digit(world: World) -> None:
    one = order()
    phone = one.contacts[0].address
    async with world.notifier():
        await world.give(one)
        await world.reached(one, "DELIVERED")
        await world.smsc.phone_sends(phone, "1 #114")
        (report,) = await world.said(1)
        assert (report.unit_id, report.order_id, report.tenant) == (one.unit_id, one.order_id, "36.73")
        assert (report.status, report.via, report.text) == (UNIT_STATUS_EN_ROUTE, "sms", "1 #114")
        assert "ACKNOWLEDGED" in await world.reached(one, "ACKNOWLEDGED")
        await world.smsc.phone_sends(phone, "3")
        assert (await world.said(2))[-1].status == UNIT_STATUS_CLEAR
        # Nothing is open now: said politely, and not twice in a minute.
        for _ in range(3):
            await world.smsc.phone_sends(phone, "OK")
        await world.smsc.phone_sends("+6281100000999", "1")
        await world.give(order("115"))
        messages = await world.sent(3)
        await until(lambda: world.smsc.journal.read_text().count("\n") == 3)
    assert [message["text"] for message in messages if "#" not in message["text"]] == [
        "Tidak ada tugas terbuka untuk nomor ini. Terima kasih."
    ]
    assert len(await world.said(2)) == 2
    assert not any(message["to"] == "6281100000999" for message in await world.smsc.messages())


async def test_a_known_phone_without_a_task_is_answered(world: World) -> None:
    async with world.notifier():
        await world.smsc.phone_sends("+6281100077777", "OK")
        (message,) = await world.sent(1)
    assert message["to"] == "6281100077777"
    assert message["text"].startswith("Tidak ada tugas terbuka")


async def test_an_unclear_answer_is_asked_about(world: World) -> None:
    number = "+6281100000114"
    async with world.notifier():
        await world.give(one := order("114"), two := order("115", number=number))
        await world.reached(one, "SUBMITTED")
        await world.reached(two, "SUBMITTED")
        await world.smsc.phone_sends(number, "1")
        messages = await world.sent(3)
    assert messages[-1]["text"].startswith("Tugas yang mana?")
    assert await world.read(world.reports) == []


async def test_orders_wait_for_the_sms_centre(world: World) -> None:
    world.smsc.kill()
    orders = [order(str(code)) for code in range(200, 220)]
    async with world.notifier() as runtime:
        await world.give(*orders)
        await until(lambda: "channels" in runtime.health.reasons())
        await world.reached(orders[0], "FAILED_TEMPORARY")
        await asyncio.to_thread(world.smsc.start)
        for one in orders:
            await world.reached(one, "DELIVERED")
    texts = [message["text"] for message in await world.smsc.messages()]
    assert len(texts) == len(set(texts)) == 20
    assert not any(text.startswith("ULANG") for text in texts)
    assert await world.dead_letters() == 0


async def test_a_refused_number_holds_up_nobody(world: World) -> None:
    await world.smsc.call("/faults", {"suffix": {"300": "throttled"}})
    slow, quick = order("300"), order("301")
    later = order("300", kind=ORDER_KIND_UPDATE)
    async with world.notifier():
        await world.give(slow, quick)
        await world.reached(quick, "DELIVERED")
        await world.reached(slow, "FAILED_TEMPORARY")
        await world.give(later)
        await world.smsc.call("/faults", {"suffix": {}})
        await world.reached(slow, "DELIVERED")
        await world.reached(later, "DELIVERED")
    texts = [message["text"] for message in await world.smsc.messages()]
    assert [text[:8] for text in texts] == ["#301 P1 ", "#300 P1 ", "#300 PER"]


async def test_what_waited_goes_on_after_a_restart(world: World) -> None:
    await world.smsc.call("/faults", {"suffix": {"300": "throttled"}})
    slow = order("300")
    async with world.notifier():
        await world.give(slow)
        await world.reached(slow, "FAILED_TEMPORARY")
    await world.smsc.call("/faults", {"suffix": {}})
    async with world.notifier():
        await world.reached(slow, "DELIVERED")
    assert len(await world.smsc.messages()) == 1


async def test_a_number_refused_for_good(world: World) -> None:
    await world.smsc.call("/faults", {"suffix": {"399": "invalid_destination"}})
    bad, good = order("399"), order("400")
    nobody = order("401", contacts=(Contact(channel="pigeon", address="x"),))
    async with world.notifier():
        await world.give(bad, good, nobody)
        # Nobody of the crew could be told: whoever sits in the centre is asked to phone it, at once.
        for one in (bad, nobody):
            await world.reached(one, "FAILED_PERMANENT")
            await world.reached(one, "SENT_UNCONFIRMED")
        await world.reached(good, "DELIVERED")
        events = [event for _, event in await world.read(world.events) if event.order_id == bad.order_id]
        assert [event.channel for event in events if event.state == NOTIFICATION_STATE_SUBMITTED] == ["operator"]
    reasons = {event.order_id: event.reason for _, event in await world.read(world.events) if event.reason}
    assert reasons == {bad.order_id: "invalid destination", nobody.order_id: "no usable contact"}


async def test_undelivered_is_known(world: World) -> None:
    await world.smsc.call("/faults", {"suffix": {"377": "undelivered"}, "decimal_receipts": True})
    async with world.notifier():
        await world.give(*(order(str(code)) for code in range(500, 520)), one := order("377"))
        await world.reached(one, "SUBMITTED")
        # Its only phone did not get it, so the next step is taken: the operator's.
        await world.reached(one, "FAILED_PERMANENT")
        states = await world.reached(one, "SENT_UNCONFIRMED")
        assert sorted(states) == ["FAILED_PERMANENT", "QUEUED", "SENT_UNCONFIRMED", "SUBMITTED"]


async def test_an_attempt_nobody_knows_about_goes_out_again_as_a_repeat(world: World, redis_url: str) -> None:
    one = order()
    one.order_id += world.mark
    redis = hashes.client(redis_url)
    before = Store(Hashes(redis), b"x")
    unknown = {"sms:0": Try(1, Stage.SUBMITTING, 1, 1, step=1)}
    steps = (PlannedStep(("sms:0",), 60_000),)
    notification = Notification(one.order_id, one.incident_id, OrderKind.DISPATCH, 1, steps, step=1, tries=unknown)
    before.put_task(task_of(codec.order(one), 1, None), ())
    before.put(one.unit_id, Kept(notification, one.SerializeToString(), None, untold=False))
    await before.flush()
    await redis.aclose()
    async with world.notifier():
        await world.give(one)
        await world.reached(one, "DELIVERED")
        await world.give(one)
        await world.reached_twice(one)
    assert [message["text"][:10] for message in await world.smsc.messages()] == ["ULANG #114"]


async def test_a_units_orders_arrive_in_their_order(world: World) -> None:
    orders: list[DispatchOrder] = []
    for code in range(600, 630):
        orders += [
            order(str(code)),
            order(str(code), kind=ORDER_KIND_UPDATE),
            order(str(code), kind=ORDER_KIND_STAND_DOWN),
        ]
    async with world.notifier():
        await world.give(*orders)
        messages = await world.sent(90)
    for code in range(600, 630):
        mine = [message["text"].split(maxsplit=2)[1] for message in messages if message["text"].startswith(f"#{code} ")]
        assert mine == ["P1", "PERUBAHAN", "DIBATALKAN:"]


async def test_without_redis_orders_still_go_once(world: World) -> None:
    world.redis_url = f"redis://127.0.0.1:{free_port()}/0"
    one = order()
    async with world.notifier():
        await world.give(one)
        await world.reached(one, "DELIVERED")
        await world.give(one, other := order("115"))
        await world.reached(other, "DELIVERED")
        await world.smsc.phone_sends(one.contacts[0].address, "siap")
        await world.reached(one, "ACKNOWLEDGED")
    assert len(await world.smsc.messages()) == 2
