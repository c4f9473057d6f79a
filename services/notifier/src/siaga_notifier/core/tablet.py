"""What units' devices say over MQTT: answers to orders, that an order is shown, and whether the device is there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from siaga_notifier.core.model import UnitAnswer
from siaga_notifier.core.states import State

# Under these a broker's access list lets a unit write; the part after `unit/` is the name that the unit logs in with.
ACKS: Final = "siaga/unit/+/acks"
# One level more for units with several devices: `…/status/<device>`; `#` takes the level above with it.
STATUS: Final = "siaga/unit/+/status/#"
# What a device may tell about an order before its crew does.
_SHOWN: Final = {"shown": State.DELIVERED, "delivered": State.DELIVERED, "read": State.READ}


@dataclass(frozen=True, slots=True)
class Shown:
    """A device has shown an attempt, or somebody has opened it there."""

    unit_id: str
    attempt_id: str
    state: State


@dataclass(frozen=True, slots=True)
class Presence:
    """A device came or went; `online` None = it is given up, nothing is known of it any more."""

    unit_id: str
    device: str
    online: bool | None


Word = UnitAnswer | Shown | Presence


def read_word(topic: str, body: Any) -> Word | None:
    """What a device said; None when it is nothing of the kinds above."""
    parts = topic.split("/")
    if len(parts) < 4 or parts[:2] != ["siaga", "unit"]:
        return None
    if parts[3] == "status":
        return _presence(parts, body)
    try:
        content = json.loads(body)
        status = str(content["status"]).lower()
        state = _SHOWN.get(status)
        if state is not None:
            return Shown(parts[2], str(content["attempt_id"]), state)
        return _answer(parts[2], status, content)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _answer(unit_id: str, status: str, content: Mapping[str, Any]) -> UnitAnswer:
    lat, lon = content.get("lat"), content.get("lon")
    located = lat is not None and lon is not None and abs(float(lat)) <= 90 and abs(float(lon)) <= 180
    return UnitAnswer(
        unit_id=unit_id,
        order_id=str(content.get("order_id", "")),
        status=status,
        at_ms=int(content.get("at_ms", 0)),
        lat=float(content["lat"]) if located else None,
        lon=float(content["lon"]) if located else None,
    )


def _presence(parts: list[str], body: Any) -> Presence | None:
    device = "/".join(parts[4:])
    words = bytes(body).strip().lower() if isinstance(body, bytes | bytearray) else b""
    known = {b"online": True, b"offline": False, b"": None}
    return Presence(parts[2], device, known[words]) if words in known else None


def unit_of(topic: str) -> str | None:
    """Whose tasks a topic brings; None for one outside `siaga/unit/<unit>/tasks`, of whose devices nothing is known."""
    parts = topic.split("/")
    return parts[2] if len(parts) == 4 and parts[:2] == ["siaga", "unit"] and parts[3] == "tasks" else None


def is_away(unit_id: str, devices: Mapping[tuple[str, str], bool]) -> bool:
    """Whether all devices of the unit that ever told are gone; `devices` by unit and device. Silent ones count as there."""
    told = [online for (unit, _), online in devices.items() if unit == unit_id]
    return bool(told) and not any(told)
