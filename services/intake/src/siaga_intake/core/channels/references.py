"""References to pictures and documents in reports: an id or address each, or an object that says more."""

from collections.abc import Mapping
from typing import Final

from siaga_intake.core.events import Media
from siaga_intake.core.fields import Payload, cut

# A report with more is a gallery; the first ones tell a dispatcher what there is to see.
MOST_REFERENCES: Final = 20
_NAMES: Final = ("id", "media_id", "url", "link", "path", "file")


def media_of(value: object) -> tuple[Media, ...]:
    """The references in a field: one, or a list of them; what names nothing is passed over."""
    listed = value if isinstance(value, list) else [value]
    found = (_one(each) for each in listed[:MOST_REFERENCES])
    return tuple(media for media in found if media is not None)


def _one(value: object) -> Media | None:
    if isinstance(value, str):
        value = {"id": value}
    if not isinstance(value, Mapping):
        return None
    told: Payload = value
    reference = next((text for name in _NAMES if (text := cut(told, name, "address")[0])), "")
    if not reference:
        return None
    mime_type, _ = cut(told, "mime_type", "name")
    kind, _ = cut(told, "kind", "code")
    return Media(reference, kind or mime_type.partition("/")[0] or "image", mime_type, cut(told, "sha256", "name")[0])
