"""A trial reaches a crew as an alarm does, reads like none, and changes nothing of units and tasks."""

from dataclasses import replace

import pytest
from notifier_samples import order
from siaga.v1.order_pb2 import ORDER_KIND_TRIAL, DispatchOrder
from siaga.v1.unit_pb2 import UNIT_STATUS_MAYDAY, UNIT_STATUS_UNSPECIFIED, Contact, UnitReport
from siaga_notifier.adapters import codec
from siaga_notifier.core.gsm7 import SMS_SEPTETS, septets
from siaga_notifier.core.message import NO_WORDS, compose
from siaga_notifier.core.model import Order, OrderKind, PhoneMessage, Task
from siaga_notifier.core.outcomes import Temporary
from siaga_notifier.core.replies import Report, understand
from test_notifier_engine import World

NUMBER = "+6281100000009"


def trial(channel: str = "") -> DispatchOrder:
    contacts = (Contact(channel="sms", address=NUMBER), Contact(channel="mqtt", address="siaga/unit/unit-9/tasks"))
    made = order("90009", unit="unit-9", kind=ORDER_KIND_TRIAL, contacts=contacts)
    made.only_channel = channel
    return made


def reports(world: World) -> list[UnitReport]:
    return [one.message for one in world.published if isinstance(one.message, UnitReport)]


async def test_an_answer_closes_the_trial_and_is_no_word_of_the_unit() -> None:
    world, one = World(), trial("sms")
    await world.process(one)
    assert world.starts() == ["UJI COBA"]
    assert not world.devices
    await world.inbox.message(PhoneMessage(NUMBER, "1 #90009"))
    await world.after(1)
    assert world.states(one)[-1] == "ACKNOWLEDGED"
    assert not reports(world)


async def test_a_cry_for_help_is_one_whatever_it_answers() -> None:
    world = World()
    await world.process(trial())
    await world.inbox.message(PhoneMessage(NUMBER, "SOS"))
    (report,) = reports(world)
    assert (report.status, report.order_id) == (UNIT_STATUS_MAYDAY, "")
    assert report.status != UNIT_STATUS_UNSPECIFIED


async def test_silence_ends_it_without_an_operators_alarm_or_a_dead_letter() -> None:
    world, one = World(), trial()
    world.phones.answers[NUMBER] = Temporary("throttled", 1.0)
    await world.process(one)
    await world.after(25)
    assert world.states(one)[-1] == "UNACKNOWLEDGED"
    assert not world.operators.took
    del world.phones.answers[NUMBER]
    await world.after(60)
    assert not world.phones.took


async def test_no_alarm_waits_behind_a_trial() -> None:
    world = World()
    world.phones.answers[NUMBER] = Temporary("throttled", 60.0)
    await world.process(trial())
    del world.phones.answers[NUMBER]
    await world.process(order("114", unit="unit-9", number=NUMBER))
    assert world.starts() == ["#114 P1"]


@pytest.mark.parametrize("kind", [OrderKind.DISPATCH, OrderKind.UPDATE])
def test_a_word_without_a_code_is_about_the_real_task(kind: OrderKind) -> None:
    real = Task("o-1", "36.73", "i-1", "u-1", kind, "114", 0, 1)
    tried = replace(real, order_id="o-2", incident_id="i-2", kind=OrderKind.TRIAL, task_code="90009", taken_at_ms=2)
    meant = understand("1", [real, tried])
    assert isinstance(meant, Report)
    assert meant.task == real
    named = understand("OK #90009", [real, tried])
    assert isinstance(named, Report)
    assert named.task == tried


@pytest.mark.parametrize("link", ["", "112.example.go.id/a/2iLkJdgtVp1Y87YiJgXeJLNZ", "x" * 160])
def test_its_words_are_one_sms_that_is_no_alarm(link: str) -> None:
    made: Order = codec.order(trial())
    text = compose(made, NO_WORDS, repeat=True, link=link)
    assert text.startswith("ULANG UJI COBA #90009")
    assert "BUKAN tugas" in text
    assert septets(text) <= SMS_SEPTETS
