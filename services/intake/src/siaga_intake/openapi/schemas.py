"""What each door takes, field by field, with the limits of the trust edge (`core/rules`).

Fields that are not named here are allowed everywhere: a switch sends many more, and each is part of the content that names
an event. Only what the readers use is told.
"""

from collections.abc import Mapping
from typing import Any, Final

from siaga_intake.core import rules
from siaga_intake.core.channels.cloudevents import TIMES
from siaga_intake.core.events import CallbackResult, CallerTag, Channel, Disposition, HangupBy, LeftReason, Priority
from siaga_intake.core.times import IN_THE_FUTURE

Schema = dict[str, Any]


def text(told: str, rule: str = "name") -> Schema:
    """A text; numbers are taken as they are written."""
    return {"type": ["string", "number"], "maxLength": rules.MAX_LENGTH[rule], "description": told}


def needed(told: str, rule: str = "name") -> Schema:
    """A text that must say something."""
    return {**text(told, rule), "minLength": 1, "pattern": r"\S"}


def time(told: str) -> Schema:
    """A time in one of the writings."""
    return {
        "type": ["string", "number"],
        "maxLength": rules.MAX_LENGTH["time"],
        "description": f"{told} Epoch in s, ms, µs or ns, or ISO 8601 with offset; from 2000 on, and refused when it"
        f" {IN_THE_FUTURE}. 0 = not told.",
    }


def choice(told: str, options: type[Any]) -> Schema:
    """One of an enumeration, in any case."""
    names = [member.name.lower() for member in options if member.value]
    return {"type": "string", "description": told, "enum": names}


def number(told: str, least: float, most: float) -> Schema:
    """A number between two bounds."""
    return {"type": ["number", "string"], "description": told, "minimum": least, "maximum": most}


def of(*required: str, **fields: Schema) -> Schema:
    """An object with these fields of which some are required; a trailing underscore keeps a name out of Python's way, two stand for a hyphen."""
    named = {name.rstrip("_").replace("__", "-"): schema for name, schema in fields.items()}
    made: Schema = {"type": "object", "properties": named}
    return {**made, "required": list(required)} if required else made


FLAG: Final[Schema] = {"type": ["boolean", "string", "integer"]}
PLACE: Final[dict[str, Schema]] = {
    "lat": number(
        "Latitude, WGS 84 degrees. A place that cannot be used is left out; the call is taken.", *rules.LAT_RANGE
    ),
    "lon": number("Longitude, WGS 84 degrees.", *rules.LON_RANGE),
    "radius_m": number("Uncertainty; 0 = not stated.", 0, rules.MAX_RADIUS_M),
}
TEST: Final[dict[str, Schema]] = {
    "test": {**FLAG, "description": "A test call or drill: reaches no unit, counts nowhere."}
}

