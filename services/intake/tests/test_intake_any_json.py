"""Whatever JSON comes, it is accepted, ignored or refused: never an exception, and never a record that cannot be written."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from siaga_intake.adapters import codec
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door
from siaga_intake.core.events import Accepted, CallEvent, Ignored, Refusal

DOORS = [each.kind for each in doors.DOORS]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from([
        "1710123330.41", "1710123330", "2024-03-11T09:15:30.120+0700", "+6281234567890", "ivr-112", "0", "16", "-1", "1e400",
        "Hangup", "Newchannel", "AgentComplete", "VarSet", "QUEUESTATUS", "TIMEOUT", "StasisStart", "ChannelDestroyed",
        "INVITE", "BYE", "call.ended", "call.started", "INVITE urn:service:sos SIP/2.0", "Call-ID: 1", "multipart/mixed; boundary=x", "id.siaga112.call.ended.v1", "1.0", "asterisk/pbx1", "prank", "P1", "voice", "true", "CHANNEL_CREATE", "CHANNEL_HANGUP_COMPLETE", "CUSTOM", "callcenter::info",
        "member-queue-end", "Cancel", "DTMF", "command/reply",
        "text", "image", "location", "interactive", "edit", "contacts", "11 Maret 2024 09.15 WIB", "31-02-2024", "6281234567890",
        "<a><location-info><Point><pos>-6.1 106.1</pos></Point></location-info></a>", 'A"ML=1;lt=-6.1;lg=106.1;', "106.15", "sip/1",
    ]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = st.sampled_from([
    "Event", "Uniqueid", "Linkedid", "Timestamp", "CallerIDNum", "Context", "Channel", "Variable", "Value", "Cause", "TalkTime",
    "Digit", "type", "timestamp", "channel", "bridge", "digit", "variable", "value", "cause", "variables", "callflow", "app_log",
    "channel_data", "switchname", "queue_log", "cdr", "ChanVariable", "Bridgestate", "Uniqueid1", "method", "callid", "sip_code", "time", "src_user", "pai", "start_time", "end_time", "call_id",
    "caller", "specversion", "id", "source", "subject", "data", "call_ref", "operator", "text", "address", "lat", "lon",
    "Event-Name", "Event-Subclass", "Unique-ID", "Call-Direction", "Event-Date-Timestamp", "DTMF-Digit", "CC-Action", "CC-Cause",
    "CC-Member-Session-UUID", "CC-Member-Joined-Time", "Hangup-Cause", "Content-Type", "priority", "disposition", "report_id", "phone", "at", "photos", "message", "status", "field", "metadata", "contact", "from",
    "to", "Body", "nomor_laporan", "isi_laporan", "tanggal", "lokasi", "lintang", "bujur", "lampiran", "pelapor", "kategori",
    "pidf_lo", "device_number", "location_latitude", "location_longitude", "location_time", "location_accuracy", "sender",
])  # fmt: skip
INNER = st.sampled_from([
    "uuid", "call_uuid", "start_epoch", "end_epoch", "cc_queue", "cc_cancel_reason", "cc_agent_bridged", "id", "name", "state",
    "caller", "number", "creationtime", "dialplan", "channelvars", "channels", "switch", "call_ref", "kind", "t", "ring", "end",
    "answer", "outcome", "outcome_basis", "hangup", "by", "q850", "position", "lat", "lon", "tenant", "queue", "from", "timestamp",
    "type", "text", "body", "image", "location", "latitude", "longitude", "interactive", "edit", "message", "contacts", "profile",
])  # fmt: skip
PAYLOADS = st.dictionaries(FIELDS, VALUES | st.dictionaries(INNER, VALUES, max_size=8), max_size=10)


@pytest.mark.parametrize("name", DOORS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=PAYLOADS | VALUES)
def test_any_json(door: Callable[[str], Door], origin: Origin, name: str, payload: Any) -> None:
    taken = doors.take(door(name), payload, origin)
    assert isinstance(taken, (Accepted, Ignored, Refusal))
    if isinstance(taken, Accepted):
        assert taken.events
        for event in taken.events:
            assert codec.message(event).SerializeToString()
        assert doors.take(door(name), payload, origin) == taken


COMPLETE: dict[str, dict[str, Any]] = {
    "asterisk": {
        "Event": "AgentComplete", "Uniqueid": "1710123330.41", "Linkedid": "1710123330.41", "Queue": "112", "TalkTime": "48",
        "HoldTime": "6", "MemberName": "op-03", "Timestamp": "1710123330.1", "CallerIDNum": "0812345678", "Reason": "caller",
    },
    "freeswitch": {"variables": {
        "uuid": "a", "start_epoch": "1710123330", "answer_epoch": "1710123331", "end_epoch": "1710123346", "last_app": "ivr",
        "cc_queue": "112@default", "cc_queue_joined_epoch": "1710123335", "cc_cancel_reason": "TIMEOUT",
    }},
    "kamailio": {"method": "INVITE", "callid": "x", "sip_code": "487", "time": 1710123346, "src_user": "0812345678"},
    "app": {"report_id": "r", "phone": "0812345678", "text": "tolong", "lat": -6.1, "lon": 106.1, "at": "1710123346"},
    "form": {"source": "asterisk/pbx1", "call_ref": "1", "text": "x", "lat": -6.1, "lon": 106.1, "priority": "P1"},
    "pidf_lo": {
        "source": "sip/1", "call_ref": "x", "at": "1710123346", "test": "0",
        "pidf_lo": "<a><location-info><Point><pos>-6.1 106.1</pos></Point></location-info></a>",
    },
    "aml": {
        "device_number": "0812345678", "location_latitude": "-6.1", "location_longitude": "106.1", "location_time": "1710123346000",
        "location_accuracy": "18", "location_source": "gps", "location_certainty": "95", "cell_network_mcc": "510",
    },
    "sms": {"from": "0812345678", "to": "112", "text": "tolong", "id": "m", "at": "11-03-2024 09:15"},
    "lapor": {
        "nomor_laporan": "1", "judul": "Banjir", "isi_laporan": "x", "tanggal": "2024-03-11", "lat": -6.1, "lon": 106.1,
        "lokasi": "Cipare", "lampiran": ["a.jpg"], "pelapor": "Anonim", "kategori": "bencana",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLETE)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_good_payload_with_one_value_replaced(
    door: Callable[[str], Door], origin: Origin, name: str, data: st.DataObject
) -> None:
    payload = dict(COMPLETE[name])
    assert isinstance(doors.take(door(name), payload, origin), Accepted)
    inside = payload.get("variables")
    target = dict(inside) if isinstance(inside, dict) else payload
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(VALUES)
    if target is not payload:
        payload["variables"] = target
    taken = doors.take(door(name), payload, origin)
    if isinstance(taken, Refusal):
        assert taken.field.rpartition(".")[2] in target
    elif isinstance(taken, Accepted):
        assert all(isinstance(event, CallEvent) and codec.message(event).ByteSize() for event in taken.events)
