"""The names and contents of gammu-smsd's files."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_notifier.core.modem_files import (
    Content,
    Incoming,
    encoded,
    is_report,
    outgoing,
    read_content,
    read_incoming,
    read_outgoing,
    reported,
)
from siaga_notifier.core.states import State

AT_MS = 1_760_000_000_000
FILE = Incoming("IN20261126_072000_00_+62811_00.txt", "IN20261126_072000_00_+62811", "+62811", 0)
MESSAGE = """; Saved 20261126T075012

[SMSBackup000]
; SIAP
; [SMSBackup007]
PDU = Deliver
Number = "+62811"
NameUnicode =\x20
UDH = 050003AA0201
Text00 = 00530049
Text01 = 00410050
Coding = Default_No_Compression

[SMSBackup001]
Text00 = 00200031
Coding = Unicode_No_Compression
"""


@given(
    st.from_regex(r"\+?[0-9]{3,20}", fullmatch=True), st.text(min_size=1), st.sampled_from(["P0", "P1", "P2", "P3", ""]),
    st.integers(0, 4_000_000_000_000), st.booleans(),
)  # fmt: skip
def test_a_name_fits_the_daemon_and_says_what_it_is(
    number: str, key: str, priority: str, at_ms: int, report: bool
) -> None:
    message = outgoing(number, key, priority, at_ms, report=report)
    # The daemon copies it into 100 bytes.
    assert len(message.name.encode()) < 100
    assert read_outgoing(message.name) == message
    assert message == outgoing(number, key, priority, at_ms, report=report)


def test_the_daemon_takes_urgent_ones_first_and_then_the_older() -> None:
    told = [("P1", 2), ("P0", 3), ("", 0), ("P1", 1), ("P3", 0)]
    names = [
        outgoing("+62811", f"{priority}-{at}", priority, AT_MS + at * 1000, report=True).name for priority, at in told
    ]
    assert [name.rpartition("_")[2] for name in sorted(names)] == [
        "P0-3.txtd",
        "P1-1.txtd",
        "P1-2.txtd",
        "P3-0.txtd",
        "-0.txtd",
    ]


@pytest.mark.parametrize(
    ("name", "source", "part"),
    [
        ("IN20261126_072000_00_+6281100000001_00.txt", "+6281100000001", 0),
        ("IN20261126_072000_12_MY_BANK_03.smsbackup", "MY_BANK", 3),
    ],
)
def test_names_of_what_came(name: str, source: str, part: int) -> None:
    file = read_incoming(name)
    assert file is not None
    assert (file.source, file.part) == (source, part)


@pytest.mark.parametrize(
    "name", ["OUTA.txt", "README", ".unread-IN20261126_072000_00_+62811_00.bin", "IN_1.txt", "x.tmp"]
)
def test_other_files_are_left_alone(name: str) -> None:
    assert read_incoming(name) is None
    assert read_outgoing(name) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (MESSAGE.encode(), Content("SIAP 1", False)),
        (MESSAGE.replace("\n", "\r\n").encode(), Content("SIAP 1", False)),
        (MESSAGE.replace("PDU = Deliver", "PDU = Status_Report").encode(), Content("SIAP 1", True)),
        ("\ufeffTIBA".encode("utf-16-be"), Content("TIBA", None)),
        (encoded("Kebakaran 火事"), Content("Kebakaran 火事", None)),
        (b"1 #114", Content("1 #114", None)),
        (b"caf\xe9", Content("café", None)),
    ],
)
def test_contents(body: bytes, expected: Content) -> None:
    assert read_content(FILE, body) == expected


@given(st.binary(max_size=200), st.text("SMSBackup[]0=\nText 8bitCodng", max_size=80))
def test_nothing_that_comes_breaks_it(body: bytes, text: str) -> None:
    for one in (body, text.encode(), b"[SMSBackup000]\nText00 = " + body):
        with contextlib.suppress(ValueError):
            read_content(FILE, one)


@pytest.mark.parametrize(
    ("content", "awaited", "report"),
    [
        (Content("Delivered", True), False, True),
        (Content("Delivered", False), True, False),
        (Content("Delivered", None), True, True),
        (Content("Delivered", None), False, False),
        (Content("Delivered ya", None), True, False),
    ],
)
def test_what_is_a_report(content: Content, awaited: bool, report: bool) -> None:
    assert is_report(content, awaited=awaited) is report


def test_what_reports_say() -> None:
    said = [reported(Content(word, True)) for word in ("Delivered", "Failed", "Pending", "Unknown", "?")]
    assert said == [State.DELIVERED, State.FAILED_PERMANENT, None, None, None]
