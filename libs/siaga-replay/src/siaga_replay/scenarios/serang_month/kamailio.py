"""A call as Kamailio's accounting sees it: SIP at the edge, no menu and no queue."""

from random import Random
from typing import Any

from siaga_replay.scenarios.serang_month.calls import Call

Event = dict[str, Any]


def sip_call_id(call: Call) -> str:
    """The call's SIP Call-ID."""
    return f"{call.ring_s:x}{call.number:05x}@10.0.0.7"


def events(rng: Random, call: Call) -> list[tuple[int, Event]]:
    """Request Terminated for a caller who left; INVITE and BYE for one who was answered."""
    number = call.caller.number if call.caller else "anonymous"
    identity = {"src_user": number, "pai": f"tel:{number}"} if call.caller else {"src_user": number}
    dialog = {"from_tag": f"{rng.getrandbits(32):08x}", "to_tag": f"z{call.number:x}", "callid": sip_call_id(call)}
    if not call.answer_s:
        refused = {"method": "INVITE", **dialog, "to_tag": "", "sip_code": "487", "sip_reason": "Request Terminated"}
        return [_acc(call.end_s, refused, identity)]
    ok = {"sip_code": "200", "sip_reason": "OK"}
    return [
        _acc(call.answer_s, {"method": "INVITE", **dialog, **ok}, identity),
        _acc(call.end_s, {"method": "BYE", **dialog, **ok}, {"src_user": number}),
    ]


def _acc(at_s: int, transaction: Event, identity: Event) -> tuple[int, Event]:
    return at_s * 1_000, {**transaction, "time": at_s, **identity, "dst_user": "112", "uac_ip": "10.1.2.3"}
