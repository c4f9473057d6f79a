"""What is sent when, with channels that answer as told and a store that has only its memory."""

from collections.abc import Sequence

import pytest
from notifier_samples import NOW_MS, order
from notifier_smsc import free_port
from siaga.v1.notification_pb2 import NotificationEvent, NotificationState
from siaga.v1.order_pb2 import ORDER_KIND_REMIND, ORDER_KIND_STAND_DOWN, ORDER_KIND_UNSPECIFIED, DispatchOrder
from siaga.v1.unit_pb2 import UNIT_STATUS_MAYDAY, UNIT_STATUS_ON_SCENE, Contact, UnitReport
from siaga_kit.errors import Transient
from siaga_kit.records import Outgoing, Record
from siaga_kit.stage import Item
from siaga_notifier.adapters import hashes
from siaga_notifier.adapters.store import Store
from siaga_notifier.core.model import Attempt, PhoneMessage, UnitAnswer
from siaga_notifier.core.outcomes import Accepted, Outcome, Temporary, Unknown
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.states import State
from siaga_notifier.inbox import Directory, Inbox, masked
from siaga_notifier.processor import OrderProcessor
from siaga_notifier.retries import Retries
from siaga_notifier.sender import GIVE_UP_AFTER_MS, Sender

NINE = "+6281100000009"
DOWN = Temporary("not bound", 1.0, down=True)
THROTTLED = Temporary("throttled", 1.0)


class World:
    """A notifier without servers; `answers` by number, accepted unless told otherwise."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.answers: dict[str, Outcome] = {}
        self.sms: list[str] = []
        self.devices: list[str] = []
        self.published: list[Outgoing] = []
        self.store = Store(hashes.client(f"redis://127.0.0.1:{free_port()}/0"), b"secret", "1")
        self.sender = Sender(self.store, self, Devices(self), {}, lambda: self.now_ms)
        self.retries = Retries(self.store, self.sender, self.publish, lambda: self.now_ms)
        self.processor = OrderProcessor(self.sender, self.retries, self)  # type: ignore[arg-type]
        self.inbox = Inbox(
            self.store,
            self.publish,
            self.say,
            Directory(frozenset({NINE}), {"unit-9": "36.73"}, {NINE: "unit-9"}),
            lambda: self.now_ms,
        )

    async def send(self, attempt: Attempt) -> Outcome:
        answer = self.answers.get(attempt.address, Accepted(f"{len(self.sms):x}"))
        if isinstance(answer, Accepted | Unknown):
            self.sms.append(attempt.text)
        return answer

    async def say(self, number: str, text: str) -> Outcome:
        self.sms.append(text)
        return Accepted("said")

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.published.extend(outgoing)

    async def process(self, *orders: DispatchOrder) -> None:
        items = [Item(Record("t", 0, 0, 0, None, one.SerializeToString(), ()), one) for one in orders]
        await self.publish((await self.processor.process(items)).outgoing)

    def states(self, one: DispatchOrder) -> list[str]:
        events = [record.message for record in self.published if isinstance(record.message, NotificationEvent)]
        return [
            NotificationState.Name(event.state).removeprefix("NOTIFICATION_STATE_")
            for event in events
            if event.order_id == one.order_id
        ]

    def starts(self) -> list[str]:
        return [" ".join(text.split()[:2]) for text in self.sms]


class Devices:
    """The MQTT channel."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send(self, attempt: Attempt) -> Outcome:
        self._world.devices.append(attempt.order.order_id)
        return Accepted(attempt.attempt_id)


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
    world.answers[NUMBER] = DOWN
    one = both("114")
    for _ in range(3):
        with pytest.raises(Transient):
            await world.process(one)
    assert world.devices == [one.order_id]
    # The waiting is told once, not at every try.
    assert world.states(one) == ["QUEUED", "SUBMITTED", "QUEUED", "FAILED_TEMPORARY"]
    del world.answers[NUMBER]
    await world.process(one)
    assert world.starts() == ["#114 P1"]


async def test_a_later_order_never_overtakes_one_that_waits(world: World) -> None:
    world.answers[NUMBER] = DOWN
    one, two, other = order("114"), order("114", incident="i-2"), order("115")
    with pytest.raises(Transient):
        await world.process(one, two, other)
    assert world.starts() == ["#115 P1"]
    del world.answers[NUMBER]
    await world.process(one, two, other)
    assert world.starts() == ["#115 P1", "#114 P1", "#114 P1"]


async def test_unknown_is_repeated_and_said_to_be_a_repeat(world: World) -> None:
    world.answers[NUMBER] = Unknown("line cut")
    with pytest.raises(Transient):
        await world.process(order("114"))
    del world.answers[NUMBER]
    await world.process(order("114"))
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


async def test_a_reminder_takes_the_way_not_yet_tried(world: World) -> None:
    one = both("114")
    phone_only = order("114")
    phone_only.order_id = one.order_id
    await world.process(phone_only)
    await world.process(reminder(one))
    # Shown under the first order's id: a repeat on the tablet, too.
    assert (world.starts(), world.devices) == (["#114 P1"], [f"{one.order_id}-again"])


async def test_a_reminder_of_an_order_that_nobody_remembers_goes_every_way(world: World) -> None:
    await world.process(reminder(both("114")))
    assert world.starts() == ["ULANG #114"]
    assert len(world.devices) == 1


async def test_distress_without_a_task_is_a_report_of_the_phones_unit(world: World) -> None:
    await world.inbox.message(PhoneMessage(NINE, "TOLONG"))
    report = next(record.message for record in world.published if isinstance(record.message, UnitReport))
    assert (report.unit_id, report.status, report.order_id) == ("unit-9", UNIT_STATUS_MAYDAY, "")


async def test_a_stand_down_voids_an_alarm_that_never_went_out(world: World) -> None:
    world.answers[NUMBER] = THROTTLED
    await world.process(order("114"))
    assert world.retries.has("unit-114")
    del world.answers[NUMBER]
    await world.process(order("114", kind=ORDER_KIND_STAND_DOWN))
    assert not world.retries.has("unit-114")
    assert world.starts() == ["#114 DIBATALKAN:"]


async def test_a_refusal_without_end_expires(world: World) -> None:
    world.answers[NUMBER] = THROTTLED
    one = order("114")
    await world.process(one)
    world.now_ms += GIVE_UP_AFTER_MS + 1
    await world.retries._again("unit-114")
    assert not world.retries.has("unit-114")
    assert world.states(one)[-1] == "EXPIRED"
    assert world.sms == []


async def test_a_poison_order_is_found_before_anything_leaves(world: World) -> None:
    for bad in (order("115", kind=ORDER_KIND_UNSPECIFIED), order("116")):
        if bad.kind:
            bad.task_code = ""
        with pytest.raises(ValueError, match="order"):
            await world.process(order("114"), bad)
    assert world.sms == []


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
