"""queue_log and Master.csv: what they tell, and what they must never be taken for."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.adapters.switches import asterisk_history
from siaga_intake.adapters.switches.asterisk_history import AsteriskHistory
from siaga_intake.core.canonical import Origin
from siaga_intake.core.captured import Broken, Piece
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import SWITCH_DOORS, Taken
from siaga_intake.core.doors import take as take_
from siaga_intake.core.events import CallEvent, HangupBy, Ignored, LeftReason, Refusal
from siaga_intake.core.switches import asterisk_cdr, queue_log

Events = Callable[[str, Any], tuple[CallEvent, ...]]
BORN_S = 1_710_123_330
REF = f"{BORN_S}.41"
AT_S = BORN_S + 27
AT_MS = AT_S * 1000
# 09:15:30 in Serang.
START, UP, END = "2024-03-11 09:15:30", "2024-03-11 09:15:31", "2024-03-11 09:15:57"


def line(event: str, *data: str, agent: str = "NONE", call: str = REF) -> dict[str, str]:
    return {"queue_log": "|".join((str(AT_S), call, "112-utama", agent, event, *data))}


def record(**fields: str) -> dict[str, Any]:
    told = {
        "src": "+6281234567890", "dst": "112", "dcontext": "from-trunk", "channel": "PJSIP/trunk-00000029", "start": START,
        "answer": UP, "end": END, "duration": "27", "billsec": "26", "disposition": "ANSWERED", "uniqueid": REF,
    }  # fmt: skip
    return {"cdr": {name: value for name, value in (told | fields).items() if value}}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (line("ENTERQUEUE", "", "+6281234567890", "1"), [("RINGING", BORN_S * 1000), ("QUEUE_JOINED", AT_MS)]),
        (line("ENTERQUEUE", "", "+6281234567890", "1", call="odd"), [("QUEUE_JOINED", AT_MS)]),
        (line("CONNECT", "6", "1710123340.9", "3", agent="PJSIP/op03"), [("ANSWERED", AT_MS)]),
        (
            line("COMPLETECALLER", "6", "20", "1", agent="op-03"),
            [("ANSWERED", AT_MS - 20_000), ("TALK_ENDED", AT_MS), ("ENDED", AT_MS)],
        ),
        (line("COMPLETEAGENT", "6", "20", "1", agent="op-03"), [("ANSWERED", AT_MS - 20_000), ("TALK_ENDED", AT_MS)]),
        (line("BLINDTRANSFER", "200", "internal", "6", "20", "1"), [("ANSWERED", AT_MS - 20_000), ("TALK_ENDED", AT_MS)]),
        (line("ATTENDEDTRANSFER", "BRIDGE", "b-1", "6", "20", "1"), [("ANSWERED", AT_MS - 20_000), ("TALK_ENDED", AT_MS)]),
        (line("TRANSFER", "200", "internal", "6", "20"), [("ANSWERED", AT_MS - 20_000), ("TALK_ENDED", AT_MS)]),
        (line("ABANDON", "1", "1", "27"), [("QUEUE_LEFT", AT_MS), ("ENDED", AT_MS)]),
        (line("EXITWITHTIMEOUT", "1", "1", "27"), [("QUEUE_LEFT", AT_MS)]),
    ],
)  # fmt: skip
def test_line_of_the_queues_log(events: Events, payload: dict[str, str], expected: list[tuple[str, int]]) -> None:
    found = events("asterisk", payload)
    assert [(event.kind.name, event.event_at_ms) for event in found] == expected
    assert all(event.backfilled and event.source == "asterisk/pbx1" for event in found)


@pytest.mark.parametrize(
    ("payload", "left", "hold_ms"),
    [
        (line("ABANDON", "1", "1", "27"), LeftReason.CALLER_LEFT, 27_000),
        (line("EXITWITHTIMEOUT", "1", "1", "27"), LeftReason.TIMEOUT, 27_000),
        (line("EXITWITHTIMEOUT", "1"), LeftReason.TIMEOUT, 0),
        (line("ABANDON", "1", "1", "-7"), LeftReason.CALLER_LEFT, 0),
        (line("EXITWITHKEY", "9", "1", "1", "27"), LeftReason.KEY, 27_000),
        (line("EXITEMPTY", "1", "1", "27"), LeftReason.EMPTY, 27_000),
        (line("WITHDRAW", "1", "1", "27"), LeftReason.WITHDRAWN, 27_000),
    ],
)
def test_why_a_caller_left_the_queue(events: Events, payload: dict[str, str], left: LeftReason, hold_ms: int) -> None:
    queue = events("asterisk", payload)[0].queue
    assert queue is not None
    assert (queue.name, queue.left, queue.hold_ms) == ("112-utama", left, hold_ms)


def test_only_an_abandon_is_the_callers_doing(events: Events) -> None:
    ended = {
        name: [event.hangup.by for event in events("asterisk", line(name, "1", "1", "27")) if event.hangup]
        for name in ("ABANDON", "EXITWITHTIMEOUT", "WITHDRAW", "EXITEMPTY")
    }
    assert ended == {"ABANDON": [HangupBy.CALLER], "EXITWITHTIMEOUT": [], "WITHDRAW": [], "EXITEMPTY": []}


def test_who_spoke_and_who_ended_the_talk(events: Events) -> None:
    (answered,) = events("asterisk", line("CONNECT", "6", "1710123340.9", "3", agent="PJSIP/op03"))
    assert (answered.operator, answered.queue.hold_ms) == ("op03", 6_000)
    ended = events("asterisk", line("COMPLETEAGENT", "6", "20", "1", agent="op-03"))[1]
    assert (ended.operator, ended.hangup.by) == ("op-03", HangupBy.CENTRE)
    assert events("asterisk", line("ABANDON", "1", "1", "27"))[0].operator == ""


def test_the_log_and_the_manager_name_one_call(events: Events) -> None:
    live = events("asterisk", {"Event": "Hangup", "Uniqueid": REF, "Linkedid": REF, "Cause": "16"})
    assert events("asterisk", line("ABANDON", "1", "1", "27"))[0].call_id == live[0].call_id
    assert events("asterisk", record())[0].call_id == live[0].call_id


@pytest.mark.parametrize(
    "name", ["RINGNOANSWER", "ADDMEMBER", "REMOVEMEMBER", "PAUSE", "CONFIGRELOAD", "QUEUESTART", "DID"]
)
def test_lines_that_say_nothing(take: Callable[..., Any], name: str) -> None:
    assert take("asterisk", line(name, "1")) == Ignored("irrelevant_event", name)


def test_lines_that_cannot_be_taken(take: Callable[..., Any]) -> None:
    assert take("asterisk", line("SOMETHINGNEW")) == Ignored("unknown_event", "SOMETHINGNEW")
    assert take("asterisk", line("ABANDON", "1", "1", "27", call="NONE")) == Ignored("irrelevant_event", "ABANDON")
    for bad in ("", "1|2|3", f"x|{REF}|q|NONE|ABANDON|1|1|1"):
        assert isinstance(take("asterisk", {"queue_log": bad}), Refusal), bad


def kinds(events: Events, payload: dict[str, Any]) -> list[str]:
    return [event.kind.name for event in events("asterisk", payload)]


def test_a_record_tells_ring_and_end_by_the_offset_that_its_uniqueid_gives(events: Events) -> None:
    for zone, start, end in (
        ("Jakarta", START, END),
        ("Jayapura", "2024-03-11 11:15:30", "2024-03-11 11:15:57"),
        ("UTC", "2024-03-11 02:15:30", "2024-03-11 02:15:57"),
    ):
        found = events("asterisk", record(start=start, answer="", end=end, disposition="NO ANSWER"))
        told = [(event.kind.name, event.event_at_ms, event.called) for event in found]
        assert told == [("RINGING", BORN_S * 1000, "112"), ("ENDED", AT_MS, "112")], zone


def test_a_menu_that_answers_is_no_operator(events: Events) -> None:
    assert kinds(events, record(dcontext="ivr-112", lastapp="WaitExten")) == ["RINGING", "IVR_ENTERED", "ENDED"]
    assert kinds(events, record(lastapp="BackGround")) == ["RINGING", "IVR_ENTERED", "ENDED"]
    assert kinds(events, record(lastapp="Playback")) == ["RINGING", "ENDED"]


@pytest.mark.parametrize("disposition", ["ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "", "SOMETHING"])
@pytest.mark.parametrize("other", ["", "PJSIP/op03-00000001"])
@pytest.mark.parametrize("application", ["Queue", "Dial", "Hangup", ""])
def test_no_record_ever_says_answered(events: Events, disposition: str, other: str, application: str) -> None:
    told = kinds(events, record(disposition=disposition, dstchannel=other, lastapp=application, lastdata="112-utama,t"))
    assert "ANSWERED" not in told
    assert ("SIP_ANSWERED" in told) == (disposition == "ANSWERED" and bool(other))


def test_where_the_queues_log_tells_the_record_does_not_guess(events: Events) -> None:
    payload = record(dstchannel="PJSIP/op03-00000001", lastapp="Queue", lastdata="112-utama,t")
    assert kinds(events, payload) == ["RINGING", "QUEUE_JOINED", "SIP_ANSWERED", "ENDED"]
    assert kinds(events, payload | {"queue_log_tells": True}) == ["RINGING", "ENDED"]


@pytest.mark.parametrize(
    ("disposition", "by"),
    [("NO ANSWER", 0), ("ANSWERED", 0), ("BUSY", HangupBy.SYSTEM), ("FAILED", HangupBy.SYSTEM), ("CONGESTION", HangupBy.SYSTEM)],
)  # fmt: skip
def test_who_ended_it_only_where_the_record_knows(events: Events, disposition: str, by: int) -> None:
    ended = events("asterisk", record(disposition=disposition))[-1]
    assert (ended.kind.name, ended.hangup.by, ended.hangup.reason) == ("ENDED", by, disposition)


def test_records_that_say_nothing_or_cannot_be_taken(take: Callable[..., Any]) -> None:
    assert take("asterisk", record(linkedid="1710123329.40")) == Ignored("other_leg")
    assert take("asterisk", record(channel="PJSIP/op03-0000002a")) == Ignored("other_leg")
    for field, bad in (
        ("uniqueid", ""), ("uniqueid", "odd"), ("start", "yesterday"), ("start", "2024-03-14 09:15:30"), ("end", ""),
        ("end", "09:15"), ("billsec", "-1"),
    ):  # fmt: skip
        taken = take("asterisk", record(**{field: bad}, dstchannel="PJSIP/op03-00000001"))
        assert isinstance(taken, Refusal), (field, bad)
    assert isinstance(take("asterisk", {"cdr": "a,b"}), Refusal)


ROW = (
    '"","+6281234567890","112","ivr-112","""Budi"" <+6281234567890>","PJSIP/trunk-00000029","","Queue","112-utama,t",'
    f'"{START}","{UP}","{END}",27,26,"ANSWERED","DOCUMENTATION"'
)


