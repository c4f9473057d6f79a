"""A call as FreeSWITCH posts it when it is over (mod_json_cdr)."""

from random import Random
from typing import Any, Final

from siaga_replay.scenarios.serang_month.calls import Call
from siaga_replay.scenarios.serang_month.slots import Kind

CORE: Final = "6f0c1a52-5b0e-4e83-9a55-112112112112"
QUEUE: Final = "112-utama@default"
# The menu reports success at entry, so a hang-up inside it often reads "success".
MENU_STATUS: Final = ("timeout", "timeout", "success", "success", "failure")


def call_uuid(call: Call) -> str:
    """FreeSWITCH's name of the call; made from the call's own numbers, so that nothing else moves it."""
    rng = Random(call.ring_s << 20 | call.number)  # noqa: S311 - a name, not a secret
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def cdr(rng: Random, call: Call) -> dict[str, Any]:
    """The call's one record."""
    uuid = call_uuid(call)
    number = call.caller.number if call.caller else rng.choice(("anonymous", ""))
    picked_up = call.menu_s or call.answer_s
    variables = {
        "uuid": uuid,
        "call_uuid": uuid,
        "sip_call_id": f"{call.number:x}@10.0.0.5",
        "caller_id_number": number,
        "sip_from_user": number,
        "destination_number": "112",
        "start_epoch": str(call.ring_s),
        "answer_epoch": str(picked_up),
        "bridge_epoch": str(call.answer_s),
        "end_epoch": str(call.end_s),
        "duration": str(call.end_s - call.ring_s),
        "billsec": str(call.end_s - picked_up if picked_up else 0),
        **_how(rng, call),
        "hangup_cause": "NORMAL_CLEARING" if picked_up else "ORIGINATOR_CANCEL",
        "hangup_cause_q850": "16",
        "sip_hangup_disposition": "recv_bye" if picked_up else "recv_cancel",
    }
    times = {
        "created_time": f"{call.ring_s}120000",
        "answered_time": f"{picked_up}000000" if picked_up else "0",
        "bridged_time": f"{call.answer_s}000000" if call.answer_s else "0",
        "hangup_time": f"{call.end_s}200000",
    }
    return {
        "core-uuid": CORE,
        "switchname": "fs1",
        "channel_data": {"state": "CS_REPORTING", "direction": "inbound"},
        "variables": variables,
        "callflow": [{"dialplan": "XML", "profile_index": "1", "times": times}],
    }


def _how(rng: Random, call: Call) -> dict[str, str]:
    if call.kind is Kind.IVR_PRANK:
        return {"digits_dialed": "none", "ivr_menu_status": rng.choice(MENU_STATUS), "last_app": "ivr"}
    if not call.queue_s:
        return {"digits_dialed": "none", "last_app": "pre_answer"}
    queued = {
        "digits_dialed": "1",
        "ivr_menu_status": "success",
        "last_app": "callcenter",
        "cc_queue": QUEUE,
        "cc_side": "member",
        "cc_queue_joined_epoch": str(call.queue_s),
    }
    if call.kind is Kind.ABANDON:
        left = {"cc_queue_canceled_epoch": str(call.end_s), "cc_cause": "cancel", "cc_cancel_reason": "BREAK_OUT"}
        return queued | left
    return queued | {
        "cc_cause": "answered",
        "cc_agent": call.operator,
        "cc_agent_bridged": "true",
        "cc_queue_answered_epoch": str(call.answer_s),
        "cc_queue_terminated_epoch": str(call.end_s),
    }
