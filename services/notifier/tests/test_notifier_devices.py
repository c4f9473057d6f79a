"""Which registration of a device holds, where pushes may go, and what devices may say: the rules, without any server."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notifier_push import NOW_MS, attempt
from siaga_notifier.core.app_payload import EXPIRY_S
from siaga_notifier.core.device_words import Answer, Refused, Shown, SignIn, read_sign_in, read_word
from siaga_notifier.core.devices import Device, DeviceBook
from siaga_notifier.core.endpoints import is_public, refusal
from siaga_notifier.core.model import FCM, WEBPUSH, UnitStatus
from siaga_notifier.core.push import retry_after_s, topic, ttl_s
from siaga_notifier.core.states import State

P256DH = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"
AUTH = "tBHItJI5svbpez7KI4CCXg"

devices = st.builds(
    Device,
    tenant=st.sampled_from(["36.73", "32.14"]),
    unit_id=st.sampled_from(["A", "B"]),
    channel=st.sampled_from([WEBPUSH, FCM]),
    device=st.sampled_from(["hp-1", "hp-2"]),
    token=st.sampled_from(["t1", "t2", "t3"]),
    signed_in_at_ms=st.integers(1, 5),
)


@given(st.lists(devices, max_size=12), st.randoms(use_true_random=False))
def test_a_token_and_a_device_are_one_unit_s_only_in_whatever_order_processes_hear(
    signed_in: list[Device], random: Random
) -> None:
    latest: dict[str, Device] = {}
    for device in sorted(signed_in, key=lambda one: one.signed_in_at_ms):
        latest[device.key] = device
    book = DeviceBook()
    order = list(latest.values())
    random.shuffle(order)
    for device in order:
        book.put(device)
    holding = [device for device in order if book.by_key(device.key)]
    assert len({(one.channel, one.token) for one in holding}) == len(holding)
    assert len({(one.tenant, one.channel, one.device) for one in holding}) == len(holding)
    for device in order:
        later = [one for one in order if one.token == device.token and one.channel == device.channel]
        if all(device.signed_in_at_ms > one.signed_in_at_ms for one in later if one is not device) and not any(
            one is not device and one.device == device.device and one.tenant == device.tenant for one in order
        ):
            assert device in holding


@given(st.lists(st.tuples(devices, st.booleans()), max_size=20))
def test_what_is_forgotten_leaves_nothing(steps: list[tuple[Device, bool]]) -> None:
    book = DeviceBook()
    for device, keep in steps:
        if keep:
            book.put(device)
        else:
            book.remove(device.key)
    for device, _ in steps:
        book.remove(device.key)
    assert len(book) == 0
    assert not book._named


def test_a_phone_handed_to_another_crew_is_the_other_crew_s() -> None:
    book = DeviceBook()
    old = Device("36.73", "A", WEBPUSH, "hp-1", "token", signed_in_at_ms=1)
    book.put(old)
    book.put(replace(old, unit_id="B", device="hp-9", signed_in_at_ms=2))
    assert book.find("36.73", "A", WEBPUSH, "hp-1") is None
    assert book.find("36.73", "B", WEBPUSH, "hp-9") is not None


@pytest.mark.parametrize(
    ("endpoint", "right"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://8.8.8.8/x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://10.1.2.3/x", False),
        ("https://[fd00::1]/x", False),
        ("https://[64:ff9b::a01:203]/x", False),
        ("https://[2002:a01:203::]/x", False),
        ("https://127.1/x", False),
        ("https://a:b@push.example/x", False),
        ("https://push.example/x#y", False),
        ("https://push.example/a b", False),
        ("https://push.example/" + "x" * 2_000, False),
        ("https://push.example:99999/x", False),
        ("https:///x", False),
        ("", False),
        # Named as trusted: http only where nobody can listen in.
        ("http://127.0.0.1:8080/x", True),
        ("https://push.serang.lan/x", True),
        ("http://push.serang.lan/x", False),
    ],
)
def test_where_a_push_may_go(endpoint: str, *, right: bool) -> None:
    assert (refusal(endpoint, {"127.0.0.1", "push.serang.lan"}) is None) is right


@pytest.mark.parametrize("address", ["0.0.0.0", "100.64.0.1", "224.0.0.1", "fe80::1%eth0", "::ffff:127.0.0.1", "no"])
def test_addresses_that_are_not_the_internet_s(address: str) -> None:
    assert not is_public(address)


@given(st.text(max_size=40))
def test_no_address_confuses_the_check(text: str) -> None:
    assert isinstance(refusal("https://" + text, ()), str | None)


def test_what_a_browser_and_an_app_sign_in_with() -> None:
    subscription = {
        "endpoint": "https://push.example/x",
        "expirationTime": None,
        "keys": {"p256dh": P256DH, "auth": AUTH},
    }
    assert read_sign_in(WEBPUSH, {"subscription": subscription}) == SignIn("", "https://push.example/x", P256DH, AUTH)
    assert read_sign_in(FCM, {"unit_id": "A", "token": "abc"}) == SignIn("A", "abc")


@pytest.mark.parametrize(
    ("channel", "content", "field"),
    [
        (FCM, [], ""),
        (FCM, {}, "token"),
        (FCM, {"token": 7}, "token"),
        (FCM, {"token": "x" * 5_000}, "token"),
        (WEBPUSH, {"token": "abc"}, "subscription"),
        (WEBPUSH, {"subscription": {"endpoint": "x"}}, "subscription.keys"),
        (
            WEBPUSH,
            {"subscription": {"endpoint": "x", "keys": {"p256dh": "!", "auth": AUTH}}},
            "subscription.keys.p256dh",
        ),
        (
            WEBPUSH,
            {"subscription": {"endpoint": "x", "keys": {"p256dh": P256DH, "auth": "AA"}}},
            "subscription.keys.auth",
        ),
    ],
)
def test_what_is_wrong_with_a_sign_in_is_named(channel: str, content: object, field: str) -> None:
    with pytest.raises(Refused) as refused:
        read_sign_in(channel, content)
    assert refused.value.field == field


def test_what_devices_say() -> None:
    said = {"order_id": "o", "status": "EN_ROUTE", "at_ms": NOW_MS - 9_000, "lat": -6.1, "lon": 106.1}
    assert read_word(said, NOW_MS) == Answer("o", UnitStatus.EN_ROUTE, NOW_MS - 9_000, -6.1, 106.1)
    shown = {"order_id": "o", "attempt_id": "a", "status": "shown"}
    assert read_word(shown, NOW_MS) == Shown("o", "a", State.DELIVERED)
    assert read_word({**shown, "status": "read"}, NOW_MS) == Shown("o", "a", State.READ)
    assert read_word({"status": "mayday"}, NOW_MS) == Answer("", UnitStatus.MAYDAY)


@pytest.mark.parametrize("at_ms", [NOW_MS + 60_000, NOW_MS - 2 * 24 * 3600 * 1000, 0])
def test_a_clock_that_is_wrong_does_not_move_the_answer(at_ms: int) -> None:
    assert read_word({"order_id": "o", "status": "clear", "at_ms": at_ms}, NOW_MS) == Answer("o", UnitStatus.CLEAR)


@pytest.mark.parametrize(
    "place", [{"lat": 91, "lon": 0}, {"lat": True, "lon": 1}, {"lat": 1}, {"lat": "x", "lon": None}]
)
def test_a_wrong_place_does_not_lose_the_answer(place: dict[str, object]) -> None:
    assert read_word({"order_id": "o", "status": "clear", **place}, NOW_MS) == Answer("o", UnitStatus.CLEAR)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"status": "en_route"}, "order_id"),
        ({"order_id": "o"}, "status"),
        ({"order_id": "o", "status": "asleep"}, "status"),
        ({"order_id": "o", "status": "shown"}, "attempt_id"),
        ({"order_id": "o", "status": "clear", "at_ms": "now"}, "at_ms"),
    ],
)
def test_what_is_wrong_with_a_word_is_named(content: object, field: str) -> None:
    with pytest.raises(Refused) as refused:
        read_word(content, NOW_MS)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 5),
        ("12", 12),
        ("0", 0.5),
        ("-3", 0.5),
        ("nan", 5),
        ("soon", 5),
        ("99999", 300),
        ("Thu, 09 Oct 2025 08:53:30 GMT", 10),
        ("Thu, 09 Oct 2025 08:53:30 -0000", 10),
    ],
)
def test_when_to_try_again(header: str | None, seconds: float) -> None:
    assert retry_after_s(header, NOW_MS) == seconds


def test_how_long_a_message_is_worth_something() -> None:
    one = attempt(WEBPUSH)
    assert ttl_s(one, NOW_MS) == EXPIRY_S
    assert ttl_s(replace(one, expires_at_ms=NOW_MS + 90_500), NOW_MS) == 90
    assert ttl_s(replace(one, expires_at_ms=NOW_MS - 1), NOW_MS) == 0


@given(st.text(max_size=200))
def test_any_key_makes_a_topic_that_services_take(key: str) -> None:
    name = topic(replace(attempt(WEBPUSH), key=key))
    assert len(name) == 32
    assert name.isascii()
    assert name.replace("-", "").replace("_", "").isalnum()
