"""Reading how intake connects to a switch by itself, and where the switch's own records lie."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from siaga_tenants.document import Table, Value
from siaga_tenants.model import Connect, Source

KEYS: Final = ("connect", "backfill")
_HOST_PORT: Final = r"(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9_.-]+):[1-9]\d{0,4}"
_ABSOLUTE: Final = r"/.+"
# `#` would bring, beside the positions, all that phones and other programs say under the same topic.
_TOPIC: Final = r"[^#\s$][^#\s]{0,255}"


@dataclass(frozen=True, slots=True)
class _Protocol:
    """What a way of connecting needs: the kind of source, the keys beside `protocol`, and how its address looks."""

    kind: str
    keys: tuple[str, ...]
    address: str = ""
    example: str = ""
    optional: tuple[str, ...] = ()


PROTOCOLS: Final[Mapping[str, _Protocol]] = {
    "ami": _Protocol("asterisk", ("address", "user", "secret_file"), _HOST_PORT, "10.0.0.5:5038"),
    "ari": _Protocol("asterisk", ("address", "user", "secret_file"), r"wss?://[^\s/?]+/\S*", "ws://10.0.0.5:8088/ari"),
    # Asterisk opens the connection and shows the source's own token.
    "ari-outbound": _Protocol("asterisk", ()),
    "esl": _Protocol("freeswitch", ("address", "secret_file"), _HOST_PORT, "10.0.0.6:8021"),
    # A broker to which phones with OwnTracks publish; one on this machine may need no user.
    "mqtt": _Protocol(
        "tracker", ("address",), rf"mqtts?://{_HOST_PORT}", "mqtt://10.0.0.7:1883", ("user", "secret_file", "topic")
    ),
}
BACKFILL: Final[Mapping[str, tuple[str, ...]]] = {"asterisk": ("queue_log", "cdr"), "freeswitch": ("cdr_dir",)}


def with_connection(source: Source, entry: Table, folder: Path) -> Source:
    """The source with all that KEYS say of it; `folder` is where secret files lie unless they say where."""
    return replace(
        source,
        connect=_connect(folder, entry.values["connect"], source.kind) if "connect" in entry else None,
        backfill=_backfill(entry.values["backfill"], source.kind) if "backfill" in entry else {},
    )


def _connect(folder: Path, place: Value, kind: str) -> Connect | None:
    name = place.child("protocol").choice(PROTOCOLS) if "protocol" in place.entries() else ""
    protocol = PROTOCOLS.get(name)
    if protocol is None:
        place.table(("protocol",), ("address", "user", "secret_file", "topic"))
        return None
    if kind and kind != protocol.kind:
        place.child("protocol").wrong(f"{name!r} is how {protocol.kind} is connected, and this source is {kind}")
    entry = place.table(("protocol", *protocol.keys), protocol.optional)
    secret = entry.text("secret_file")
    address = entry.text("address", protocol.address, f"an address like {protocol.example}")
    topic = entry.text("topic", _TOPIC, "a topic like owntracks/+/+, a + for one level")
    return Connect(name, address, entry.text("user"), str(folder / secret) if secret else None, topic)


def _backfill(place: Value, kind: str) -> Mapping[str, str]:
    known = BACKFILL.get(kind, ())
    if not known:
        place.wrong(f"a source of kind {kind} has no records that could be read; remove it")
        return {}
    entry = place.table((), known)
    return {name: entry.text(name, _ABSOLUTE, f"a path like /var/log/{kind}/{name}") for name in entry.values}
