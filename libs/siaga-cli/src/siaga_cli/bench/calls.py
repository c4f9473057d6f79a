"""Made-up calls as switches tell them, many at once: what the measurements of the front door post."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice, zip_longest
from typing import Any, Final

# Calls under way at the same time: the events of one lie this far apart in what is posted.
AT_ONCE: Final = 40
_BEGIN_S: Final = 1_768_461_330


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a call, and the door it is for."""

    path: str
    payload: dict[str, Any]


def told(salt: str) -> Iterator[Told]:
    """Events without end, of calls interleaved; `salt` keeps those of one measurement apart from another's.

    Of five calls three are told by Asterisk's manager, one by Kamailio's accounting, one as CloudEvents.
    """
    one_by_one = calls(salt)
    while True:
        for same_step in zip_longest(*islice(one_by_one, AT_ONCE)):
            yield from (event for event in same_step if event is not None)


def calls(salt: str) -> Iterator[list[Told]]:
    """Calls without end, the events of each in their order."""
    for number in count():
        yield list(_call(salt, number))


def _call(salt: str, number: int) -> Iterator[Told]:
    match number % 5:
        case 3:
            return _kamailio(salt, number)
        case 4:
            return _cloudevents(salt, number)
        case _:
            return _asterisk(salt, number)


def _caller(number: int) -> str:
    return f"0812{number % 100_000_000:08d}"


def _asterisk(salt: str, number: int) -> Iterator[Told]:
    unique = f"{salt}-{_BEGIN_S + number % 1000}.{number}"
    leg = {
        "Channel": f"PJSIP/trunk-{number:08x}", "ChannelState": "6", "ChannelStateDesc": "Up", "CallerIDNum": _caller(number),
        "CallerIDName": "<unknown>", "ConnectedLineNum": "<unknown>", "ConnectedLineName": "<unknown>", "Language": "id",
        "AccountCode": "", "Context": "from-trunk", "Exten": "112", "Priority": "1", "Uniqueid": unique, "Linkedid": unique,
        "SystemName": "pbx1",
    }  # fmt: skip
    queue = {"Queue": "112-utama", "Position": "1", "Count": "1"}
    member = {"Queue": "112-utama", "MemberName": "op-03", "Interface": "PJSIP/op03", "HoldTime": "5"}
    for after_s, event in (
        (0, {"Event": "Newchannel", "Privilege": "call,all"}),
        (2, {"Event": "QueueCallerJoin", "Privilege": "agent,all", **queue}),
        (7, {"Event": "AgentConnect", "Privilege": "agent,all", "RingTime": "3", **member}),
        (60, {"Event": "AgentComplete", "Privilege": "agent,all", "TalkTime": "53", "Reason": "caller", **member}),
        (61, {"Event": "Hangup", "Privilege": "call,all", "Cause": "16", "Cause-txt": "Normal Clearing"}),
    ):
        time = {"Timestamp": f"{_BEGIN_S + number % 1000 + after_s}.120345"}
        yield Told("/v1/switch/asterisk", {**event, **time, **leg})


def _kamailio(salt: str, number: int) -> Iterator[Told]:
    call = {
        "callid": f"{salt}-{number}@10.0.0.5", "from_tag": "a9f1", "to_tag": "77b2", "src_user": _caller(number),
        "pai": f"tel:+62{_caller(number)[1:]}", "dst_user": "112", "src_ip": "10.0.0.7",
    }  # fmt: skip
    for after_s, method, code, reason in ((0, "INVITE", "180", "Ringing"), (3, "INVITE", "200", "OK"), (50, "BYE", "200", "OK")):  # fmt: skip
        event = {"method": method, "sip_code": code, "sip_reason": reason, "time": _BEGIN_S + number % 1000 + after_s}
        yield Told("/v1/switch/kamailio", {**event, **call})


def _cloudevents(salt: str, number: int) -> Iterator[Told]:
    for step, kind in enumerate(("ringing", "queue_joined", "answered", "ended")):
        minute, second = divmod(number % 1000 + step * 7, 60)
        data = {
            "called": "112", "caller": {"number": _caller(number), "identity_trust": "asserted"},
            "switch": {"kind": "events", "call_ref": f"{salt}-{number}"}, "queue": {"name": "112-utama"}, "operator": "op-03",
        }  # fmt: skip
        yield Told("/v1/call-events", {
            "specversion": "1.0", "type": f"id.siaga112.call.{kind}.v1", "source": "events1", "id": f"{salt}-{number}-{step}",
            "time": f"2026-01-15T07:{minute % 60:02d}:{second:02d}.120Z", "data": data,
        })  # fmt: skip
