"""AMI and ARI payloads, and what they mean."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga_intake.core.events import CallEvent, HangupBy, Ignored, LeftReason, Refusal, Trust

Events = Callable[[str, Any], tuple[CallEvent, ...]]
ARRIVED_MS = 1_710_123_600_000
REF = "1710123330.41"
RING_MS = 1_710_123_330_120
LEG = {"Uniqueid": REF, "Linkedid": REF, "CallerIDNum": "+6281234567890", "Timestamp": "1710123330.120000"}
OTHER_LEG = {**LEG, "Uniqueid": "1710123331.42"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"Event": "Newchannel", **LEG}, [("RINGING", RING_MS)]),
        ({"Event": "Newchannel", **LEG, "Context": "ivr-112"}, [("RINGING", RING_MS), ("IVR_ENTERED", RING_MS)]),
        ({"Event": "Newexten", **LEG, "Context": "ivr-112"}, [("IVR_ENTERED", RING_MS)]),
        ({"Event": "DTMFEnd", **LEG, "Digit": "1", "Direction": "Received"}, [("IVR_INPUT", RING_MS)]),
        ({"Event": "DTMF", **LEG, "Digit": "1", "Begin": "No", "End": "Yes"}, [("IVR_INPUT", RING_MS)]),
        ({"Event": "VarSet", **LEG, "Variable": "SIAGA_IVR", "Value": "confirmed"}, [("IVR_CONFIRMED", RING_MS)]),
        ({"Event": "VarSet", **LEG, "Variable": "SIAGA_IVR", "Value": "silent"}, [("SILENT_CONFIRMED", RING_MS)]),
        ({"Event": "VarSet", **LEG, "Variable": "QUEUESTATUS", "Value": "TIMEOUT"}, [("QUEUE_LEFT", RING_MS)]),
        ({"Event": "ChannelTalkingStart", **LEG}, [("TALK_DETECTED", RING_MS)]),
        ({"Event": "QueueCallerJoin", **LEG, "Queue": "112-utama"}, [("QUEUE_JOINED", RING_MS)]),
        (
            {"Event": "QueueCallerJoin", **LEG, "Queue": "112-utama", "Context": "ivr-112"},
            [("IVR_ENTERED", RING_MS), ("QUEUE_JOINED", RING_MS)],
        ),
        ({"Event": "QueueCallerAbandon", **LEG, "Queue": "112-utama", "HoldTime": "27"}, [("QUEUE_LEFT", RING_MS)]),
        ({"Event": "AgentConnect", **LEG, "MemberName": "op-03", "HoldTime": "6"}, [("ANSWERED", RING_MS)]),
        (
            {"Event": "AgentComplete", **LEG, "MemberName": "op-03", "HoldTime": "6", "TalkTime": "48"},
            [("ANSWERED", RING_MS - 48_000), ("TALK_ENDED", RING_MS)],
        ),
        ({"Event": "BridgeEnter", **OTHER_LEG, "Channel": "PJSIP/op03-0000002a"}, [("ANSWERED", RING_MS)]),
        ({"Event": "Hangup", **LEG, "Cause": "16"}, [("ENDED", RING_MS)]),
        (
            {"Event": "Hangup", **LEG, "Context": "ivr-112", "Cause": "16"},
            [("IVR_ENTERED", RING_MS), ("ENDED", RING_MS)],
        ),
    ],
)
def test_ami_event(told: Callable[..., Any], event: dict[str, str], expected: list[tuple[str, int]]) -> None:
    assert told("asterisk", event) == expected


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"Event": "Newstate", **LEG}, "irrelevant_event"),
        ({"Event": "VarSet", "Variable": "GLOBAL_THING", "Value": "x"}, "irrelevant_event"),
        ({"Event": "VarSet", **LEG, "Variable": "QUEUESTATUS", "Value": "CONTINUE"}, "irrelevant_event"),
        ({"Event": "Newexten", **LEG, "Context": "from-trunk"}, "irrelevant_event"),
        ({"Event": "QueueCallerLeave", **LEG}, "irrelevant_event"),
        ({"Event": "DTMF", **LEG, "Digit": "1", "Begin": "Yes", "End": "No"}, "irrelevant_event"),
        ({"Event": "BridgeEnter", **OTHER_LEG, "Channel": "PJSIP/voicemail-0000002a"}, "irrelevant_event"),
        ({"Event": "DTMFEnd", **LEG, "Digit": "1", "Direction": "Sent"}, "other_leg"),
        ({"Event": "Newchannel", **OTHER_LEG}, "other_leg"),
        ({"Event": "Hangup", **OTHER_LEG, "Cause": "16"}, "other_leg"),
        ({"Event": "Newcallerid"}, "irrelevant_event"),
        ({"Event": "ContactStatusDetail"}, "irrelevant_event"),
        ({"Event": "Leave", "Queue": "112", "Uniqueid": REF}, "irrelevant_event"),
        ({"Event": "SomethingNew", "x": 1}, "unknown_event"),
    ],
)
def test_ami_event_that_says_nothing(take: Callable[..., Any], event: dict[str, Any], reason: str) -> None:
    ignored = take("asterisk", event)
    assert isinstance(ignored, Ignored)
    assert ignored.reason == reason
    assert bool(ignored.name) == (reason == "unknown_event")


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({}, "Event"),
        ({"Event": ["Hangup"]}, "Event"),
        ({"Event": "Hangup", "Cause": "16"}, "Uniqueid"),
        ({"Event": "Hangup", **LEG, "Linkedid": "x" * 256}, "Linkedid"),
        ({"Event": "Hangup", **LEG, "Timestamp": "yesterday"}, "Timestamp"),
        ({"Event": "Hangup", **LEG, "Timestamp": "12.5"}, "Timestamp"),
        ({"Event": "Hangup", **LEG, "Timestamp": str(ARRIVED_MS // 1000 + 90_000)}, "Timestamp"),
        ({"Event": "Hangup", **LEG, "Cause": "many"}, "Cause"),
        ({"Event": "AgentComplete", **LEG, "TalkTime": "-5"}, "TalkTime"),
        ({"Event": "DTMFEnd", **LEG}, "Digit"),
    ],
)
def test_ami_event_refused_names_the_field(take: Callable[..., Any], event: dict[str, Any], field: str) -> None:
    refused = take("asterisk", event)
    assert isinstance(refused, Refusal)
    assert refused.field == field


def test_legs_join_by_linkedid_and_the_operators_number_is_nobodys_caller(events: Events) -> None:
    (answered,) = events("asterisk", {"Event": "BridgeEnter", **OTHER_LEG, "Channel": "PJSIP/op03-0000002a"})
    (ringing,) = events("asterisk", {"Event": "Newchannel", **LEG})
    assert answered.call_id == ringing.call_id
    assert answered.operator == "op03"
    assert answered.caller is None
    assert ringing.caller is not None
    assert (ringing.caller.number, ringing.caller.trust) == ("+6281234567890", Trust.ASSERTED)


OPERATORS_LEG = {"Channel": "SIP/op03-0000002a", "Uniqueid": "1710123331.42", "Timestamp": "1710123330.120000"}
CALLERS_LEG = {"Channel": "SIP/trunk-00000029", "Uniqueid": REF, "Timestamp": "1710123330.120000"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"Event": "Join", **CALLERS_LEG, "Queue": "112-utama", "Position": "1"}, [("QUEUE_JOINED", RING_MS)]),
        (
            {"Event": "AgentConnect", **CALLERS_LEG, "Channel": "SIP/op03-0000002a", "Member": "SIP/op03", "Holdtime": "6"},
            [("ANSWERED", RING_MS)],
        ),
        (
            {"Event": "Bridge", "Bridgestate": "Link", "Channel1": "SIP/trunk-00000029", "Channel2": "SIP/op03-0000002a",
             "Uniqueid1": REF, "Uniqueid2": "1710123331.42", "Timestamp": "1710123330.120000"},
            [("ANSWERED", RING_MS)],
        ),
        (
            {"Event": "Link", "Channel1": "SIP/op03-0000002a", "Channel2": "SIP/trunk-00000029",
             "Uniqueid1": "1710123331.42", "Uniqueid2": REF, "Timestamp": "1710123330.120000"},
            [("ANSWERED", RING_MS)],
        ),
    ],
)  # fmt: skip
def test_events_up_to_asterisk_11_mean_what_the_new_ones_do(
    events: Events, event: dict[str, str], expected: list[tuple[str, int]]
) -> None:
    found = events("asterisk", event)
    assert [(each.kind.name, each.event_at_ms) for each in found] == expected
    assert {each.call_ref for each in found} == {REF}
    assert {each.queue.hold_ms for each in found if each.queue and each.kind.name == "ANSWERED"} <= {6_000}


@pytest.mark.parametrize("name", ["Newchannel", "Hangup", "Newexten", "DTMFEnd", "ChannelTalkingStart"])
def test_without_a_linkedid_an_operators_telephone_is_still_no_caller(take: Callable[..., Any], name: str) -> None:
    taken = take("asterisk", {"Event": name, **OPERATORS_LEG, "CallerIDNum": "3", "Digit": "1", "Cause": "16"})
    assert isinstance(taken, Ignored)


@pytest.mark.parametrize("state", ["Unlink", "link to nowhere"])
def test_bridge_that_is_no_answer(take: Callable[..., Any], state: str) -> None:
    legs = {"Channel1": "SIP/trunk-00000029", "Channel2": "SIP/op03-0000002a", "Uniqueid1": REF, "Uniqueid2": "1.2"}
    assert take("asterisk", {"Event": "Bridge", "Bridgestate": state, **legs}) == Ignored("irrelevant_event")
    for other in ("SIP/trunk-00000030", "SIP/op03-00000030"):
        both = {**legs, "Channel1": other, "Channel2": other}
        assert take("asterisk", {"Event": "Bridge", "Bridgestate": "Link", **both}) == Ignored("irrelevant_event")


def test_an_operator_who_dials_out_is_no_caller(take: Callable[..., Any]) -> None:
    own = {**OPERATORS_LEG, "Linkedid": OPERATORS_LEG["Uniqueid"]}
    assert isinstance(take("asterisk", {"Event": "BridgeEnter", **own}), Ignored)
    assert isinstance(take("asterisk", {"Event": "Newchannel", **own, "Exten": "0254200112"}), Ignored)


def test_variables_of_the_channel_tell_the_networks_word_and_drills(events: Events) -> None:
    variables = {"SIAGA_PAI": "<tel:+6281111111111>", "SIAGA_TEST": "1"}
    (ringing,) = events("asterisk", {"Event": "Newchannel", **LEG, "ChanVariable": variables})
    assert ringing.test
    # The network vouches for another number than the one the call shows.
    assert (ringing.caller.number, ringing.caller.trust) == ("+6281111111111", Trust.UNVERIFIED)
    (plain,) = events("asterisk", {"Event": "Newchannel", **LEG, "ChanVariable": "SIAGA_TEST=1"})
    assert not plain.test


def test_the_same_key_twice_is_two_presses_where_the_source_tells_them_apart(events: Events) -> None:
    """By time or sequence number; the arrival is in no id, so that sent again it is the same press."""
    press = {"Event": "DTMFEnd", "Uniqueid": REF, "Linkedid": REF, "Digit": "5", "Direction": "Received"}
    ids = {
        events("asterisk", {**press, **told})[0].event_id
        for told in ({}, {}, {"Timestamp": "1710123330.1"}, {"Timestamp": "1710123330.2"}, {"SequenceNumber": "7"})
    }
    assert len(ids) == 4


def test_abandon_is_never_taken_for_the_callers_doing(events: Events) -> None:
    (left,) = events("asterisk", {"Event": "QueueCallerAbandon", **LEG, "Queue": "112-utama", "HoldTime": "27"})
    assert left.queue is not None
    assert (left.queue.left, left.queue.hold_ms) == (LeftReason.UNSPECIFIED, 27_000)


@pytest.mark.parametrize(("cause", "by"), [("0", 1), ("16", 1), ("127", 1), ("", 1), ("19", 3), ("42", 3), ("34", 3)])
def test_hangup_is_the_callers_unless_the_cause_is_ours(events: Events, cause: str, by: int) -> None:
    (ended,) = events("asterisk", {"Event": "Hangup", **LEG, "Cause": cause})
    assert ended.hangup is not None
    assert ended.hangup.by == HangupBy(by)
    assert ended.hangup.q850 == int(cause or 0)


@pytest.mark.parametrize(("reason", "by"), [("caller", HangupBy.CALLER), ("agent", HangupBy.CENTRE), ("transfer", 0)])
def test_talk_ended_by(events: Events, reason: str, by: HangupBy) -> None:
    _, ended = events("asterisk", {"Event": "AgentComplete", **LEG, "TalkTime": "9", "Reason": reason})
    assert ended.hangup is not None
    assert (ended.hangup.by, ended.hangup.reason) == (by, reason)


def test_without_a_timestamp_the_ring_is_the_channels_birth_and_the_rest_the_arrival(told: Callable[..., Any]) -> None:
    leg = {"Uniqueid": REF, "Linkedid": REF}
    assert told("asterisk", {"Event": "Newchannel", **leg}) == [("RINGING", 1_710_123_330_000)]
    assert told("asterisk", {"Event": "Newchannel", "Uniqueid": "pbx1-1710123330.41"}) == [
        ("RINGING", 1_710_123_330_000)
    ]
    assert told("asterisk", {"Event": "Newchannel", "Uniqueid": "odd"}) == [("RINGING", ARRIVED_MS)]
    assert told("asterisk", {"Event": "Hangup", **leg, "Cause": "16"}) == [("ENDED", ARRIVED_MS)]


CHANNEL = {
    "id": REF, "name": "PJSIP/trunk-00000029", "state": "Ring", "caller": {"name": "", "number": "+6281234567890"},
    "dialplan": {"context": "from-trunk", "exten": "112", "priority": 2}, "creationtime": "2024-03-11T09:15:30.100+0700",
    "channelvars": {"SIAGA_PAI": "<tel:+6281234567890>"},
}  # fmt: skip
OPERATOR = {"id": "1710123331.42", "name": "PJSIP/op03-0000002a", "state": "Up", "caller": {"number": "3"}}
ARI = {"application": "siaga112", "asterisk_id": "42:01:0a:a4:00:03", "timestamp": "2024-03-11T09:15:41.002+0700"}
ARI_MS = 1_710_123_341_002
UP = {"id": REF, "state": "Up"}
LINKED = {**CHANNEL, "channelvars": {"CHANNEL(linkedid)": REF}}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "StasisStart", "channel": CHANNEL}, [("RINGING", 1_710_123_330_100)]),
        ({"type": "ChannelStateChange", "channel": UP}, [("IVR_ENTERED", ARI_MS)]),
        ({"type": "ChannelCreated", "channel": LINKED}, [("RINGING", 1_710_123_330_100)]),
        (
            {"type": "ChannelDialplan", "channel": UP, "dialplan_app": "Queue", "dialplan_app_data": "112-utama,t"},
            [("QUEUE_JOINED", ARI_MS)],
        ),
        ({"type": "ChannelDialplan", "channel": UP, "dialplan_app": "WaitExten"}, [("IVR_ENTERED", ARI_MS)]),
        (
            {"type": "ChannelDialplan", "channel": {**UP, "dialplan": {"context": "ivr-112"}}, "dialplan_app": "Wait"},
            [("IVR_ENTERED", ARI_MS)],
        ),
        ({"type": "ChannelDtmfReceived", "digit": "1", "channel": {"id": REF}}, [("IVR_INPUT", ARI_MS)]),
        (
            {"type": "ChannelVarset", "variable": "SIAGA_IVR", "value": "confirmed", "channel": {"id": REF}},
            [("IVR_CONFIRMED", ARI_MS)],
        ),
        (
            {"type": "ChannelVarset", "variable": "SIAGA_QUEUE", "value": "112-utama", "channel": {"id": REF}},
            [("QUEUE_JOINED", ARI_MS)],
        ),
        ({"type": "ChannelTalkingStarted", "channel": {"id": REF}}, [("TALK_DETECTED", ARI_MS)]),
        (
            {"type": "ChannelEnteredBridge", "channel": UP, "bridge": {"bridge_type": "holding", "channels": [REF]}},
            [("QUEUE_JOINED", ARI_MS)],
        ),
        (
            {"type": "ChannelEnteredBridge", "channel": OPERATOR, "bridge": {"channels": [REF, OPERATOR["id"]]}},
            [("ANSWERED", ARI_MS)],
        ),
        ({"type": "ChannelDestroyed", "cause": 16, "channel": {"id": REF, "state": "Ring"}}, [("ENDED", ARI_MS)]),
        (
            {"type": "ChannelDestroyed", "cause": 0, "channel": UP},
            [("IVR_ENTERED", ARI_MS), ("ENDED", ARI_MS)],
        ),
    ],
)
def test_ari_event(told: Callable[..., Any], event: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    assert told("asterisk", {**ARI, **event}) == expected


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"type": "PlaybackFinished", "playback": {}}, "irrelevant_event"),
        ({"type": "ChannelVarset", "variable": "GLOBAL_THING", "value": "x"}, "irrelevant_event"),
        ({"type": "ChannelEnteredBridge", "bridge": {"bridge_type": "holding"}}, "irrelevant_event"),
        ({"type": "RESTResponse", "status_code": 200}, "irrelevant_event"),
        # Without the linkedid a new channel may be anybody's.
        ({"type": "ChannelCreated", "channel": CHANNEL}, "irrelevant_event"),
        ({"type": "ChannelCreated", "channel": {**LINKED, "id": "1710123331.42"}}, "other_leg"),
        ({"type": "ChannelDialplan", "channel": UP, "dialplan_app": "Playback"}, "irrelevant_event"),
        ({"type": "ChannelStateChange", "channel": {"id": REF, "state": "Ringing"}}, "irrelevant_event"),
        (
            {"type": "ChannelVarset", "variable": "STASISSTATUS", "value": "", "channel": {"id": REF}},
            "irrelevant_event",
        ),
        ({"type": "ChannelDestroyed", "cause": 16, "channel": OPERATOR}, "other_leg"),
        ({"type": "ChannelEnteredBridge", "channel": OPERATOR, "bridge": {"channels": ["a", "b", "c"]}}, "other_leg"),
        ({"type": "NotInListed"}, "unknown_event"),
    ],
)
def test_ari_event_that_says_nothing(take: Callable[..., Any], event: dict[str, Any], reason: str) -> None:
    ignored = take("asterisk", {**ARI, **event})
    assert isinstance(ignored, Ignored)
    assert ignored.reason == reason
    assert bool(ignored.name) == (reason == "unknown_event")


def test_ari_names_the_call_as_ami_does(events: Events) -> None:
    (ami,) = events("asterisk", {"Event": "Hangup", **LEG, "Cause": "16"})
    (ari,) = events("asterisk", {**ARI, "type": "ChannelDestroyed", "cause": 16, "channel": {"id": REF}})
    assert (ari.call_id, ari.source) == (ami.call_id, "asterisk/pbx1")


def test_ari_asserted_identity_against_the_callers_own_claim(events: Events) -> None:
    contradicting = {**CHANNEL, "caller": {"number": "+628111111111"}}
    (ringing,) = events("asterisk", {**ARI, "type": "StasisStart", "channel": contradicting})
    assert ringing.caller is not None
    assert (ringing.caller.number, ringing.caller.trust) == ("+6281234567890", Trust.UNVERIFIED)


def test_ari_refusal_names_the_field(take: Callable[..., Any]) -> None:
    assert take("asterisk", {**ARI, "type": "ChannelDestroyed", "cause": "wrong type"}) == Refusal(
        "channel.id", "missing"
    )


def _in_11(name: str, at_s: int, **fields: str) -> dict[str, str]:
    return {"Event": name, "Timestamp": f"{at_s}.000000", "Uniqueid": REF, "Channel": "SIP/trunk-00000029", **fields}


def _in_20(name: str, at_s: int, **fields: str) -> dict[str, str]:
    return _in_11(name, at_s, Linkedid=REF, Channel="PJSIP/trunk-00000029", **fields)


def test_one_call_on_asterisk_11_and_on_20_gives_the_same_events(take: Callable[..., Any]) -> None:
    ring, number = 1_710_123_330, "+6281234567890"
    old = [
        _in_11("Newchannel", ring, CallerIDNum=number, Exten="112"),
        _in_11("Newexten", ring + 1, Context="ivr-112", Extension="112"),
        _in_11("DTMF", ring + 4, Digit="1", Direction="Received", Begin="Yes", End="No"),
        _in_11("DTMF", ring + 4, Digit="1", Direction="Received", Begin="No", End="Yes"),
        _in_11("Join", ring + 5, Queue="112-utama", Position="1", Count="1", CallerIDNum=number),
        {**OPERATORS_LEG, "Event": "Newchannel", "CallerIDNum": "3"},
        {"Event": "Dial", "SubEvent": "Begin", "UniqueID": REF, "DestUniqueID": OPERATORS_LEG["Uniqueid"]},
        _in_11("AgentCalled", ring + 5, Queue="112-utama", AgentCalled="SIP/op03"),
        _in_11("Leave", ring + 9, Queue="112-utama"),
        _in_11("AgentConnect", ring + 9, Queue="112-utama", MemberName="op-03", Holdtime="4", BridgedChannel="1710123331.42"),
        _in_11("AgentComplete", ring + 30, Queue="112-utama", MemberName="op-03", HoldTime="4", TalkTime="21", Reason="caller"),
        {**OPERATORS_LEG, "Event": "Hangup", "Cause": "16"},
        _in_11("Hangup", ring + 30, CallerIDNum=number, Cause="16"),
    ]  # fmt: skip
    new = [
        _in_20("Newchannel", ring, CallerIDNum=number, Exten="112"),
        _in_20("Newexten", ring + 1, Context="ivr-112", Exten="112"),
        _in_20("DTMFBegin", ring + 4, Digit="1", Direction="Received"),
        _in_20("DTMFEnd", ring + 4, Digit="1", Direction="Received", DurationMs="120"),
        _in_20("QueueCallerJoin", ring + 5, Queue="112-utama", Position="1", Count="1", CallerIDNum=number),
        {**OPERATORS_LEG, "Event": "Newchannel", "Linkedid": REF, "CallerIDNum": "3"},
        _in_20("QueueCallerLeave", ring + 9, Queue="112-utama"),
        _in_20("AgentConnect", ring + 9, Queue="112-utama", MemberName="op-03", HoldTime="4"),
        _in_20("AgentComplete", ring + 30, Queue="112-utama", MemberName="op-03", HoldTime="4", TalkTime="21", Reason="caller"),
        {**OPERATORS_LEG, "Event": "Hangup", "Linkedid": REF, "Cause": "16"},
        _in_20("Hangup", ring + 30, CallerIDNum=number, Cause="16"),
    ]  # fmt: skip
    told = []
    for session in (old, new):
        taken = [event for payload in session for event in getattr(take("asterisk", payload), "events", ())]
        told.append(
            [(e.call_id, e.kind.name, e.event_at_ms, e.operator, e.digits, e.queue, e.hangup, e.called) for e in taken]
        )
    assert told[0] == told[1]
    assert len({call_id for call_id, *_ in told[0]}) == 1
    assert [name for _, name, *_ in told[0]] == [
        "RINGING", "IVR_ENTERED", "IVR_INPUT", "QUEUE_JOINED", "ANSWERED", "ANSWERED", "TALK_ENDED", "ENDED",
    ]  # fmt: skip