def test_rows_of_each_version() -> None:
    assert asterisk_cdr.row(ROW) is None
    old = asterisk_cdr.row(f'{ROW},"{REF}","x"\n')
    new = asterisk_cdr.row(f'{ROW},"{REF}","","","{REF}","12"')
    assert old is not None
    assert new is not None
    assert (old["clid"], old["uniqueid"], old["userfield"]) == ('"Budi" <+6281234567890>', REF, "x")
    assert (new["linkedid"], new["sequence"]) == (REF, "12")
    assert asterisk_cdr.ended_ms(old) == AT_MS


def test_captured_files_come_apart() -> None:
    good = f"{AT_S}|{REF}|112-utama|NONE|ABANDON|1|1|27"
    first, second = queue_log.pieces(f"{good}\n\nrubbish\n")
    assert first == Piece("line 1", {"queue_log": good})
    assert isinstance(second, Broken)
    first, second = asterisk_cdr.pieces(f'{ROW},"{REF}",""\n{ROW}\n')
    assert isinstance(first, Piece)
    assert isinstance(second, Broken)
    assert "loguniqueid" in second.reason


@given(st.text(max_size=200), st.text("0123456789|.ABCDENORTUW-", max_size=80))
def test_any_text_is_read_or_told(any_text: str, nearly: str) -> None:
    for content in (any_text, nearly):
        assert all(
            isinstance(piece, (Piece, Broken)) for piece in (*queue_log.pieces(content), *asterisk_cdr.pieces(content))
        )


