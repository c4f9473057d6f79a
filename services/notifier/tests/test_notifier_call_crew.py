"""The operator's alarm: what it says, and that it is one alert however often it is raised."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from siaga.v1.alert_pb2 import Alert
from siaga.v1.common_pb2 import PRIORITY_P1, PRIORITY_UNSPECIFIED
from siaga_contracts.catalogue import ALERTS
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing
from siaga_notifier.adapters.alarm.operator import OperatorAlarm, cleared, raised
from siaga_notifier.core.call_crew import alert_id, detail
from siaga_notifier.core.model import OPERATOR, Attempt, Contact, Order, OrderKind
from siaga_notifier.core.outcomes import Accepted, Temporary

ORDER = Order(
    order_id="o-1", tenant="36.73", incident_id="i-1", ticket_no="T-1", unit_id="3673-DMK-01", kind=OrderKind.DISPATCH,
    task_code="114", type="fire_building", priority="P1", confidential=False, address="Jl. Merdeka 1", lat=-6.1,
    lon=106.1, text="ada korban", callback_number="0812", contacts=(Contact("sms", "+62811"),), event_at_ms=5,
    unit_name="Damkar Serang",
)  # fmt: skip
ATTEMPT = Attempt("a-1", OPERATOR, "3673-DMK-01", 1, "#114 P1", ORDER, told=("mqtt", "sms"))


class Broker:
    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.away = False

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        if self.away:
            raise Transient("away")
        self.records += outgoing


def alert(record: Outgoing) -> Alert:
    assert isinstance(record.message, Alert)
    return record.message


async def test_an_operator_is_told_whom_to_call_and_what_was_tried() -> None:
    broker = Broker()
    alarm = OperatorAlarm(broker.publish, lambda: 1_000)
    assert await alarm.send(ATTEMPT) == Accepted(alert_id(ORDER))
    (record,) = broker.records
    told = alert(record)
    assert (record.topic, record.key) == (ALERTS, told.alert_id)
    assert (told.kind, told.unit_id, told.incident_id, told.priority) == (
        "call_crew",
        "3673-DMK-01",
        "i-1",
        PRIORITY_P1,
    )
    assert (told.raised_at_ms, told.cleared_at_ms) == (1_000, 0)
    assert told.detail == (
        "Telepon kru Damkar Serang (3673-DMK-01): tugas #114 belum dijawab. "
        "Sudah dikirim lewat tablet dan SMS tanpa jawaban."
    )


async def test_raised_twice_it_is_one_alert() -> None:
    broker = Broker()
    alarm = OperatorAlarm(broker.publish, lambda: 1_000)
    await alarm.send(ATTEMPT)
    await alarm.send(replace(ATTEMPT, number=2, repeat=True))
    assert len({(record.key, record.event_id) for record in broker.records}) == 1


async def test_a_broker_that_is_away_is_asked_again() -> None:
    broker = Broker()
    broker.away = True
    assert isinstance(await OperatorAlarm(broker.publish, lambda: 1).send(ATTEMPT), Temporary)


def test_what_is_over_outweighs_what_was_raised() -> None:
    before, after = alert(raised(ORDER, ("sms",), 1_000)), alert(cleared(ORDER, ("sms",), 1_000, 3_000))
    assert after.alert_id == before.alert_id
    assert after.version > before.version
    assert (after.raised_at_ms, after.cleared_at_ms, after.detail) == (1_000, 3_000, before.detail)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((), "Belum ada pesan yang terkirim."),
        (("operator",), "Belum ada pesan yang terkirim."),
        (("sms", "sms"), "lewat SMS tanpa"),
        (("webpush", "fcm", "whatsapp"), "lewat aplikasi web, aplikasi HP dan WhatsApp tanpa"),
        (("semaphore",), "lewat semaphore tanpa"),
    ],
)
def test_the_ways_that_were_tried(told: tuple[str, ...], said: str) -> None:
    assert said in detail(ORDER, told)


def test_nothing_of_the_place_or_the_caller_is_on_the_topic() -> None:
    order = replace(ORDER, confidential=True, unit_name="", priority="")
    record = raised(order, ("sms",), 1)
    told = str(record.message)
    for secret in ("Merdeka", "korban", "0812", "fire", "62811"):
        assert secret not in told
    assert alert(record).priority == PRIORITY_UNSPECIFIED


def test_orders_have_alerts_of_their_own() -> None:
    assert alert_id(ORDER) != alert_id(replace(ORDER, order_id="o-2"))
    assert alert_id(ORDER) != alert_id(replace(ORDER, tenant="32.14"))
