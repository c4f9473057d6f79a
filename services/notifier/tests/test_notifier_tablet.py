"""What devices say over MQTT, and when a unit counts as away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_notifier.core.model import UnitAnswer
from siaga_notifier.core.states import State
from siaga_notifier.core.tablet import Presence, Shown, Word, is_away, read_word, unit_of

ACKS = "siaga/unit/u-1/acks"
STATUS = "siaga/unit/u-1/status"


@pytest.mark.parametrize(
    ("topic", "body", "expected"),
    [
        (ACKS, b'{"order_id":"o","status":"Clear","at_ms":7}', UnitAnswer("u-1", "o", "clear", 7)),
        (ACKS, b'{"order_id":"o","status":"clear","lat":-6.1,"lon":"106.1"}', UnitAnswer("u-1", "o", "clear", 0, -6.1, 106.1)),
        (ACKS, b'{"status":"clear","lat":99,"lon":1}', UnitAnswer("u-1", "", "clear")),
        (ACKS, b'{"status":"clear","lat":1}', UnitAnswer("u-1", "", "clear")),
        (ACKS, b"[]", None),
        (ACKS, b'{"order_id":"o"}', None),
        (ACKS, b'{"status":"clear","at_ms":"soon"}', None),
        (ACKS, b"\xff", None),
        (ACKS, None, None),
        (ACKS, b'{"attempt_id":"a","status":"shown"}', Shown("u-1", "a", State.DELIVERED)),
        (ACKS, b'{"attempt_id":"a","status":"READ"}', Shown("u-1", "a", State.READ)),
        (ACKS, b'{"order_id":"o","status":"read"}', None),
        (STATUS, b"online", Presence("u-1", "", True)),
        (STATUS, b" Offline\n", Presence("u-1", "", False)),
        (STATUS + "/siren", b"online", Presence("u-1", "siren", True)),
        (STATUS, b"", Presence("u-1", "", None)),
        (STATUS, b"{}", None),
        ("siaga", b'{"status":"clear"}', None),
        ("other/unit/u-1/acks", b'{"status":"clear"}', None),
    ],
)  # fmt: skip
def test_words(topic: str, body: bytes, expected: Word | None) -> None:
    assert read_word(topic, body) == expected


@given(st.lists(st.text("asiguntcktu/-+#", max_size=12), max_size=6), st.binary(max_size=60))
def test_nothing_a_device_sends_breaks_it(parts: list[str], body: bytes) -> None:
    read_word("/".join(parts), body)
    read_word(ACKS, body)
    read_word(STATUS, body)


@pytest.mark.parametrize(
    ("told", "away"),
    [
        ({}, False),
        ({("u-1", ""): True}, False),
        ({("u-1", ""): False}, True),
        ({("u-1", "tablet"): False, ("u-1", "siren"): True}, False),
        ({("u-1", "tablet"): False, ("u-1", "siren"): False}, True),
        ({("u-2", ""): False}, False),
    ],
)
def test_a_unit_is_away_when_all_of_its_devices_that_told_are(told: dict[tuple[str, str], bool], away: bool) -> None:
    assert is_away("u-1", told) is away


def test_whose_tasks_a_topic_brings() -> None:
    assert unit_of("siaga/unit/u-1/tasks") == "u-1"
    assert unit_of("siaga/unit/u-1/acks") is None
    assert unit_of("pager/7") is None
