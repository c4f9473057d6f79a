"""A call as Asterisk's manager interface reports it (AMI with `timestampevents`)."""

from random import Random
from typing import Any, Final

from siaga_replay.scenarios.serang_month.calls import Call
from siaga_replay.scenarios.serang_month.slots import Kind

MENU: Final = "ivr-112"
QUEUE: Final = "112-utama"
# What trunks send for a caller without a number.
NO_NUMBER: Final = ("anonymous", "", "<unknown>")

Event = dict[str, Any]


def linkedid(call: Call) -> str:
    """Asterisk's name of the call: epoch of its first channel and a counter (two channels a call)."""
    return f"{call.ring_s}.{call.number * 2 + 1}"


def events(rng: Random, call: Call) -> list[tuple[int, Event]]:
    """The call's events with the milliseconds at which they happened, in that order."""
    number = call.caller.spelled if call.caller else rng.choice(NO_NUMBER)
    channel: Event = {
        "Uniqueid": linkedid(call),
        "Linkedid": linkedid(call),
        "Channel": f"PJSIP/trunk-{call.number:08x}",
        "CallerIDNum": number,
    }
    made = [(call.ring_s, _event("Newchannel", channel, Context="from-trunk", Exten="112", ChannelStateDesc="Ring"))]
    context = "from-trunk"
    if call.menu_s:
        context = MENU
        made.append((call.menu_s, _event("Newexten", channel, Context=MENU, Exten="s", Application="Background")))
    if call.queue_s:
        made.append(
            (call.queue_s, _event("QueueCallerJoin", channel, Context=MENU, Queue=QUEUE, Position="1", Count="1"))
        )
    if call.kind is Kind.ABANDON and call.queue_s:
        hold = str(call.end_s - call.queue_s)
        made.append(
            (
                call.end_s,
                _event(
                    "QueueCallerAbandon",
                    channel,
                    Context=MENU,
                    Queue=QUEUE,
                    Position="1",
                    OriginalPosition="1",
                    HoldTime=hold,
                ),
            )
        )
    if call.answer_s:
        made += _answered(call, channel)
    made.append(
        (
            call.end_s,
            _event(
                "Hangup",
                channel,
                Context=context,
                Exten="112",
                Cause=_cause(rng, call),
                **{"Cause-txt": "Normal Clearing"},
            ),
        )
    )
    # A fraction of a second that is the call's own; events of one second follow each other by milliseconds.
    fraction_ms = 100 + call.number * 37 % 800
    return [_stamped(at_s * 1_000 + fraction_ms + index, event) for index, (at_s, event) in enumerate(made)]


def _answered(call: Call, channel: Event) -> list[tuple[int, Event]]:
    """Both ends of the operator's talk, and the operator's own leg, whose hang-up ends no call."""
    hold, talk = str(call.answer_s - call.queue_s), str(call.end_s - call.answer_s)
    member = {
        "Queue": QUEUE,
        "MemberName": call.operator,
        "Interface": "PJSIP/" + call.operator.replace("-", ""),
        "HoldTime": hold,
    }
    leg: Event = {
        "Uniqueid": f"{call.answer_s}.{call.number * 2 + 2}",
        "Linkedid": linkedid(call),
        "Channel": f"{member['Interface']}-{call.number:08x}",
        "CallerIDNum": call.operator,
    }
    return [
        (
            call.answer_s,
            _event("AgentConnect", channel, Context=MENU, RingTime="2", DestUniqueid=leg["Uniqueid"], **member),
        ),
        (call.end_s, _event("AgentComplete", channel, Context=MENU, TalkTime=talk, Reason="caller", **member)),
        (
            call.end_s,
            _event("Hangup", leg, Context="operators", Exten="", Cause="16", **{"Cause-txt": "Normal Clearing"}),
        ),
    ]


def _cause(rng: Random, call: Call) -> str:
    """Q.850 normal clearing; now and then the 0 that is seen in the field."""
    return "0" if not call.answer_s and rng.random() < 0.05 else "16"


def _event(name: str, channel: Event, **fields: str) -> Event:
    return {"Event": name, "Timestamp": "", **channel, **fields}


def _stamped(at_ms: int, event: Event) -> tuple[int, Event]:
    event["Timestamp"] = f"{at_ms // 1_000}.{at_ms % 1_000:03d}000"
    return at_ms, event