@given(
    st.dictionaries(
        st.sampled_from(["start", "end", "answer", "uniqueid", "linkedid", "channel", "dstchannel", "lastapp", "billsec", "src"]),
        st.sampled_from([START, END, REF, "Queue", "-1", "9" * 40, "PJSIP/op03-00000001", "x" * 300]) | st.integers() | st.none(),
    )
)  # fmt: skip
def test_any_record_is_taken_or_refused(fields: dict[str, Any]) -> None:
    origin = Origin(Centre("36.73", {"asterisk": ("pbx1",)}, frozenset({"op03"})), AT_MS + 1, AT_MS + 1, b"secret")
    payload = record()
    payload["cdr"] |= fields
    assert isinstance(take_(SWITCH_DOORS["asterisk"], payload, origin), Taken)
    assert isinstance(take_(SWITCH_DOORS["asterisk"], {"cdr": fields}, origin), Taken)


@given(
    st.lists(
        st.sampled_from([str(AT_S), REF, "112", "ENTERQUEUE", "CONNECT", "TRANSFER", "-1", "", "9" * 30, "x" * 300])
    )
)
def test_any_line_is_taken_or_refused(columns: list[str]) -> None:
    origin = Origin(Centre("36.73", {"asterisk": ("pbx1",)}), AT_MS + 1, AT_MS + 1, b"secret")
    assert isinstance(take_(SWITCH_DOORS["asterisk"], {"queue_log": "|".join(columns)}, origin), Taken)


