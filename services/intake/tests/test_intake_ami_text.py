"""The manager's text: whole, in any pieces, with either end of line, and with what old and new versions put between."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.core.captured import Broken, Piece
from siaga_intake.core.switches import ami_text
from siaga_intake.core.switches.ami_text import Message, Reader, messages, pieces

DATA = Path(__file__).parent / "data" / "ami"


def _read(*data: bytes) -> list[Message | Broken]:
    reader = Reader()
    return [*(found for piece in data for found in reader.feed(piece)), *reader.end()]


def _fields(text: str) -> list[object]:
    return [found.fields for found in _read(text.encode()) if isinstance(found, Message)]


def test_a_session_comes_apart_into_its_messages() -> None:
    session = (
        "Asterisk Call Manager/7.0.3\r\n"
        "Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n"
        "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n\r\n"
        "Event: Hangup\r\nChannel: PJSIP/trunk-00000001\r\nCause-txt: Normal Clearing\r\nAccountCode: \r\n\r\n"
    )
    reader = Reader()
    found = [message for message in reader.feed(session.encode()) if isinstance(message, Message)]
    assert reader.banner == "Asterisk Call Manager/7.0.3"
    assert [message.line for message in found] == [2, 6, 11]
    assert found[2].fields == {
        "Event": "Hangup", "Channel": "PJSIP/trunk-00000001", "Cause-txt": "Normal Clearing", "AccountCode": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Event: X\nWith: a: b\nNone:\nTight:value\n", {"Event": "X", "With": "a: b", "None": "", "Tight": "value"}),
        ("Event: X\nCID-CallingPres: 0 (Allowed)\n", {"Event": "X", "CID-CallingPres": "0 (Allowed)"}),
        (
            "Event: X\nChanVariable: SIAGA_IVR=confirmed\nChanVariable: A=b=c\nDestChanVariable: A=\n",
            {"Event": "X", "ChanVariable": {"SIAGA_IVR": "confirmed", "A": "b=c"}, "DestChanVariable": {"A": ""}},
        ),
        # Asterisk 11 names the channel.
        ("Event: X\nChanVariable(SIP/10.0.0.1:5060-01): A=b\n", {"Event": "X", "ChanVariable": {"A": "b"}}),
        # What stands twice: the first is read, the second still makes another event.
        ("Event: X\nA: 1\nA: 1\nA: 2\nA: 3\n", {"Event": "X", "A": "1", "A.2": "2", "A.3": "3"}),
        ("Event: X\nA: 1\nmore of it\n  and more\n", {"Event": "X", "A": "1\nmore of it\n  and more"}),
        # Since Asterisk 14, and before.
        ("Response: Success\nOutput: one\nOutput: two: 2\n", {"Response": "Success", "Output": "one\ntwo: 2"}),
        (
            "Response: Follows\nPrivilege: Command\nActionID: 7\nName: no\n\nEvent: no event\n--END COMMAND--\n",
            {"Response": "Follows", "Privilege": "Command", "ActionID": "7", "Output": "Name: no\n\nEvent: no event"},
        ),
    ],
)
def test_what_a_message_may_hold(text: str, fields: object) -> None:
    assert _fields(text) == [fields]
    assert _fields(text.replace("\n", "\r\n")) == [fields]


def test_rubbish_is_told_by_its_line_and_spoils_nothing_beside_it() -> None:
    first, second, third = pieces("Event: A\n\n<html>\n\nEvent: B\nno end")
    assert (first, third) == (Piece("line 1", {"Event": "A"}), Piece("line 5", {"Event": "B\nno end"}))
    assert isinstance(second, Broken)
    assert (second.where, second.excerpt) == ("line 3", "<html>")


def test_a_message_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_text, "MAX_MESSAGE_CHARS", 100)
    lines = b"".join(b"Key%d: value\n" % number for number in range(100))
    found = _read(b"Event: A\n", lines, b"\n", b"Event: B\n\n", b"x" * 1000, b"\n\nEvent: C\n\n")
    assert [type(each) for each in found] == [Broken, Message, Broken, Message]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.txt")), ids=lambda path: path.name)
@given(data=st.data())
def test_a_capture_reads_alike_in_any_pieces(path: Path, data: st.DataObject) -> None:
    content = path.read_bytes()[:20_000]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=8)))
    cut = [content[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    assert _read(*cut) == _read(content)


@given(st.binary(max_size=300) | st.text("Event: \r\n\x00aChanVariable=()-", max_size=300).map(str.encode))
def test_any_bytes_make_messages_or_are_told(data: bytes) -> None:
    assert all(isinstance(found, (Message, Broken)) for found in _read(data))
    list(pieces(data.decode("utf-8", "surrogateescape")))


def test_the_events_of_a_capture() -> None:
    assert [event["Event"] for event in messages((DATA / "login_ok.ami.txt").read_text())] == ["FullyBooted"]
    assert [event["Event"] for event in messages((DATA / "asyncagi_get_var.ami.txt").read_text())] == [
        "AGIExec", "AGIExec", "AsyncAGI",
    ]  # fmt: skip
    assert messages((DATA / "rasterisk_command.ami.txt").read_text()) == []
