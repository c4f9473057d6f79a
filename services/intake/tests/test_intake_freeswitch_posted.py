"""What mod_json_cdr really sends: JSON, a form, base64; and a form whose inner escapes are gone."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.captures import CAPTURES, pieces
from siaga_intake.core.captured import Broken, Piece
from siaga_intake.core.switches import freeswitch_posted

UNSAFE = '\r\n #%&+:;<=>?@[\\]^`{|}"'
RECORD: dict[str, Any] = {
    "core-uuid": "6f0c", "switchname": "fs1", "channel_data": {"direction": "inbound", "state_number": 11},
    "variables": {
        "uuid": "a1b2", "sip_full_from": '"Budi \\ Siti" <sip:+6281234567890@10.0.0.5>;tag=x{1}', "cc_queue": "112-utama@default",
        "caller_id_number": "+6281234567890", "switch_r_sdp": "v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\na=rtpmap:0 PCMU/8000\r\n",
        "empty": "", "name": "Siti Zubaidah é", "odd": 'says "yes", or "no": {never}',
    },
    "app_log": {"applications": [{"app_name": "answer", "app_data": "", "app_stamp": "1710123331000000"}]},
    "callflow": [],
}  # fmt: skip


def url_encoded(text: str) -> str:
    """As the module's own encoder: what looks encoded already is spared."""
    out, data = [], text.encode()
    for place, byte in enumerate(data):
        spared = byte == 0x25 and all(chr(each) in "0123456789ABCDEF" for each in data[place + 1 : place + 3])
        plain = 0x20 <= byte <= 0x7E and (spared or chr(byte) not in UNSAFE)
        out.append(chr(byte) if plain else f"%{byte:02X}")
    return "".join(out)


def posted(record: dict[str, Any], encode: str, *, values: bool) -> bytes:
    """The body for a record, by the module's parameters `encode` and `encode-values`."""
    if values:
        record = {**record, "variables": {name: url_encoded(value) for name, value in record["variables"].items()}}
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    match encode:
        case "true":
            return b"cdr=" + url_encoded(text).encode()
        case "base64":
            return b"cdr=" + base64.b64encode(text.encode())
    return text.encode()


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("encode", ["false", "true", "base64"])
def test_each_encoding_gives_the_record(encode: str, values: bool) -> None:
    told = freeswitch_posted.record(posted(RECORD, encode, values=values))
    assert isinstance(told, dict)
    # Through the form both encodings come off at once; elsewhere the values keep theirs.
    kept = values and encode != "true"
    assert told["variables"]["caller_id_number"] == ("%2B6281234567890" if kept else "+6281234567890")
    if not kept:
        assert told == RECORD


@pytest.mark.parametrize("encode", ["true", "base64"])
def test_a_file_of_the_error_folder_has_no_field_name(encode: str) -> None:
    body = posted(RECORD, encode, values=False).removeprefix(b"cdr=") + b"\n"
    assert freeswitch_posted.record(body) == RECORD


def test_a_name_in_another_encoding_costs_no_record() -> None:
    body = b"cdr=" + url_encoded('{"variables":{"uuid":"a1b2","sip_from_display":"Bud').encode() + b"%ED%22%7D%7D"
    told = freeswitch_posted.record(body)
    assert isinstance(told, dict)
    assert told["variables"]["uuid"] == "a1b2"


def test_a_plus_that_a_form_has_made_a_space() -> None:
    body = posted({"variables": {"uuid": "~~~>>>???"}}, "base64", values=False)
    assert b"+" in body
    assert freeswitch_posted.record(body.replace(b"+", b" ")) == {"variables": {"uuid": "~~~>>>???"}}


@pytest.mark.parametrize("body", [b"", b"cdr=", b"{", b"cdr=%7B", b"hello", b"cdr=!!!", b'{"a":"b'])
def test_no_record(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|truncated"):
        freeswitch_posted.record(body)


TEXTS = st.text(max_size=12)
NAMED = st.dictionaries(TEXTS, TEXTS | st.integers(0, 2**53), max_size=4)


@given(st.dictionaries(TEXTS, TEXTS | NAMED | st.lists(NAMED, max_size=3), max_size=5))
def test_whole_json_is_mended_to_itself(value: Any) -> None:
    text = msgspec.json.encode(value).decode()
    assert msgspec.json.decode(freeswitch_posted.mended(text)) == value


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters='":,%\\')),
        max_size=6,
    )
)
def test_values_without_marks_of_json_survive_both_encodings(values: dict[str, str]) -> None:
    record = {"variables": {"uuid": "a1b2", **values}}
    told = freeswitch_posted.record(posted(record, "true", values=True))
    assert told == record


def test_a_file_of_lines_shows_the_bad_one_beside_the_good() -> None:
    good = posted(RECORD, "base64", values=False).removeprefix(b"cdr=")
    told = list(pieces(CAPTURES["freeswitch-cdr"], good + b"\nrubbish!\n" + good + b"\n"))
    assert [type(each) for each in told] == [Piece, Broken, Piece]
    assert isinstance(told[2], Piece)
    assert told[2].payload == RECORD
