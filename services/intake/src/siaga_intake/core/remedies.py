"""What to do about a refusal, for the person who connects a source: by how its reason begins."""

from typing import Final

_REMEDIES: Final = (
    ("missing", "let the source send this field; a filter or a short template has often cut it off"),
    ("is no time", "send epoch seconds, ms, µs or ns, or ISO 8601 with its offset (2026-01-15T14:15:30+07:00)"),
    ("is before the year 2000", "set the clock of the source; a machine without NTP often begins at 1970"),
    ("is more than a day in the future", "set the clock of the source, and see that it sends UTC or an offset"),
    ("outside Indonesia", "check the order (latitude, longitude) and the sign: south is negative"),
    ("longer than", "shorten it at the source: no field of a real call is as long"),
    ("must be an object", "post one JSON object for each event, or a list of them"),
    ("must be a number", "send digits only, with a full stop before decimals"),
    ("is no JSON", "capture whole messages; a last one cut in half is usual and harmless"),
    ("is nested too deeply", "no event is nested like this: look at what made it"),
    ("the gzip file", "copy the file again; what is before the damage was read"),
    ("uses prefixes", "declare them in the document (xmlns:gml=…): other readers will not take it as it is"),
    ("in another reference system", "send degrees of WGS 84: srsName urn:ogc:def:crs:EPSG::4326"),
    ("coordinates that are", "send latitude, then longitude, in degrees with a full stop, and a space between them"),
    ("the message has", "hand the SMS on as it came: a gateway has cut or changed it"),
    ("has no offset", "let Asterisk write its own uniqueid (loguniqueid = yes in cdr.conf): its time tells the offset"),
    ("is no line of a queue_log", "capture whole lines; a last one cut in half is usual and harmless"),
    ("is no row of Master.csv", "set loguniqueid = yes in cdr.conf; older rows say not whose call they were"),
    ("is no message of the manager", "capture what the manager sends, without what a terminal adds"),
    ("is no XML", "capture the whole document, from its first < to its last >"),
)


def remedy(reason: str) -> str:
    """The way out; empty where the reason says it already."""
    return next((way for begins, way in _REMEDIES if reason.startswith(begins)), "")
