"""Derived ids collide only for the same cause; caller keys hide the number and know its spellings."""

import uuid
from datetime import UTC, datetime

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from siaga.v1.call_pb2 import CallEvent
from siaga_contracts import callers, ids
from siaga_contracts.envelope import header, headers, rfc3339

parts = st.lists(st.text(max_size=8), min_size=1, max_size=4)


@given(parts, parts)
def test_different_parts_are_different_ids(one: list[str], two: list[str]) -> None:
    assert (ids.derived("call", *one) == ids.derived("call", *two)) == (one == two)


@given(parts)
def test_ids_are_plain_uuid5(some: list[str]) -> None:
    kind, *rest = some
    name = "\x1f".join((kind, *(part.replace("\\", "\\\\").replace("\x1f", "\\x1f") for part in rest)))
    assume("\x1f" not in kind and "\\" not in kind)
    assert ids.derived(*some) == str(uuid.uuid5(ids.NAMESPACE, name))


@given(st.from_regex(r"(\+62|0)8[1-9][0-9]{7,10}", fullmatch=True).filter(str.isascii))
def test_the_short_way_to_a_mobile_number_is_the_librarys(spelling: str) -> None:
    parsed = phonenumbers.parse(spelling, "ID")
    assume(phonenumbers.is_possible_number(parsed))
    assert callers.e164(spelling) == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def test_ids_never_change() -> None:
    assert ids.call_id("36.73", "asterisk/pbx1", "1552292130.41") == "1e792578-82da-5cac-ab28-cf0c173973fe"


@pytest.mark.parametrize(
    "spelling", ["+6281234567890", "081234567890", "6281234567890", "0812-3456-7890", "+62 812 3456 7890"]
)
def test_one_number_however_it_is_written(spelling: str) -> None:
    assert callers.e164(spelling) == "+6281234567890"


@pytest.mark.parametrize("nothing", ["", "anonymous", "unknown", "112", "Restricted"])
def test_no_number_is_no_number(nothing: str) -> None:
    assert callers.e164(nothing) is None


def test_a_caller_key_depends_on_secret_tenant_and_number() -> None:
    key = callers.caller_key(b"secret", "36.73", "+6281234567890")
    assert len(key) == 32
    assert "81234567890" not in key
    assert key != callers.caller_key(b"other", "36.73", "+6281234567890")
    assert key != callers.caller_key(b"secret", "32.14", "+6281234567890")
    assert key != callers.caller_key(b"secret", "36.73", "+6281234567891")


def test_headers_are_cloudevents_and_carry_the_trace() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    made = headers(CallEvent(), "event-1", "intake", 1_549_818_004_000, trace)
    assert isinstance(made, list)
    assert header(made, "ce_id") == "event-1"
    assert header(made, "ce_type") == "id.siaga112.siaga.v1.CallEvent"
    assert header(made, "ce_time") == "2019-02-10T17:00:04.000Z"
    assert header(made, "traceparent") == trace
    assert header(made, "nothing") is None
    assert rfc3339(0) == "1970-01-01T00:00:00.000Z"


@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_times_are_those_of_the_calendar(at_ms: int) -> None:
    expected = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    assert datetime.fromisoformat(rfc3339(at_ms)) == expected
