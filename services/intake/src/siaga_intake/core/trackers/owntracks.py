"""OwnTracks: the payload of its phone apps (owntracks.org/booklet/tech/json), over HTTP or MQTT."""

from typing import Final

from siaga_intake.core.events import Ignored
from siaga_intake.core.fields import Payload, Refused, text
from siaga_intake.core.times import moment
from siaga_intake.core.trackers.fixes import FixFields, fix
from siaga_intake.core.trackers.words import Heard, Said

VIA: Final = "owntracks"
_FIELDS: Final = FixFields(radius_m="acc")
# A topic is `owntracks/<user>/<device>`, perhaps deeper under a base of one's own: the last two name the phone.
_NAMING_LEVELS: Final = 2


def read(payload: Payload, arrived_at_ms: int) -> Said:
    """A location; what else the app says (waypoints, transitions, its last will) is no position. Raises Refused.

    Over HTTP the phone names itself, by topic or `tid`; over MQTT it is the broker's topic that counts (`of_topic`).
    """
    kind = text(payload, "_type", "code")
    if kind == "encrypted":
        raise Refused("_type", "is encrypted, which is not read: switch the app's encryption off, and use TLS instead")
    if kind != "location":
        return Ignored("no_position", kind)
    fixed_at_ms = moment(payload, "tst", arrived_at_ms)
    if fixed_at_ms is None:
        raise Refused("tst", "missing: the time of the fix")
    position = fix(payload, _FIELDS, fixed_at_ms)
    if position is None:
        return Ignored("no_fix")
    names = (*topic_names(text(payload, "topic", "call_ref")), text(payload, "tid"))
    return Heard(tuple(filter(None, names)), fixed_at_ms, VIA, position)


def topic_names(topic: str) -> tuple[str, ...]:
    """What a phone that publishes there may be called: the topic, `user/device`, or the user alone, who may be a unit."""
    levels = topic.split("/")
    if len(levels) <= _NAMING_LEVELS:
        return (topic,) if topic else ()
    user, device = levels[-_NAMING_LEVELS:]
    return topic, f"{user}/{device}", user
