"""States, tries, routes, receipts, clocks: the small tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga.v1 import notification_pb2
from siaga_notifier.core import names
from siaga_notifier.core.clock import answered_at_ms
from siaga_notifier.core.model import Contact
from siaga_notifier.core.receipts import Receipt, canonical, read, spellings
from siaga_notifier.core.routes import routes
from siaga_notifier.core.states import RANK, State, merge
from siaga_notifier.core.tries import MOST_TRIES, Send, Settled, Stage, Try, next_step

states = st.sampled_from(list(State))


@given(states, states, states)
def test_merging_knows_no_order_and_no_repetition(a: State, b: State, c: State) -> None:
    assert merge(a, b) is merge(b, a)
    assert merge(a, merge(b, c)) is merge(merge(a, b), c)
    assert merge(a, a) is a


@pytest.mark.parametrize(
    ("one", "other", "held"),
    [
        (State.SUBMITTED, State.DELIVERED, State.DELIVERED),
        (State.DELIVERED, State.FAILED_PERMANENT, State.DELIVERED),
        (State.SUBMITTED, State.FAILED_PERMANENT, State.FAILED_PERMANENT),
        (State.FAILED_TEMPORARY, State.SUBMITTED, State.SUBMITTED),
        (State.ACKNOWLEDGED, State.DELIVERED, State.ACKNOWLEDGED),
        (State.EXPIRED, State.READ, State.READ),
    ],
)
def test_merge(one: State, other: State, held: State) -> None:
    assert merge(one, other) is held


def test_every_state_has_its_own_rank_and_its_place_in_the_contract() -> None:
    assert len(set(RANK.values())) == len(RANK) == len(State)
    contract = {name.removeprefix("NOTIFICATION_STATE_") for name in notification_pb2.NotificationState.keys()}  # noqa: SIM118
    assert contract - {"UNSPECIFIED"} == {state.name for state in State}


def known(stage: Stage, number: int = 1, first_at_ms: int = 0) -> Try:
    return Try(number, stage, first_at_ms, 5, "p" if stage is Stage.SUBMITTED else "", "why")


def test_a_new_attempt_is_written_before_it_is_sent() -> None:
    assert next_step(None, 7, 100) == Send(Try(1, Stage.SUBMITTING, 7, 7), repeat=False)


@pytest.mark.parametrize("stage", [Stage.SUBMITTED, Stage.UNCONFIRMED, Stage.UNDELIVERED, Stage.FAILED, Stage.EXPIRED])
def test_what_has_ended_is_never_sent_again(stage: Stage) -> None:
    assert next_step(known(stage), 10**9, 100) == Settled(known(stage))


def test_what_was_refused_is_sent_again_as_it_was() -> None:
    assert next_step(known(Stage.WAITING), 50, 100) == Send(Try(1, Stage.SUBMITTING, 0, 50), repeat=False)
    assert next_step(known(Stage.WAITING, 2), 50, 100) == Send(Try(2, Stage.SUBMITTING, 0, 50), repeat=True)


def test_what_was_refused_too_long_expires() -> None:
    assert next_step(known(Stage.WAITING), 101, 100) == Settled(Try(1, Stage.EXPIRED, 0, 101, "", "why"))


def test_what_nobody_knows_is_sent_again_as_a_repeat() -> None:
    assert next_step(known(Stage.SUBMITTING), 50, 100) == Send(Try(2, Stage.SUBMITTING, 0, 50), repeat=True)


def test_repeats_end() -> None:
    step = next_step(known(Stage.SUBMITTING, MOST_TRIES), 50, 100)
    assert isinstance(step, Settled)
    assert step.record.stage is Stage.FAILED


SMS = Contact("sms", "+6281100000001")
MQTT = Contact("mqtt", "siaga/unit/u-1/tasks")
WHATSAPP = Contact("whatsapp", "+6281100000001")


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ((SMS, MQTT), {"sms:0": SMS, "mqtt:0": MQTT}),
        ((Contact("sms", "0811-0000-0001"), SMS, WHATSAPP), {"sms:0": SMS, "whatsapp:0": WHATSAPP}),
        ((SMS, Contact("sms", "+6281100000002")), {"sms:0": SMS, "sms:1": Contact("sms", "+6281100000002")}),
        ((Contact("sms", "siapa"), Contact("fax", "1"), Contact("fcm", "")), {}),
        ((), {}),
    ],
)
def test_routes(contacts: tuple[Contact, ...], expected: dict[str, Contact]) -> None:
    assert routes(contacts) == expected


@pytest.mark.parametrize(
    ("text", "tlv_id", "tlv_state", "expected"),
    [
        ("id:ab12 sub:001 dlvrd:001 submit date:1902110000 done date:190211000005 stat:DELIVRD err:000 text:x", None, None, Receipt("ab12", State.DELIVERED, "")),
        ("ID:7 STAT:undeliv", None, None, Receipt("7", State.FAILED_PERMANENT, "undelivered")),
        ("id:7 stat:EXPIRED", None, None, Receipt("7", State.EXPIRED, "expired")),
        ("id:7 stat:ACCEPTD", None, None, Receipt("7", None, "")),
        ("id:7 stat:ENROUTE", None, None, Receipt("7", None, "")),
        ("id:7 stat:UNDELIV", "9", 2, Receipt("9", State.DELIVERED, "")),
        ("", "9", 8, Receipt("9", State.FAILED_PERMANENT, "rejected")),
        ("sub:001", None, 2, None),
    ],
)  # fmt: skip
def test_receipts(text: str, tlv_id: str | None, tlv_state: int | None, expected: Receipt | None) -> None:
    assert read(text, tlv_id, tlv_state) == expected


@given(st.integers(0, 2**63), st.booleans(), st.booleans(), st.booleans())
def test_an_id_is_found_however_the_receipt_spells_it(
    number: int, answered_hex: bool, upper: bool, padded: bool
) -> None:
    answered = f"{number:x}" if answered_hex else str(number)
    receipted = str(number) if answered_hex else f"{number:x}"
    receipted = receipted.upper() if upper else receipted
    receipted = receipted.rjust(20, "0") if padded else receipted
    assert canonical(answered) in {canonical(spelling) for spelling in spellings(receipted)}
    assert spellings(receipted)[0] == receipted


@pytest.mark.parametrize("opaque", ["3f9c-77", "a/b", "Ünïque", "-"])
def test_opaque_ids_pass(opaque: str) -> None:
    assert spellings(opaque)[0] == opaque


DAY_MS = 24 * 3600 * 1000


@pytest.mark.parametrize(
    ("event", "taken", "now", "expected"),
    [
        (1_000, 1_500, 9_000, 9_000),
        (0, DAY_MS - 1, DAY_MS + 5, DAY_MS + 5),
        (0, 100 * DAY_MS, 100 * DAY_MS + 60_000, 60_000),
        (0, 100 * DAY_MS, 100 * DAY_MS - 5, 0),
    ],
)
def test_when_a_crew_answered(event: int, taken: int, now: int, expected: int) -> None:
    assert answered_at_ms(event, taken, now) == expected


def test_ids_come_from_their_cause() -> None:
    assert names.attempt_id("o", "sms", 1) == names.attempt_id("o", "sms", 1)
    assert len({names.attempt_id("o", channel, number) for channel in ("sms", "mqtt") for number in (1, 2)}) == 4
    assert names.report_id("o", "sms", "clear") != names.report_id("o", "mqtt", "clear")