def _lines(history: AsteriskHistory, since_s: int) -> list[str]:
    return [str(payload["queue_log"]) for batch in history.since(since_s * 1000) for payload in batch]


def test_history_begins_at_the_moment_however_long_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asterisk_history, "TAIL_BYTES", 64)
    monkeypatch.setattr(asterisk_history, "BATCH", 7)
    file = tmp_path / "queue_log"
    written = [f"{BORN_S + number}|{BORN_S}.{number}|q|NONE|ABANDON|1|1|2" for number in range(300)]
    file.write_text("\n".join(written) + "\n")
    history = AsteriskHistory({"queue_log": str(file)})
    for first in (0, 1, 150, 299, 300):
        assert _lines(history, BORN_S + first) == written[first:]


def test_history_reads_what_was_rotated_away_since(tmp_path: Path) -> None:
    lines = [f"{BORN_S + number}|{BORN_S}.{number}|q|NONE|ABANDON|1|1|2" for number in range(4)]
    (tmp_path / "queue_log.3").write_text(lines[0])
    (tmp_path / "queue_log-20240311.gz").write_bytes(gzip.compress(lines[1].encode()))
    (tmp_path / "queue_log.1").write_text(lines[2])
    (tmp_path / "queue_log").write_text(lines[3])
    (tmp_path / "queue_logs.old").write_text(lines[0])
    for age, name in enumerate(("queue_log", "queue_log.1", "queue_log-20240311.gz")):
        os.utime(tmp_path / name, (BORN_S + 10 - age, BORN_S + 10 - age))
    os.utime(tmp_path / "queue_log.3", (BORN_S - 1, BORN_S - 1))
    assert _lines(AsteriskHistory({"queue_log": str(tmp_path / "queue_log")}), BORN_S) == lines[1:]


def test_history_reads_what_is_whole_of_a_file_that_is_being_packed(tmp_path: Path) -> None:
    lines = [f"{BORN_S + number}|{BORN_S}.{number}|q|NONE|ABANDON|1|1|{number}" for number in range(20_000)]
    (tmp_path / "queue_log.1.gz").write_bytes(gzip.compress("\n".join(lines).encode())[:-1000])
    (tmp_path / "queue_log").touch()
    found = _lines(AsteriskHistory({"queue_log": str(tmp_path / "queue_log")}), BORN_S)
    assert 1_000 < len(found) < 20_000
    assert found[:-1] == lines[: len(found) - 1]


def test_history_marks_the_records_of_which_the_queues_log_tells(tmp_path: Path) -> None:
    (tmp_path / "queue_log").write_text(f"{AT_S}|{REF}|q|NONE|ABANDON|1|1|2\n")
    (tmp_path / "Master.csv").write_text(f'{ROW},"{REF}",""\n{ROW},"{BORN_S}.42",""\nrubbish\n')
    history = AsteriskHistory({"queue_log": str(tmp_path / "queue_log"), "cdr": str(tmp_path / "Master.csv")})
    told = [
        payload.get("queue_log_tells", False) for batch in history.since(0) for payload in batch if "cdr" in payload
    ]
    assert told == [True, False]


def test_history_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(AsteriskHistory({"queue_log": str(tmp_path / "none")}).since(0))
