"""Identifiers derived from their cause (UUIDv5): doing a thing twice makes the same thing."""

import hashlib
import uuid
from typing import Final

# Our own namespace: a change of it would make every replayed id a new one.
NAMESPACE: Final = uuid.UUID("5ba64112-0112-5112-8112-01120112a112")


_SPACE: Final = NAMESPACE.bytes
# RFC 9562 sets the version's digit to 5, and of the variant's digit the upper two bits to 10.
_VARIANT: Final = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}


def derived(kind: str, *parts: str) -> str:
    """UUIDv5 of a kind of thing and the parts that cause it; parts may hold any character.

    Same result as `uuid.uuid5`, without building the object: every event of a call makes several.
    """
    name = "\x1f".join((kind, *parts))
    if "\\" in name or name.count("\x1f") != len(parts):
        name = "\x1f".join((kind, *(part.replace("\\", "\\\\").replace("\x1f", "\\x1f") for part in parts)))
    text = hashlib.sha1(_SPACE + name.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


def call_id(tenant: str, source: str, call_ref: str) -> str:
    """A call, by the name its switch (`kind/instance`) gives it."""
    return derived("call", tenant, source, call_ref)


def event_id(tenant: str, source: str, native_id: str) -> str:
    """An event of a source, by the source's own id of it or by its content."""
    return derived("event", tenant, source, native_id)


def incident_id(tenant: str, opening_call_id: str) -> str:
    """An incident, by the call that opened it."""
    return derived("incident", tenant, opening_call_id)


def order_id(incident: str, unit: str, fence: int, kind: str) -> str:
    """An order to a unit: one per incident, unit, assignment and kind."""
    return derived("order", incident, unit, str(fence), kind)
