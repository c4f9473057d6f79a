"""SMS from the gateways in use, each in its own fields."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core.events import Accepted, CallEvent, Channel, Ignored, Kind, Media, Refusal, Trust

Events = Callable[[str, Any], tuple[CallEvent, ...]]
ARRIVED_MS = 1_710_123_600_000
SENT_MS = 1_710_123_330_000
GATEWAYS: list[dict[str, Any]] = [
    {"from": "081234567890", "to": "112", "text": "kebakaran", "id": "m1", "at": "2024-03-11T09:15:30+07:00"},
    {"from": "+6281234567890", "to": "112", "text": "kebakaran", "id": "m1", "at": "1710123330"},
    {"From": "+6281234567890", "To": "+62112", "Body": "kebakaran", "MessageSid": "m1", "SmsStatus": "received", "at": 1710123330},
    {"msisdn": "6281234567890", "destination": "112", "message": "kebakaran", "message_id": "m1", "received_at": "2024-03-11 09:15:30"},
    {"Sender": "081234567890", "Pesan": "kebakaran", "sms_id": "m1", "Waktu": "11/03/2024 09.15.30"},
]  # fmt: skip


@pytest.mark.parametrize("sms", GATEWAYS, ids=lambda sms: "-".join(sms)[:30])
def test_the_same_message_through_any_gateway_is_the_same_event(events: Events, sms: dict[str, Any]) -> None:
    (event,) = events("sms", sms)
    assert (event.kind, event.channel, event.text) == (Kind.MESSAGE, Channel.SMS, "kebakaran")
    assert (event.event_at_ms, event.call_ref) == (SENT_MS, "m1")
    assert event.event_id == events("sms", GATEWAYS[0])[0].event_id
    assert event.caller is not None
    assert (event.caller.number, event.caller.trust) == ("+6281234567890", Trust.ASSERTED)


def test_without_an_id_the_content_names_it(events: Events) -> None:
    first, again = events("sms", {"from": "1", "text": "a"}), events("sms", {"text": "a", "from": "1"})
    other = events("sms", {"from": "1", "text": "b"})
    assert first == again
    assert first[0].event_id != other[0].event_id


def test_an_mms_brings_its_pictures(events: Events) -> None:
    mms = {
        "From": "+6281234567890",
        "Body": "",
        "MessageSid": "m",
        "MediaUrl0": "https://x/1",
        "MediaContentType0": "image/png",
    }
    assert events("sms", mms)[0].media == (Media("https://x/1", "image", "image/png"),)


def test_a_receipt_is_no_message(take: Callable[..., Any]) -> None:
    assert take("sms", {"MessageSid": "m", "MessageStatus": "delivered", "From": "112"}) == Ignored("message_status")


@pytest.mark.parametrize(
    ("changes", "field"), [({"text": "x" * 10_001}, "text"), ({"at": "kemarin"}, "at"), ({"text": {"a": 1}}, "text")]
)
def test_a_wrong_part_is_left_out_and_told(take: Callable[..., Any], changes: dict[str, Any], field: str) -> None:
    taken = take("sms", {**GATEWAYS[0], **changes})
    assert isinstance(taken, Accepted)
    assert [defect.field for defect in taken.defects] == [field]


def test_a_message_from_nobody_is_a_call_all_the_same(events: Events) -> None:
    (event,) = events("sms", {"text": "tolong", "id": "m9"})
    assert event.caller is not None
    assert (event.caller.trust, event.call_ref) == (Trust.ANONYMOUS, "m9")


def test_an_empty_post_names_what_is_missing(take: Callable[..., Any]) -> None:
    refused = take("sms", {"hello": "world"})
    assert isinstance(refused, Refusal)
    assert refused.field == "from"