_AMI: Final = of(
    "Event",
    Event=needed("Name of the event. Unknown ones are ignored and counted."),
    Uniqueid=text("The leg. Needed in events of a channel.", "call_ref"),
    Linkedid=text("The call: the caller's leg.", "call_ref"),
    Timestamp=time("Without it (`timestampevents = yes` in manager.conf) the arrival counts."),
    CallerIDNum=text("The caller's number.", "number"),
    Exten=text("What was dialled.", "number"),
    Context=text("Names beginning with `ivr` are menus."),
    Queue=text("Name of the queue."),
    MemberName=text("The operator."),
    Cause=text("Q.850 cause of a Hangup.", "code"),
    SystemName=text("Which Asterisk, where a tenant has several."),
)
_ARI: Final = of(
    "type",
    type=needed("Name of the event."),
    timestamp=time("When it happened."),
    asterisk_id=text("Which Asterisk, where a tenant has several."),
    channel={"type": "object", "description": "The channel, as ARI describes it; `id` is needed in events of one."},
)
_CDR: Final = of(
    "variables",
    switchname=text("Which FreeSWITCH, where a tenant has several."),
    variables=of(
        uuid=text("The leg.", "call_ref"),
        call_uuid=text("The call.", "call_ref"),
        caller_id_number=text("The caller's number.", "number"),
        destination_number=text("What was dialled.", "number"),
        start_epoch=time("When it rang."),
        end_epoch=time("When it was over."),
        hangup_cause_q850=text("Q.850 cause.", "code"),
        cc_queue=text("Queue of mod_callcenter."),
    ),
)
_ESL: Final = of(
    "Event-Name",
    Event__Name=needed("Name of the event; CUSTOM ones of mod_callcenter are read too."),
    Unique__ID=text("The leg.", "call_ref"),
    Event__Date__Timestamp=time("When it happened."),
)
_ACC: Final = of(
    "method",
    method=needed("SIP method.", "code"),
    callid=text("The SIP Call-ID.", "call_ref"),
    sip_code=text("Status.", "code"),
    time=time("When it happened."),
    src_user=text("User part of From.", "number"),
    pai=text("P-Asserted-Identity.", "number"),
    dst_user=text("What was dialled.", "number"),
)
_DIALOG: Final = of(
    "callid",
    callid=needed("The SIP Call-ID.", "call_ref"),
    start_time=time("When answered."),
    end_time=time("When over."),
)
_EDGE: Final = of(
    "type",
    type=needed("call.started, .ringing, .answered, .cancelled, .failed, .ended."),
    id=text("The event's own id.", "call_ref"),
    call_id=text("The SIP Call-ID.", "call_ref"),
    time=time("When it happened."),
    caller=text("The caller's number.", "number"),
    called=text("What was dialled.", "number"),
)
_SIP: Final = of(
    message={"type": "string", "description": "A SIP message as it stands on the wire."},
    at=time("When it was seen; left out, its Date or the arrival counts."),
)
_CLOUD_EVENT: Final = of(
    "specversion",
    "type",
    "source",
    "id",
    specversion={"type": "string", "const": "1.0"},
    type=needed("`id.siaga112.call.<kind>[.v1]`; of other types the event is ignored."),
    source=needed("kind/instance, perhaps behind a path."),
    id=needed("Your own id of the event: the same id twice is one event.", "call_ref"),
    time=time("When it happened."),
    subject=text("The call, where data.switch.call_ref does not name it.", "call_ref"),
    data=of(
        tenant=text("Kode wilayah; must not contradict the credential.", "code"),
        channel=choice("Left out: voice.", Channel),
        called=text("What was dialled.", "number"),
        caller=of(
            number=text("In any Indonesian spelling.", "number"), identity_trust=text("How far to believe it.", "code")
        ),
        switch=of(
            kind=text("Kind of the source.", "code"), call_ref=text("The call as the switch names it.", "call_ref")
        ),
        t=of(**{name: time(f"Time of `{kind.name}`.") for name, kind in TIMES.items()}),
        queue=of(name=text("Its name."), left_reason=choice("Why it was left.", LeftReason)),
        hangup=of(by=choice("Who ended it.", HangupBy), q850=number("Q.850 cause.", 0, 127)),
        position=of(**PLACE),
        text=text("What was written.", "text"),
        backfilled={**FLAG, "description": "Read from a log after an outage."},
        **TEST,
    ),
)
_FORM: Final = of(
    call_id=text("The call, as the front door answered it.", "code"),
    source=text("Or: whose call, kind/instance.", "name"),
    call_ref=text("And: the call as that source names it.", "call_ref"),
    operator=text("Who wrote it."),
    at=time("When. Left out: now."),
    disposition=choice("What the call was found to be.", Disposition),
    type=text("A type code, fire_building.", "code"),
    priority={"type": "string", "enum": [each.name for each in Priority if each.value]},
    text=text("Note.", "text"),
    address=text("As typed.", "address"),
    callback=choice("How calling the caller back went.", CallbackResult),
    callback_reason=text("Why nobody has to call back; needed with not_needed.", "text"),
    caller_tags={"type": "array", "maxItems": len(CallerTag), "items": choice("Noted of the caller.", CallerTag)},
    safe_to_contact={
        **FLAG,
        "description": "The caller said that this number may be called, also in a confidential case.",
    },
    **PLACE,
    **TEST,
)
_APP: Final = of(
    "report_id",
    report_id=needed("The app's id of the report.", "call_ref"),
    phone=text("Typed by the citizen: nobody vouches for it.", "number"),
    text=text("Needed, unless there is a position or photo. Longer ones are cut.", "text"),
    at=time("When. Left out: now."),
    photos={"type": "array", "description": "References of photos; the content is fetched by nobody here."},
    **PLACE,
    **TEST,
)
_WHATSAPP: Final = of(
    "entry",
    object={"type": "string"},
    entry={"type": "array", "items": {"type": "object"}, "description": "As the Cloud API posts it."},
)
_SMS: Final = of(
    from_=text("The sender. Other usual names (sender, msisdn, …) are known too.", "number"),
    to=text("Where it arrived.", "number"),
    text=text("What was written. Longer ones are cut.", "text"),
    id=text("The gateway's id of it.", "call_ref"),
    at=time("When. What cannot be read counts as now."),
    **TEST,
)
_LAPOR: Final = of(
    nomor_laporan=text("Number of the report; other usual names of columns are known too.", "call_ref"),
    isi_laporan=text("What was reported.", "text"),
    tanggal=text("When, also in local writing.", "time"),
    lokasi=text("Where, in words.", "address"),
    telepon=text("The reporter's number.", "number"),
)
_PIDF_LO: Final = of(
    call_ref=text("The call whose location it is.", "call_ref"),
    pidf_lo={"type": "string", "description": "The document (RFC 4119, 5139, 5491)."},
)
_AML: Final = of(
    text=text("An AML message by SMS.", "text"),
    from_=text("Its sender.", "number"),
    device_number=text("Or, over HTTPS: the phone's number,", "number"),
    location_latitude=text("and where it is.", "code"),
    location_longitude=text("Longitude.", "code"),
    location_time=time("When the fix was taken."),
    location_accuracy=text("Radius in metres.", "code"),
)

# By the path of their door.
SCHEMAS: Final[Mapping[str, Mapping[str, Schema]]] = {
    "/v1/switch/asterisk": {"AmiEvent": _AMI, "AriEvent": _ARI},
    "/v1/switch/freeswitch": {"JsonCdr": _CDR, "EslEvent": _ESL},
    "/v1/switch/kamailio": {"AccRecord": _ACC, "DialogRecord": _DIALOG, "EdgeEvent": _EDGE},
    "/v1/switch/sip": {"SipMessage": _SIP},
    "/v1/call-events": {"CallCloudEvent": _CLOUD_EVENT},
    "/v1/calls/form": {"OperatorForm": _FORM},
    "/v1/channels/app": {"AppReport": _APP},
    "/v1/channels/whatsapp": {"WhatsAppWebhook": _WHATSAPP},
    "/v1/channels/sms": {"Sms": _SMS},
    "/v1/channels/lapor": {"LaporReport": _LAPOR},
    "/v1/positions/pidf-lo": {"CallLocation": _PIDF_LO},
    "/v1/positions/aml": {"Aml": _AML},
}
