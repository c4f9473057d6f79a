"""SMS to the centre, as gateways hand them on: JSON, posts of forms (Twilio), or fields in the address (Kannel)."""

from dataclasses import replace
from typing import Final

from siaga_contracts import callers

from siaga_intake.core.canonical import digest
from siaga_intake.core.channels.aliases import Aliases, own_names
from siaga_intake.core.events import Channel, Ignored, Kind, Media
from siaga_intake.core.fields import Payload, Refused, cut, flag, text
from siaga_intake.core.happening import Desk, Happening, Identity, OfSession, Read, Reading
from siaga_intake.core.local_times import sent_at
from siaga_intake.core.position.aml import is_aml, read_sms

ALIASES: Final[Aliases] = {
    "from": (
        "from",
        "sender",
        "msisdn",
        "source",
        "originator",
        "sourceaddr",
        "phone",
        "mobile",
        "hp",
        "nohp",
        "pengirim",
    ),
    "to": ("to", "destination", "recipient", "shortcode", "destinationaddr", "receiver", "tujuan"),
    "text": ("text", "body", "message", "msg", "content", "sms", "pesan", "isi"),
    "id": ("id", "messageid", "messagesid", "smsmessagesid", "smsid", "msgid", "smscid", "uuid"),
    "at": ("at", "timestamp", "time", "receivedat", "receivedtime", "date", "sentat", "waktu", "tanggal"),
    "status": ("messagestatus", "dlr", "dlrstatus", "deliverystatus"),
    "test": ("test",),
}
# Pictures of one MMS, as Twilio numbers them.
_MOST_PICTURES: Final = 10


def read(sms: Payload, desk: Desk) -> Read:
    """Read one SMS; its sender or its words are needed."""
    names = own_names(sms, ALIASES)
    said, defects = cut(sms, names["text"])
    if not said and text(sms, names["status"]):
        return Ignored("message_status")
    sender = text(sms, names["from"], "number")
    if not sender and not said:
        raise Refused(names["from"], "missing, and there is no text either")
    if is_aml(said):
        return read_sms(said, sender, desk)
    native_id = text(sms, names["id"], "call_ref") or digest(sms)
    if is_aml(said):
        # Where the phone of a caller is, sent by itself: it belongs to his call, and no person reads it.
        fix = read_sms(said, sender, desk)
        return replace(fix, native_id=native_id, test=flag(sms, names["test"])) if isinstance(fix, Reading) else fix
    at_ms, late = sent_at(sms, names["at"], desk)
    happening = Happening(Kind.MESSAGE, native_id, at_ms, Identity(sender), text=said, media=_pictures(sms))
    return Reading(
        (happening,),
        channel=Channel.SMS,
        native_id=native_id,
        reached_at=text(sms, names["to"], "number"),
        test=flag(sms, names["test"]),
        defects=(*defects, *late),
        # Without a sender nothing holds two messages together.
        belongs=OfSession(callers.e164(sender) or sender.lower(), native_id) if sender else None,
    )


def _pictures(sms: Payload) -> tuple[Media, ...]:
    found = []
    for place in range(_MOST_PICTURES):
        reference, _ = cut(sms, f"MediaUrl{place}", "address")
        if reference:
            mime_type, _ = cut(sms, f"MediaContentType{place}", "name")
            found.append(Media(reference, mime_type.partition("/")[0], mime_type))
    return tuple(found)
