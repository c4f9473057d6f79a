"""The operator's form of an answered call."""

from random import Random
from typing import Any

from siaga_replay.scenarios.serang_month.asterisk import linkedid
from siaga_replay.scenarios.serang_month.calls import Call, Switch
from siaga_replay.scenarios.serang_month.freeswitch import call_uuid
from siaga_replay.scenarios.serang_month.kamailio import sip_call_id
from siaga_replay.scenarios.serang_month.texts import BY_DISPOSITION


def call_ref(call: Call) -> str:
    """The call as its switch names it."""
    match call.switch:
        case Switch.ASTERISK:
            return linkedid(call)
        case Switch.FREESWITCH:
            return call_uuid(call)
        case Switch.KAMAILIO:
            return sip_call_id(call)


def form(rng: Random, call: Call) -> tuple[int, dict[str, Any]]:
    """When the form is sent, in epoch milliseconds, and what it says."""
    head = {"source": call.switch.value, "call_ref": call_ref(call), "operator": call.operator}
    if call.real is None:
        text = rng.choice(BY_DISPOSITION[call.disposition])
        return _sent_ms(rng, call), {**head, "text": text, "disposition": call.disposition}
    real = call.real
    told = {"type": real.type, "priority": real.priority} if real.by_operator else {}
    where = {"address": real.address, "lat": real.lat, "lon": real.lon}
    # Help is called for while the caller is still on the line.
    sent_ms = (call.answer_s + 30 + rng.randrange(30)) * 1_000 + rng.randrange(1_000)
    return sent_ms, {**head, "text": real.text, **where, **told, "disposition": "emergency"}


def _sent_ms(rng: Random, call: Call) -> int:
    """Some note it during the talk, most after it: before or after the switch's own events arrive."""
    if rng.random() < 0.2:
        return call.end_s * 1_000 - rng.randrange(1_000)
    return call.end_s * 1_000 + 2_000 + int(rng.expovariate(1 / 25_000))
