"""AML: what phones send by SMS and HTTPS, damaged on the way or not; and that it keeps no number of SIM or device."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.core.events import Defect, Ignored, Position
from siaga_intake.core.fields import Refused
from siaga_intake.core.happening import Desk, OfCaller, Reading
from siaga_intake.core.position import aml

AT_MS = 1_710_123_600_000
FIX_MS = 1_710_123_330_000
NUMBER = "+6281234567890"
SMS = (
    'A"ML=1;lt=-6.11490;lg=+106.15020;rd=18;top=20240311021530;lc=95;pm=G;si=510101234567890;ei=353472104343540;'
    "mcc=510;mnc=10;ml=128"
)
FIX = Position(-6.1149, 106.1502, "aml", 18.0, FIX_MS, "GNSS", 95.0)
HTTPS = {
    "v": "1", "device_number": NUMBER, "location_latitude": "-6.1149", "location_longitude": "106.1502",
    "location_time": "1710123330000", "location_accuracy": "18", "location_source": "gps", "location_certainty": "95",
    "location_altitude": "25.0", "location_floor": "", "device_imei": "353472104343540", "device_imsi": "510101234567890",
    "cell_network_mcc": "510", "cell_network_mnc": "10", "cell_id": "12345", "hmac": "c2lhZ2E=",
}  # fmt: skip
# Android's example of a data SMS, in hexadecimal: seven bits for each letter.
DATA_SMS = (
    "415193D98BEDD8F4DEECE6A2C962B7DA8E7DEEB56232990B86A3D9623B39B92783EDE86F784F068BD560B6D80C1683E568B81D7BDCB3E176F0"
    "76EFB89BA77B39DCCD56A3C966B15D39DD9BD570B2590E56CBC168B21A4DB66B8FC7BD590CB66BBBC73D990DB66BB37B31D90C"
)


def reading(message: str) -> Reading:
    found = aml.read_sms(message, NUMBER, Desk(AT_MS))
    assert isinstance(found, Reading)
    return found


def position(found: Reading) -> Position:
    (happening,) = found.happenings
    assert happening.position is not None
    return happening.position


def written(**changed: str) -> str:
    """The message with other attributes, its length told truly."""
    attributes = dict(part.split("=", 1) for part in SMS.split(";")[:-1]) | changed
    message = ";".join(f"{name}={value}" for name, value in attributes.items()) + ";ml="
    length = len(message) + 2
    return f"{message}{length if length < 100 else length + 1}"


def packed(message: str) -> bytes:
    bits = sum(ord(letter) << 7 * index for index, letter in enumerate(message))
    return bits.to_bytes((len(message) * 7 + 7) // 8, "little")


def test_the_usual_message() -> None:
    found = reading(SMS)
    assert position(found) == FIX
    assert found.belongs == OfCaller(NUMBER)
    assert found.defects == ()
    assert (found.happenings[0].at_ms, found.happenings[0].call_ref) == (AT_MS, "")


def test_attributes_in_any_order_and_unknown_ones() -> None:
    header, *others, _ = SMS.split(";")
    message = ";".join([header, *reversed(others), "zz=1", "al=25.0", "ml="])
    assert position(reading(f"{message}{len(message) + 3}")) == FIX


@pytest.mark.parametrize(
    "spelled",
    [
        f"  {SMS}\r\n",
        SMS.replace('"', "\u201d"),
        packed(SMS).hex(),
        packed(SMS).hex().upper(),
        base64.b64encode(packed(SMS)).decode(),
        "0605041b581b58" + packed(SMS).hex(),
        SMS.encode().hex(),
    ],
    ids=["spaces", "quote", "hex", "HEX", "base64", "ports", "eight bits"],
)
def test_as_gateways_hand_it_on(spelled: str) -> None:
    assert aml.is_aml(spelled)
    assert position(reading(spelled)) == FIX


def test_androids_own_example_of_a_data_sms() -> None:
    assert aml.is_aml(DATA_SMS)
    with pytest.raises(Refused) as refused:
        aml.read_sms(DATA_SMS, NUMBER, Desk(AT_MS))
    assert (refused.value.field, refused.value.found) == ("lt", "37.42175, -122.08461")


@pytest.mark.parametrize("text", ["", "Tolong ada kebakaran", "AML=1;lt=1", "A1B2C3D4" * 20, "QUJD" * 20, "ab" * 30])
def test_a_persons_message_is_no_aml(text: str) -> None:
    assert not aml.is_aml(text)


@pytest.mark.parametrize(
    ("letter", "method"), [("G", "GNSS"), ("W", "Wifi"), ("C", "Cell"), ("N", ""), ("U", ""), ("?", "")]
)
def test_methods(letter: str, method: str) -> None:
    assert position(reading(written(pm=letter))).method == method


@pytest.mark.parametrize(
    "message",
    [
        (
            'A"ML=1;lt=+00.00000;lg=+000.00000;rd=N;top=20220131173734;lc=0;pm=N;si=234159000000000;ei=123456789012345;'
            "mcc=234;mnc=15;ml=127"
        ),
        written(lt="N", lg="N", rd="N", pm="N"),
    ],
)
def test_a_phone_that_found_nothing(message: str) -> None:
    assert aml.read_sms(message, NUMBER, Desk(AT_MS)) == Ignored("no_position")


@pytest.mark.parametrize(
    ("message", "field", "reason"),
    [
        (SMS.replace("ml=128", "ml=127"), "ml", "the message has 128 characters, not as many as it says"),
        (SMS.replace("rd=18;", ""), "ml", "the message has 122 characters, not as many as it says"),
        (written(lt="x"), "lt", "must be a number"),
        (written(lt="51.5"), "lt", "outside Indonesia (-11.5 to 6.5)"),
        (written(lg="206"), "lg", "outside Indonesia (94.0 to 142.0)"),
        (written(lg=""), "lg", "missing beside the other coordinate"),
        (written(rd="900000"), "rd", "must be from 0 to 100000"),
        (written(rd="-1"), "rd", "must be from 0 to 100000"),
        ('A"ML=7;lt=-6.1;lg=106.2', 'A"ML', "is no version of AML that is known (1 or 2)"),
        ("tolong", "text", 'is no AML message: it does not begin with A"ML='),
        (SMS + ";" * 400, "text", "longer than 480 characters"),
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_used(message: str, field: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        aml.read_sms(message, NUMBER, Desk(AT_MS))
    assert (refused.value.field, refused.value.reason) == (field, reason)


@pytest.mark.parametrize(
    ("message", "defect"),
    [
        (written(top="20240311"), Defect("top", "is no time (yyyymmddhhmmss, UTC)")),
        (written(top="20500311021530"), Defect("top", "is more than a day in the future")),
        (written(top="20240311031530"), Defect("top", "is in the future")),
        (written(lc="200"), Defect("lc", "must be a percentage")),
        (written(lc="?"), Defect("lc", "must be a number")),
        (written(mcc="525"), Defect("mcc", "is another country's network: the position is taken all the same")),
    ],
)
def test_a_wrong_part_is_left_out_and_the_place_kept(message: str, defect: Defect) -> None:
    found = reading(message)
    assert (position(found).lat, position(found).lon) == (FIX.lat, FIX.lon)
    assert found.defects == (defect,)
    assert position(found).fixed_at_ms == (0 if defect.field == "top" else FIX_MS)


@pytest.mark.parametrize("end", range(len(SMS)))
def test_a_message_cut_anywhere_gives_no_wrong_place(end: int) -> None:
    try:
        found = aml.read_sms(SMS[:end], NUMBER, Desk(AT_MS))
    except Refused:
        return
    if isinstance(found, Reading):
        assert (position(found).lat, position(found).lon) == (FIX.lat, FIX.lon)
        assert position(found).radius_m in (0.0, FIX.radius_m)
        assert position(found).fixed_at_ms in (0, FIX_MS)
        assert position(found).confidence_percent in (0.0, FIX.confidence_percent)
        assert found.defects


def test_androids_second_version() -> None:
    message = (
        'A"ML=2;en=112;et=1710123300;lo=-6.11490,106.15020,20.1;lt=30;lc=68;lz=10.1,3.0;ls=W;ei=1;nc=51010;lg=id-ID'
    )
    assert position(reading(message)) == Position(-6.1149, 106.1502, "aml", 20.1, FIX_MS, "Wifi", 68.0)


def https(**changed: Any) -> Any:
    return aml.read({**HTTPS, **changed}, Desk(AT_MS))


def test_https() -> None:
    found = https()
    assert position(found) == FIX
    assert (found.belongs, found.defects) == (OfCaller(NUMBER), ())


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"location_latitude": -6.1149, "location_longitude": 106.1502, "location_time": FIX_MS}, FIX),
        ({"location_certainty": "", "location_confidence": "0.95"}, FIX),
        ({"location_floor": "Lt. 3"}, Position(-6.1149, 106.1502, "aml", 18.0, FIX_MS, "GNSS", 95.0, "", "Lt. 3")),
        ({"location_source": "unknown"}, Position(-6.1149, 106.1502, "aml", 18.0, FIX_MS, "", 95.0)),
    ],
)
def test_https_in_other_writings(changed: dict[str, Any], expected: Position) -> None:
    assert position(https(**changed)) == expected


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"device_number": ""}, "device_number"),
        ({"location_latitude": "tujuh"}, "location_latitude"),
        ({"location_longitude": ""}, "location_longitude"),
        ({"location_accuracy": "1e9"}, "location_accuracy"),
    ],
)
def test_https_that_cannot_be_used(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        https(**changed)
    assert refused.value.field == field


def test_an_sms_with_its_sender_at_the_door() -> None:
    for names in (("text", "from"), ("message", "sender"), ("sms", "number")):
        found = aml.read(dict(zip(names, (SMS, NUMBER), strict=True)), Desk(AT_MS))
        assert isinstance(found, Reading)
        assert position(found) == FIX
    with pytest.raises(Refused) as refused:
        aml.read({"text": SMS}, Desk(AT_MS))
    assert refused.value.field == "from"


@pytest.mark.parametrize("read", [lambda: reading(SMS), https])
def test_no_number_of_sim_or_device_is_kept(read: Callable[[], Reading]) -> None:
    assert not {number for number in ("353472104343540", "510101234567890") if number in repr(read())}


@given(
    st.text(max_size=200)
    | st.text(alphabet='A"ML=12;.,-+ltgrdopcmnk0N', max_size=80).map(lambda text: 'A"ML=1;' + text)
)
def test_any_message_is_read_ignored_or_refused(message: str) -> None:
    try:
        found = aml.read_sms(message, NUMBER, Desk(AT_MS))
    except Refused:
        return
    assert isinstance(found, Reading | Ignored)
