"""What is kept of a payload tells nobody's number, words or place, wherever in the payload they stand."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.core.masking import MAX_SAMPLE_BYTES, masked, masked_body, masked_text, masked_words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+6281234567890", "+628********90"),
        ("0812-3456-7890", "081*-****-**90"),
        ("+62 (0)812 3456 7890", "+62 (0)*** **** **90"),
        ("0812.3456.7890", "081*.****.**90"),
        ("0254200112", "025*****12"),
        ("2001122", "2****22"),
        ("1628100000000", "162********00"),
        ("353472104343540", "353**********40"),
        ("tel:+6281234567890;phone-context=x", "tel:+628********90;phone-context=x"),
        ("sip:+6281234567890@10.0.0.5", "sip:+6***@10.0.0.5"),
        ("budi@example.com", "bu***@example.com"),
        ("b7c1@081234567890", "b7***@081*******90"),
        ('"Budi S" <sip:100@pbx>', "[text of 6 characters]  <sip:10***@pbx>"),
        ("Budi <081234567890>", "[text of 4 characters]  <081*******90>"),
        ("Bearer abcdef", "Bearer [secret]"),
        ("wamid.HBgLNjI4MTIzNDU2Nzg5MBUCABIYFjNFQjBDMUI2", "wamid.HBgLNj[40 characters]"),
        ("Rumah terbakar, dua orang di dalam", "[text of 34 characters]"),
        ("-6.1149,106.1539", "-6.11…,106.15…"),
        ("<pos>-6.1149 106.1539</pos>", "<pos>-6.11… 106.15…</pos>"),
        ("<A6>Jl Veteran 12</A6>", "<A6>[text of 13 characters]</A6>"),
        ("6°06'53.6\"S", "6°06…S"),
        ("0606.894,S", "0606…,S"),
        # What tells nobody anything stays as it is.
        ("1710123330.41", "1710123330.41"),
        ("1768461330120", "1768461330120"),
        ("2026-01-15T14:16:10.123+07:00", "2026-01-15T14:16:10.123+07:00"),
        ("8a1cec62-9f34-5e1c-9b84-01e3178b4949", "8a1cec62-9f34-5e1c-9b84-01e3178b4949"),
        ("QueueCallerJoin", "QueueCallerJoin"),
        ("112-utama", "112-utama"),
        ("Normal Clearing", "Normal Clearing"),
    ],
)
def test_a_text(text: str, shown: str) -> None:
    assert masked_text(text) == shown


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ({"text": "api"}, {"text": "[text of 3 characters]"}),
        ({"CallerIDName": "Budi"}, {"CallerIDName": "[text of 4 characters]"}),
        ({"profile": {"name": "Budi"}}, {"profile": {"name": "[text of 4 characters]"}}),
        ({"channel": {"name": "PJSIP/a-0001"}}, {"channel": {"name": "PJSIP/a-0001"}}),
        ({"access_token": "x"}, {"access_token": "[secret of 1 characters]"}),
        ({"n": 6281234567890, "t": 1710123330, "b": True}, {"n": "628********90", "t": 1710123330, "b": True}),
        ({"lat": -6.114912, "lon": 106.153912}, {"lat": -6.11, "lon": 106.15}),
        ({"081234567890": 1}, {"081*******90": 1}),
        ([["a"] * 200], [[*["a"] * 100, "[200 entries]"]]),
    ],
)
def test_a_payload(payload: object, shown: object) -> None:
    assert json.loads(masked(payload)) == shown


def test_a_payload_that_is_a_text_as_a_whole_is_shown_further() -> None:
    shown = json.loads(masked("<a>" + "<b>1</b>" * 200 + "<pos>-6.1149 106.1539</pos></a>"))
    assert len(shown) > 1_500
    assert shown.endswith("<pos>-6.11… 106.15…</pos></a>")


def test_a_reason_stays_readable() -> None:
    reason = "must be one of emergency, prank, ghost, non_emergency"
    assert masked_words(reason) == reason
    assert masked_words("no such caller '+6281234567890'") == "no such caller '+628********90'"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            b'{"Event":"Hangup","text":"Api besar","CallerIDNum":"081234567890","n":6281234567890',
            '{"Event":"Hangup","text":"[text of 9 characters]","CallerIDNum":"081*******90","n":628********90',
        ),
        (
            b"cdr=%7B%22a%22%3A%22081234567890%22%2C+%22text%22%3A%22api%22",
            'cdr={"a":"081*******90", "text":"[text of 3 characters]"',
        ),
    ],
)
def test_a_body_that_is_no_json(body: bytes, shown: str) -> None:
    assert masked_body(body) == shown


NUMBERS = st.one_of(
    st.from_regex(r"\A\+?628[1-9][0-9]{7,10}\Z"),
    st.from_regex(r"\A08[1-9][0-9]{7,10}\Z"),
    st.from_regex(r"\A(35|86|01)[0-9]{13}\Z"),
    st.from_regex(r"\A510[0-9]{12}\Z"),
    st.from_regex(r"\A021[0-9]{7,8}\Z"),
    st.from_regex(r"\A08[1-9][0-9][- .][0-9]{3,4}[- .][0-9]{3,5}\Z"),
)
# What stands around a number: never digits, for then it would be another number.
AROUND = st.text(st.characters(exclude_categories=["Nd", "No", "Nl", "Cs"], max_codepoint=0x2FF), max_size=6)


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


@given(number=NUMBERS, before=AROUND, after=AROUND)
def test_no_number_survives_whatever_stands_around_it(number: str, before: str, after: str) -> None:
    for shown in (masked_text(before + number + after), masked_words(before + number + after)):
        assert number not in shown
        assert digits(number) not in digits(shown)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text(max_size=20), st.integers(-99, 99)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)


def planted(value: object, number: str) -> object:
    """The payload with the number in each of its texts, and once as a number."""
    if isinstance(value, dict):
        return {f"{key} {number}": planted(each, number) for key, each in value.items()} | {"n": int(digits(number))}
    if isinstance(value, list):
        return [planted(each, number) for each in value]
    return f"{value} {number}" if isinstance(value, str) else value


@given(payload=JSON, number=NUMBERS)
def test_a_number_in_every_field_is_in_none_of_what_is_kept(payload: object, number: str) -> None:
    for shown in (masked(planted(payload, number)), masked_body(json.dumps(planted(payload, number)).encode()[:-1])):
        assert digits(number) not in shown
        assert number not in shown


@given(JSON.map(lambda value: [value] * 200), st.binary(max_size=6_000))
def test_anything_is_shown_within_bounds(payload: object, body: bytes) -> None:
    assert len(masked(payload).encode()) <= MAX_SAMPLE_BYTES
    json.loads(masked(payload))
    assert len(masked_body(body)) <= MAX_SAMPLE_BYTES


@pytest.mark.parametrize(
    "payload", [{"a": "1 " * 500_000}, {"a" * 70_000: "a" * 1_000_000}, [10**5000], {"a": ["<" * 300_000] * 3}]
)
def test_what_is_huge_takes_little(payload: object) -> None:
    assert len(masked(payload).encode()) <= MAX_SAMPLE_BYTES
