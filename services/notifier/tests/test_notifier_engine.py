"""What is sent when, with channels that answer as told and a store that has only its memory."""

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest
from notifier_samples import NOW_MS, order
from notifier_smsc import free_port, until
from siaga.v1.notification_pb2 import NotificationEvent, NotificationState
from siaga.v1.order_pb2 import ORDER_KIND_REMIND, ORDER_KIND_STAND_DOWN, ORDER_KIND_UNSPECIFIED, DispatchOrder
from siaga.v1.unit_pb2 import (
    UNIT_STATUS_ACKNOWLEDGED,
    UNIT_STATUS_MAYDAY,
    UNIT_STATUS_ON_SCENE,
    Contact,
    UnitReport,
)
from siaga_kit.records import Outgoing, Record
from siaga_kit.stage import Item
from siaga_notifier.adapters import hashes
from siaga_notifier.adapters.dues import Dues
from siaga_notifier.adapters.hashes import Hashes
from siaga_notifier.adapters.store import Store
from siaga_notifier.closing import Closing
from siaga_notifier.core.message import NO_WORDS
from siaga_notifier.core.model import MQTT, OPERATOR, SMS, Attempt, PhoneMessage, UnitAnswer
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_notifier.core.plans.moves import GIVE_UP_AFTER_MS
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.states import State
from siaga_notifier.engine import Engine
from siaga_notifier.inbox import Directory, Inbox, masked
from siaga_notifier.processor import OrderProcessor
from siaga_notifier.registry import Registry
from siaga_notifier.reports import ReportProcessor
from siaga_notifier.sender import Sender
from siaga_notifier.unit_work import Tools
from siaga_tenants.model import NotifyPlan, NotifyPolicy, PlanStep

NINE = "+6281100000009"
DOWN = Temporary("not bound", 1.0, down=True)
THROTTLED = Temporary("throttled", 1.0)
# Tablets and phones at once, then once more the operator.
AT_ONCE: Final = NotifyPlan((PlanStep((MQTT, SMS), 20), PlanStep((OPERATOR,), 20)))
ONE_BY_ONE: Final = NotifyPlan((PlanStep((MQTT,), 10), PlanStep((SMS,), 60)))


class Way:
    """A channel that answers as told, by address."""

    def __init__(self, channel: str, *, keyed: bool, confirms: bool) -> None:
        self.provider_id, self.channel, self.keyed, self.confirms = channel, channel, keyed, confirms
        self.answers: dict[str, Outcome] = {}
        self.took: list[Attempt] = []
        self.away: str | None = None

    async def send(self, attempt: Attempt) -> Outcome:
        answer = DOWN if self.away else self.answers.get(attempt.address, Accepted(f"{len(self.took):x}"))
        if isinstance(answer, Accepted | Unknown):
            self.took.append(attempt)
        return answer

    def trouble(self) -> str | None:
        return self.away

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def say(self, number: str, text: str) -> Outcome:
        return Accepted("said")


