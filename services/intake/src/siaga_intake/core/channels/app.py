"""A report from a citizens' app: `{report_id, phone, text, lat, lon, at, photos}`."""

from siaga_intake.core.channels.references import media_of
from siaga_intake.core.events import Channel, Kind
from siaga_intake.core.fields import Payload, Refused, cut, flag, located, needed, text
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.times import moment_or


def read(report: Payload, desk: Desk) -> Read:
    """Read one report; it must say something, show something or be somewhere."""
    report_id = needed(report, "report_id", "call_ref")
    at_ms = moment_or(report, "at", desk.arrived_at_ms)
    said, too_long = cut(report, "text")
    where, defects = located(report, "app", at_ms)
    photos = media_of(report.get("photos"))
    if not (said or where or photos or defects):
        raise Refused("text", "missing, and there is no position and no photo either")
    identity = Identity(text(report, "phone", "number"), self_declared=True)
    happening = Happening(Kind.MESSAGE, report_id, at_ms, identity, text=said, position=where, media=photos)
    return Reading(
        (happening,),
        channel=Channel.APP,
        native_id=f"report:{report_id}",
        test=flag(report, "test"),
        defects=(*too_long, *defects),
    )
