"""WhatsApp Cloud: posts taken apart, every type of message read, and nobody who has written is turned away."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.captures import CAPTURES
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import WHATSAPP, pieces
from siaga_intake.core.events import Accepted, CallEvent, Channel, Ignored, Kind, Media, Refusal, Trust
from siaga_intake.explaining import explain

ARRIVED_MS = 1_710_123_600_000
SENT_MS = 1_710_123_330_000
AROUND = {
    "messaging_product": "whatsapp",
    "metadata": {"display_phone_number": "622546112", "phone_number_id": "1060"},
}
CONTACT = {"profile": {"name": "Siti"}, "wa_id": "6281234567890"}


def message(type_: str, **content: Any) -> dict[str, Any]:
    return {"from": "6281234567890", "id": "wamid.A1", "timestamp": "1710123330", "type": type_, **content}


def post(*messages: Any, **value: Any) -> dict[str, Any]:
    told = {**AROUND, "contacts": [CONTACT], "messages": list(messages), **value}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "9", "changes": [{"field": "messages", "value": told}]}],
    }


@pytest.fixture
def taken(origin: Origin) -> Callable[[Any], list[doors.Taken]]:
    return lambda body: [doors.take(WHATSAPP, piece, origin) for piece in pieces(WHATSAPP, [body])]


@pytest.fixture
def event(taken: Callable[[Any], list[doors.Taken]]) -> Callable[[Any], CallEvent]:
    def only(body: Any) -> CallEvent:
        (accepted,) = taken(body)
        assert isinstance(accepted, Accepted), accepted
        (made,) = accepted.events
        return made

    return only


def test_a_text_opens_a_conversation_of_its_own(event: Callable[[Any], CallEvent]) -> None:
    made = event(post(message("text", text={"body": "kebakaran rumah di Cipare"})))
    assert (made.kind, made.channel, made.source) == (Kind.MESSAGE, Channel.WHATSAPP, "whatsapp/1")
    assert (made.event_at_ms, made.text, made.call_ref) == (SENT_MS, "kebakaran rumah di Cipare", "wamid.A1")
    assert made.caller is not None
    assert (made.caller.number, made.caller.trust) == ("+6281234567890", Trust.ASSERTED)
    assert made.additional is not None
    assert made.additional.subscriber_name == "Siti"


PICTURE = {"id": "1234", "mime_type": "image/jpeg", "sha256": "q+9=", "caption": "api besar"}
MESSAGES = [
    # message → text, media, position
    (message("image", image=PICTURE), "api besar", (Media("1234", "image", "image/jpeg", "q+9="),), None),
    (message("audio", audio={"id": "5", "mime_type": "audio/ogg; codecs=opus", "voice": True}), "", (Media("5", "audio", "audio/ogg; codecs=opus"),), None),
    (message("video", video={"id": "6", "mime_type": "video/mp4"}), "", (Media("6", "video", "video/mp4"),), None),
    (message("document", document={"id": "7", "filename": "ktp.pdf"}), "", (Media("7", "document"),), None),
    (message("sticker", sticker={"id": "8", "animated": False}), "", (Media("8", "sticker"),), None),
    (message("location", location={"latitude": -6.1149, "longitude": 106.1502}), "", (), (-6.1149, 106.1502)),
    (message("button", button={"text": "Saya butuh bantuan", "payload": "help"}), "Saya butuh bantuan", (), None),
    (message("interactive", interactive={"type": "button_reply", "button_reply": {"id": "1", "title": "Kebakaran"}}), "Kebakaran", (), None),
    (message("interactive", interactive={"type": "list_reply", "list_reply": {"id": "1", "title": "Banjir"}}), "Banjir", (), None),
    (message("interactive", interactive={"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "{}"}}), "Sent", (), None),
    (message("order", order={"catalog_id": "1", "text": "tolong"}), "tolong", (), None),
    (message("system", system={"body": "nomor berganti", "type": "user_changed_number"}), "nomor berganti", (), None),
    (message("unsupported", errors=[{"code": 131051, "title": "Message type unknown"}]), "", (), None),
    (message("edit", edit={"original_message_id": "wamid.A0", "message": {"type": "text", "text": {"body": "di Jl Veteran"}}}), "di Jl Veteran", (), None),
    (message("revoke", revoke={"original_message_id": "wamid.A0"}), "", (), None),
    (message("contacts", contacts=[{"name": {"formatted_name": "Pak RT"}, "phones": [{"phone": "+62 812"}]}]), "Pak RT +62 812", (), None),
    (message("hologram", hologram={"id": "1"}), "", (), None),
]  # fmt: skip


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: case[0]["type"])
def test_every_type_of_message_is_heard(event: Callable[[Any], CallEvent], case: Any) -> None:
    body, said, media, point = case
    made = event(post(body))
    assert (made.kind, made.text, made.media) == (Kind.MESSAGE, said, media)
    assert (made.position and (made.position.lat, made.position.lon)) == point
    assert made.position is None or made.position.source == "whatsapp"


def test_the_name_of_a_place_comes_along(event: Callable[[Any], CallEvent]) -> None:
    place = {"latitude": -6.1149, "longitude": 106.1502, "name": "Pasar Rau", "address": "Jl. KH Abdul Latif"}
    civic = event(post(message("location", location=place))).civic
    assert civic is not None
    assert (civic.name, civic.written) == ("Pasar Rau", "Jl. KH Abdul Latif")


BROKEN = [
    # what is wrong → the defect's field; the message is heard all the same
    (message("text", text={"body": "a" * 10_001}), "message.text.body"),
    (message("text", text={"body": ["a"]}), "message.text.body"),
    (message("text", text="a"), "message.text"),
    (message("location", location={"latitude": 52.5, "longitude": 13.4}), "message.location.lat"),
    (message("location", location={"latitude": "north"}), "message.location.latitude"),
    (message("image", image={}), "message.image.id"),
    ({**message("text", text={"body": "tolong"}), "timestamp": "yesterday"}, "message.timestamp"),
]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case[1])
def test_a_wrong_part_is_left_out_and_told(taken: Callable[[Any], list[doors.Taken]], case: Any) -> None:
    body, field = case
    (accepted,) = taken(post(body))
    assert isinstance(accepted, Accepted)
    assert [defect.field for defect in accepted.defects] == [field]


def test_one_post_with_many_messages_and_statuses(taken: Callable[[Any], list[doors.Taken]]) -> None:
    statuses = [
        {"id": "wamid.X", "status": word, "timestamp": "1710123330"} for word in ("sent", "delivered", "read", "failed")
    ]
    other = {**message("text", text={"body": "saya juga"}), "from": "6281234567891", "id": "wamid.A2"}
    reaction = {**message("reaction", reaction={"message_id": "wamid.X", "emoji": "👍"}), "id": "wamid.A3"}
    results = taken(
        post(message("text", text={"body": "tolong"}), other, reaction, {"id": "wamid.A4"}, statuses=statuses)
    )
    assert [type(each) for each in results] == [Accepted, Accepted, Ignored, Refusal, *[Ignored] * 4]
    assert [each.reason for each in results if isinstance(each, Ignored)] == [
        "irrelevant_event",
        *["message_status"] * 4,
    ]
    first, second = (each.events[0] for each in results if isinstance(each, Accepted))
    assert first.event_id != second.event_id
    assert first.call_id != second.call_id
    assert second.additional is not None


@pytest.mark.parametrize(
    "body",
    [
        {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "account_update", "value": {"event": "X"}}]}]},
        {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": None}]}]},
    ],
)  # fmt: skip
def test_other_news_is_told_by_its_name(taken: Callable[[Any], list[doors.Taken]], body: Any) -> None:
    (ignored,) = taken(body)
    assert isinstance(ignored, Ignored)
    assert (ignored.reason, ignored.name) == ("unknown_event", body["entry"][0]["changes"][0]["field"])


def test_a_body_of_something_else_is_refused(taken: Callable[[Any], list[doors.Taken]]) -> None:
    assert [each.field for each in taken({"hello": 1}) if isinstance(each, Refusal)] == ["entry"]


def test_a_citizen_without_a_number_is_known_by_his_id(event: Callable[[Any], CallEvent]) -> None:
    hidden = {key: value for key, value in message("text", text={"body": "tolong"}).items() if key != "from"}
    made = event(post({**hidden, "from_user_id": "ID.9f8e"}))
    assert made.caller is not None
    assert (made.caller.number, made.caller.trust) == ("", Trust.ANONYMOUS)


def test_two_centres_behind_one_app_are_told_apart_by_the_number_written_to(origin: Origin) -> None:
    shared = replace(origin, reached={"1060": (Centre("32.14", {}), "whatsapp/purwakarta")})
    (piece,) = pieces(WHATSAPP, [post(message("text", text={"body": "tolong"}))])
    accepted = doors.take(WHATSAPP, piece, shared)
    assert isinstance(accepted, Accepted)
    assert (accepted.events[0].tenant, accepted.events[0].source) == ("32.14", "whatsapp/purwakarta")


def test_captured_posts_are_explained_message_by_message(origin: Origin) -> None:
    captured = "\n".join(
        json.dumps(each)
        for each in (
            post(message("text", text={"body": "tolong"}), {**message("text"), "id": "wamid.A2"}),
            post(statuses=[{"id": "wamid.X", "status": "read"}]),
        )
    )
    found = explain(CAPTURES["whatsapp"], f"{captured}\n{{".encode(), origin)
    assert (found.payloads, len(found.told), found.irrelevant["read: message_status"]) == (4, 2, 1)
    assert len(found.calls()) == 1
    assert [told.where for told in found.told] == ["line 1, part 1", "line 1, part 2"]
    assert [each.reason.partition(":")[0] for each in found.refused] == ["is no JSON"]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["text", "6281", "1710123330"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["id", "from", "type", "timestamp", "text", "image", "location", "contacts", "edit", "interactive"]
)


@given(st.lists(st.dictionaries(KEYS, ANY, max_size=6) | ANY, max_size=3), ANY, ANY)
def test_any_messages_in_any_post_are_answered_for(messages: Any, contacts: Any, metadata: Any) -> None:
    origin = Origin(Centre("36.73", {}), ARRIVED_MS, ARRIVED_MS, b"s")
    made = pieces(WHATSAPP, [post(*messages, contacts=contacts, metadata=metadata)])
    assert len(made) == max(1, sum(isinstance(each, dict) for each in messages))
    for piece in made:
        assert isinstance(doors.take(WHATSAPP, piece, origin), (Accepted, Ignored, Refusal))


@given(ANY)
def test_any_body_comes_apart(body: Any) -> None:
    assert pieces(WHATSAPP, [body])
