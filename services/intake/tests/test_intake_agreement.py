"""The same scenario on each switch gives the same kinds at the same times, and the same identity."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core.events import CallEvent, HangupBy

Events = Callable[[str, Any], tuple[CallEvent, ...]]
NUMBER = "+6281234567890"
RING, MENU, QUEUE, ANSWER, HANG_UP = 1_710_123_330, 1_710_123_331, 1_710_123_340, 1_710_123_346, 1_710_123_394


def _ami(name: str, at_s: int, **fields: str) -> dict[str, str]:
    leg = {"Uniqueid": f"{RING}.41", "Linkedid": f"{RING}.41", "CallerIDNum": NUMBER, "Exten": "112"}
    return {"Event": name, "Timestamp": f"{at_s}.000000", **leg, **fields}


def _cdr(**variables: str | int) -> dict[str, Any]:
    told = {"uuid": "a1b2", "caller_id_number": NUMBER, "sip_from_user": NUMBER, "destination_number": "112"}
    return {"switchname": "fs1", "variables": {**told, **{name: str(value) for name, value in variables.items()}}}


def _canonical(hangup: str, **times_s: int) -> dict[str, Any]:
    data = {
        "tenant": "36.73", "channel": "voice", "called": "112", "caller": {"number": NUMBER},
        "switch": {"kind": "kamailio", "call_ref": "b7c1@10.0.0.5"}, "t": times_s, "hangup": {"by": hangup, "q850": 16},
    }  # fmt: skip
    return {
        "specversion": "1.0", "type": "id.siaga112.call.ended.v1", "source": "intake/kamailio/edge1", "id": "1",
        "time": times_s["end"], "data": data,
    }  # fmt: skip


SCENARIOS: dict[str, dict[str, list[dict[str, Any]]]] = {
    "ivr prank": {
        "asterisk": [
            _ami("Newchannel", RING, Context="from-trunk"),
            _ami("Newexten", MENU, Context="ivr-112"),
            _ami("Hangup", HANG_UP, Cause="16"),
        ],
        "freeswitch": [
            _cdr(start_epoch=RING, answer_epoch=MENU, end_epoch=HANG_UP, last_app="ivr", hangup_cause_q850=16,
                 sip_hangup_disposition="recv_bye")
        ],
        "events": [_canonical("caller", ring=RING, ivr_enter=MENU, end=HANG_UP)],
    },
    "caller leaves the queue": {
        "asterisk": [
            _ami("Newchannel", RING, Context="from-trunk"),
            _ami("QueueCallerJoin", QUEUE, Queue="112-utama"),
            _ami("QueueCallerAbandon", HANG_UP, Queue="112-utama", HoldTime="54"),
            _ami("Hangup", HANG_UP, Cause="16"),
        ],
        "freeswitch": [
            _cdr(start_epoch=RING, end_epoch=HANG_UP, cc_queue="112-utama@default", cc_queue_joined_epoch=QUEUE,
                 cc_queue_canceled_epoch=HANG_UP, cc_cause="cancel", cc_cancel_reason="BREAK_OUT", hangup_cause_q850=16,
                 sip_hangup_disposition="recv_bye")
        ],
        "events": [_canonical("caller", ring=RING, queue_enter=QUEUE, queue_leave=HANG_UP, end=HANG_UP)],
    },
    "queue gives up": {
        "asterisk": [
            _ami("Newchannel", RING, Context="from-trunk"),
            _ami("QueueCallerJoin", QUEUE, Queue="112-utama"),
            _ami("VarSet", HANG_UP, Variable="QUEUESTATUS", Value="TIMEOUT"),
            _ami("Hangup", HANG_UP, Cause="19"),
        ],
        "freeswitch": [
            _cdr(start_epoch=RING, end_epoch=HANG_UP, cc_queue="112-utama@default", cc_queue_joined_epoch=QUEUE,
                 cc_queue_canceled_epoch=HANG_UP, cc_cause="cancel", cc_cancel_reason="TIMEOUT", hangup_cause_q850=19,
                 sip_hangup_disposition="send_bye")
        ],
        "events": [_canonical("system", ring=RING, queue_enter=QUEUE, queue_leave=HANG_UP, end=HANG_UP)],
    },
    "operator answers": {
        "asterisk": [
            _ami("Newchannel", RING, Context="from-trunk"),
            _ami("QueueCallerJoin", QUEUE, Queue="112-utama"),
            _ami("AgentConnect", ANSWER, Queue="112-utama", MemberName="op-03", HoldTime="6"),
            _ami("AgentComplete", HANG_UP, Queue="112-utama", MemberName="op-03", HoldTime="6", TalkTime="48",
                 Reason="caller"),
            _ami("Hangup", HANG_UP, Cause="16"),
        ],
        "freeswitch": [
            _cdr(start_epoch=RING, end_epoch=HANG_UP, cc_queue="112-utama@default", cc_queue_joined_epoch=QUEUE,
                 cc_cause="answered", cc_agent="op-03@default", cc_agent_bridged="true", cc_queue_answered_epoch=ANSWER,
                 cc_queue_terminated_epoch=HANG_UP, bridge_epoch=ANSWER, hangup_cause_q850=16,
                 sip_hangup_disposition="recv_bye")
        ],
        "events": [_canonical("caller", ring=RING, queue_enter=QUEUE, answer=ANSWER, talk_end=HANG_UP, end=HANG_UP)],
    },
    "caller gives up before anything answers": {
        "asterisk": [_ami("Newchannel", HANG_UP), _ami("Hangup", HANG_UP, Cause="0")],
        "freeswitch": [_cdr(start_epoch=HANG_UP, end_epoch=HANG_UP, sip_hangup_disposition="recv_cancel")],
        "kamailio": [
            {"method": "INVITE", "callid": "b7c1@10.0.0.5", "sip_code": "487", "time": HANG_UP, "src_user": NUMBER,
             "pai": f"tel:{NUMBER}", "dst_user": "112"}
        ],
        "events": [_canonical("caller", ring=HANG_UP, end=HANG_UP)],
    },
}  # fmt: skip


def _tell(events: Events, switch: str, payloads: list[dict[str, Any]]) -> list[CallEvent]:
    return [event for payload in payloads for event in events(switch, payload)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_same_kinds_at_the_same_times(events: Events, scenario: str) -> None:
    told = {
        switch: {(event.kind.name, event.event_at_ms) for event in _tell(events, switch, payloads)}
        for switch, payloads in SCENARIOS[scenario].items()
    }
    first, *others = told.values()
    assert all(other == first for other in others), told


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_same_identity_and_same_hangup(events: Events, scenario: str) -> None:
    seen: set[tuple[str, str, HangupBy]] = set()
    for switch, payloads in SCENARIOS[scenario].items():
        found = _tell(events, switch, payloads)
        assert len({event.call_id for event in found}) == 1
        (number,) = {event.caller.number for event in found if event.caller}
        (called,) = {event.called for event in found if event.called}
        (by,) = {event.hangup.by for event in found if event.kind.name == "ENDED" and event.hangup}
        seen.add((number, called, by))
    assert len(seen) == 1, seen


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_sent_again_and_in_another_order_the_events_are_the_same(events: Events, scenario: str) -> None:
    for switch, payloads in SCENARIOS[scenario].items():
        once = {event.event_id: event for event in _tell(events, switch, payloads)}
        thrice = _tell(events, switch, [*reversed(payloads), *payloads, *payloads[1:], payloads[0]])
        assert {event.event_id: event for event in thrice} == once