class World:
    """A notifier without servers."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.plan = AT_ONCE
        self.phones = Way(SMS, keyed=False, confirms=True)
        self.tablets = Way(MQTT, keyed=True, confirms=False)
        self.operators = Way(OPERATOR, keyed=True, confirms=False)
        self.published: list[Outgoing] = []
        held = Hashes(hashes.client(f"redis://127.0.0.1:{free_port()}/0"))
        self.store = Store(held, b"secret")
        self.registry = Registry(lambda *_: self.phones, self.clock)
        self.registry.share([self.phones, self.tablets, self.operators])
        sender = Sender(self.registry, lambda _: NO_WORDS)
        self.closing = Closing(self.store)
        dues = Dues(held, "1", self.clock)
        tools = Tools(
            self.store, dues, self.registry, sender, self.publish, self.clock, lambda hand: frozenset(hand.named)
        )
        self.engine = Engine(tools, lambda _: NotifyPolicy({("default", "default"): self.plan}), lambda _, __: "")
        self.closing.look = self.engine.heard
        self.processor = OrderProcessor(self.engine, sender)
        self.reports = ReportProcessor(self.store, self.engine.heard, self.clock)
        self.inbox = Inbox(
            self.store,
            self.publish,
            self.phones.say,
            Directory(frozenset({NINE}), {"unit-9": "36.73"}, {NINE: "unit-9"}),
            self.clock,
            self.closing,
        )

    def clock(self) -> int:
        return self.now_ms

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.published.extend(outgoing)

    async def process(self, *orders: DispatchOrder) -> None:
        """Orders from the topic, and all that follows at once."""
        items = [
            Item(Record("t", 0, number, 0, None, one.SerializeToString(), ()), one) for number, one in enumerate(orders)
        ]
        await self.processor.process(items)
        await self.quiet()

    async def quiet(self) -> None:
        await until(lambda: not self.engine.busy)

    async def after(self, seconds: float) -> None:
        """Time goes by, and what is due then is done."""
        self.now_ms += int(seconds * 1000)
        await self.engine.look()
        await self.quiet()

    async def heard(self, report: UnitReport) -> None:
        """A report on the topic."""
        await self.reports.process([Item(Record("r", 0, 0, 0, None, b"", ()), report)])
        await self.after(0)

    def states(self, one: DispatchOrder) -> list[str]:
        events = [record.message for record in self.published if isinstance(record.message, NotificationEvent)]
        return [
            NotificationState.Name(event.state).removeprefix("NOTIFICATION_STATE_")
            for event in events
            if event.order_id == one.order_id
        ]

    def starts(self) -> list[str]:
        return [" ".join(attempt.text.split()[:2]) for attempt in self.phones.took]

    @property
    def devices(self) -> list[str]:
        return [attempt.order.order_id for attempt in self.tablets.took]


@pytest.fixture
def world() -> World:
    return World()


def both(code: str) -> DispatchOrder:
    """An order to a unit with a phone and a tablet."""
    contacts = (
        Contact(channel="sms", address=f"+62811000{int(code):05}"),
        Contact(channel="mqtt", address=f"siaga/unit/unit-{code}/tasks"),
    )
    return order(code, contacts=contacts)


NUMBER = "+6281100000114"


async def test_tablets_are_told_while_the_sms_centre_is_away(world: World) -> None:
    world.phones.answers[NUMBER] = DOWN
    one = both("114")
    await world.process(one)
    assert world.devices == [one.order_id]
    for _ in range(4):
        await world.after(10)
    # The waiting is told once, not at every try.
    assert world.states(one).count("FAILED_TEMPORARY") == 1
    del world.phones.answers[NUMBER]
    await world.after(10)
    assert world.starts() == ["#114 P1"]


async def test_an_order_twice_in_one_batch_is_one_message(world: World) -> None:
    await world.process(order("114"), order("114"))
    assert world.starts() == ["#114 P1"]


async def test_a_provider_that_is_away_leaves_the_step_at_once(world: World) -> None:
    world.phones.away = "not bound"
    one = order("114")
    await world.process(one)
    assert len(world.operators.took) == 1
    # Nobody is silent who was never told.
    await world.after(600)
    assert "UNACKNOWLEDGED" not in world.states(one)
    world.phones.away = None
    await world.after(10)
    assert world.starts() == ["#114 P1"]
    await world.after(25)
    assert world.states(one)[-1] == "UNACKNOWLEDGED"


async def test_a_later_order_never_overtakes_one_that_waits(world: World) -> None:
    world.phones.answers[NUMBER] = THROTTLED
    await world.process(order("114"), order("114", incident="i-2"), order("115"))
    assert world.starts() == ["#115 P1"]
    del world.phones.answers[NUMBER]
    await world.after(5)
    assert world.starts() == ["#115 P1", "#114 P1", "#114 P1"]
    incidents = [attempt.order.incident_id for attempt in world.phones.took[1:]]
    assert incidents == ["incident-114", "i-2"]


async def test_unknown_is_repeated_and_said_to_be_a_repeat(world: World) -> None:
    world.phones.answers[NUMBER] = Unknown("line cut")
    await world.process(order("114"))
    del world.phones.answers[NUMBER]
    await world.after(2)
    await world.process(order("114"))
    assert world.starts() == ["#114 P1", "ULANG #114"]


def reminder(of: DispatchOrder) -> DispatchOrder:
    made = DispatchOrder()
    made.CopyFrom(of)
    made.kind, made.about_order_id, made.order_id = ORDER_KIND_REMIND, of.order_id, f"{of.order_id}-again"
    return made


async def test_a_reminder_goes_to_the_phone_once_more_marked_as_a_repeat(world: World) -> None:
    one = both("114")
    await world.process(one)
    await world.process(reminder(one))
    await world.process(reminder(one))
    assert world.starts() == ["#114 P1", "ULANG #114"]
    assert world.devices == [one.order_id]
    # No other way was left to the crew, so whoever sits in the centre is asked at once.
    assert len(world.operators.took) == 1


async def test_a_reminder_takes_the_next_step(world: World) -> None:
    world.plan = ONE_BY_ONE
    one = both("114")
    await world.process(one)
    assert (world.starts(), world.devices) == ([], [one.order_id])
    await world.process(reminder(one))
    assert (world.starts(), world.devices) == (["#114 P1"], [one.order_id])


async def test_a_reminder_of_an_order_that_nobody_remembers_goes_every_way(world: World) -> None:
    await world.process(reminder(both("114")))
    assert world.starts() == ["ULANG #114"]
    assert len(world.devices) == 1


async def test_silence_leads_from_step_to_step_and_ends_in_one_word(world: World) -> None:
    world.plan = ONE_BY_ONE
    one = both("114")
    await world.process(one)
    await world.after(9.9)
    assert world.starts() == []
    await world.after(0.2)
    assert world.starts() == ["#114 P1"]
    await world.after(61)
    await world.after(600)
    assert world.states(one).count("UNACKNOWLEDGED") == 1
    assert world.starts() == ["#114 P1"]


async def test_a_permanent_refusal_is_the_next_steps_turn(world: World) -> None:
    world.plan = ONE_BY_ONE
    world.tablets.answers["siaga/unit/unit-114/tasks"] = Permanent("no such topic")
    await world.process(both("114"))
    assert world.starts() == ["#114 P1"]


async def test_an_undelivered_message_is_the_next_steps_turn(world: World) -> None:
    one = order("114")
    await world.process(one)
    await world.inbox.receipt(Receipt("0", State.FAILED_PERMANENT, "undelivered"), NUMBER)
    await world.after(0)
    assert len(world.operators.took) == 1


@pytest.mark.parametrize("way", ["app", "sms"])
async def test_an_answer_by_any_way_ends_the_escalation(world: World, way: str) -> None:
    world.plan = ONE_BY_ONE
    one = both("114")
    await world.process(one)
    if way == "sms":
        await world.inbox.message(PhoneMessage(NUMBER, "1"))
        await world.after(0)
    else:
        said = UnitReport(unit_id="unit-114", order_id=one.order_id, status=UNIT_STATUS_ACKNOWLEDGED, via=way)
        await world.heard(said)
    await world.after(600)
    assert world.starts() == []
    assert world.states(one)[-1] == "ACKNOWLEDGED"
    assert world.states(one).count("ACKNOWLEDGED") == 1


async def test_a_report_without_an_order_answers_the_only_open_one(world: World) -> None:
    world.plan = ONE_BY_ONE
    await world.process(both("114"))
    # Only where it is: no answer.
    await world.heard(UnitReport(unit_id="unit-114", via="tracker"))
    await world.heard(UnitReport(unit_id="unit-114", status=UNIT_STATUS_ON_SCENE, via="tracker"))
    await world.after(600)
    assert world.starts() == []


async def test_distress_without_a_task_is_a_report_of_the_phones_unit(world: World) -> None:
    await world.inbox.message(PhoneMessage(NINE, "TOLONG"))
    report = next(record.message for record in world.published if isinstance(record.message, UnitReport))
    assert (report.unit_id, report.status, report.order_id) == ("unit-9", UNIT_STATUS_MAYDAY, "")


async def test_a_stand_down_voids_an_alarm_that_never_went_out(world: World) -> None:
    world.phones.answers[NUMBER] = THROTTLED
    await world.process(order("114"))
    del world.phones.answers[NUMBER]
    await world.process(order("114", kind=ORDER_KIND_STAND_DOWN))
    await world.after(600)
    assert world.starts() == ["#114 DIBATALKAN:"]


async def test_a_refusal_without_end_expires(world: World) -> None:
    world.phones.answers[NUMBER] = THROTTLED
    one = order("114")
    await world.process(one)
    await world.after(GIVE_UP_AFTER_MS / 1000 + 1)
    await world.after(1)
    assert "EXPIRED" in world.states(one)
    assert world.phones.took == []


async def test_what_nothing_could_send_is_a_dead_letter_and_can_be_sent_again(world: World) -> None:
    world.phones.answers[NUMBER] = Permanent("no such number")
    world.registry.share([world.phones])
    one = order("114")
    await world.process(one)
    assert [record.topic.name for record in world.published][-1] == "siaga.dead-letters.v1"
    del world.phones.answers[NUMBER]
    await world.process(order("115"), one)
    assert world.starts() == ["#115 P1", "#114 P1"]


async def test_a_poison_order_is_found_before_anything_leaves(world: World) -> None:
    for bad in (order("115", kind=ORDER_KIND_UNSPECIFIED), order("116")):
        if bad.kind:
            bad.task_code = ""
        with pytest.raises(ValueError, match="order"):
            await world.process(order("114"), bad)
    assert world.phones.took == []


async def test_receipts_merge_and_repeat_without_noise(world: World) -> None:
    one = order("114")
    await world.process(one)
    for state in (State.DELIVERED, State.DELIVERED, State.FAILED_PERMANENT):
        await world.inbox.receipt(Receipt("0", state, ""), NUMBER)
    assert world.states(one) == ["QUEUED", "SUBMITTED", "DELIVERED"]


async def test_a_tablets_answer_is_a_report_and_closes_the_loop(world: World) -> None:
    one = both("114")
    await world.process(one)
    await world.inbox.unit_answer(UnitAnswer("unit-114", one.order_id, "on_scene", 0, -6.1, 106.1))
    report = next(record.message for record in world.published if isinstance(record.message, UnitReport))
    assert (report.status, report.via, report.order_id) == (UNIT_STATUS_ON_SCENE, "mqtt", one.order_id)
    assert (report.position.lat, report.event_at_ms) == (-6.1, world.now_ms)
    assert world.states(one)[-1] == "ACKNOWLEDGED"


@pytest.mark.parametrize(
    ("unit", "known_order", "status", "taken"),
    [
        ("unit-115", True, "clear", False),
        ("unit-114", True, "sleeping", False),
        ("unit-8", False, "clear", False),
        ("unit-9", False, "mayday", True),
    ],
)
async def test_whose_answer_is_taken(world: World, unit: str, known_order: bool, status: str, taken: bool) -> None:
    one = both("114")
    await world.process(one)
    answer = UnitAnswer(unit, one.order_id if known_order else "", status, 0, None, None)
    await world.inbox.unit_answer(answer)
    assert any(isinstance(record.message, UnitReport) for record in world.published) is taken


def test_a_masked_number_cannot_be_called() -> None:
    assert masked("+6281100000114") == "+628…14"
    assert masked("363") == "…"
