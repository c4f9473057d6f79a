"""What a crew's device says at the door: read strictly, for it comes from outside."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from siaga_notifier.core.model import WEBPUSH, UnitStatus
from siaga_notifier.core.states import State

# Those of FCM have about 160 characters.
LONGEST_TOKEN: Final = 4_096
LONGEST_ID: Final = 128
# RFC 8291 §3.1 and §3.2: an uncompressed point of P-256, and 16 random octets.
P256DH_OCTETS: Final = 65
AUTH_OCTETS: Final = 16
# A phone's clock may be ahead of ours by this much; an answer from further ahead, or a day back, counts as given now.
AHEAD_MS: Final = 5_000
BACK_MS: Final = 24 * 3600 * 1000

SHOWN: Final = {"shown": State.DELIVERED, "read": State.READ}
ANSWERS: Final = frozenset(UnitStatus)


class Refused(Exception):  # noqa: N818  (it is an answer, told to who asked)
    """What is said cannot be used: where in it, and what to do."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SignIn:
    """A device asks to be a unit's; `unit_id` empty = the only unit that has it among its contacts."""

    unit_id: str
    token: str
    p256dh: str = ""
    auth: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """The device shows the message of an attempt, or its crew has opened it."""

    order_id: str
    attempt_id: str
    state: State


@dataclass(frozen=True, slots=True)
class Answer:
    """The crew answers; `at_ms` 0 = now."""

    order_id: str
    status: UnitStatus
    at_ms: int = 0
    lat: float | None = None
    lon: float | None = None


def read_sign_in(channel: str, content: Any) -> SignIn:
    """`{"unit_id"?, "token"}`, or `{"unit_id"?, "subscription": {"endpoint", "keys": {"p256dh", "auth"}}}`; or Refused."""
    entries = _object("", content)
    unit_id = _text(entries, "unit_id", LONGEST_ID, needed=False)
    if channel != WEBPUSH:
        return SignIn(unit_id, _text(entries, "token", LONGEST_TOKEN))
    subscription = _object("subscription", entries.get("subscription"))
    keys = _object("subscription.keys", subscription.get("keys"))
    p256dh, auth = (_text(keys, name, LONGEST_ID) for name in ("p256dh", "auth"))
    if not p256dh or len(_octets("subscription.keys.p256dh", p256dh)) != P256DH_OCTETS:
        raise Refused(
            "subscription.keys.p256dh", f"must be {P256DH_OCTETS} octets in base64url, as the browser gives it"
        )
    if not auth or len(_octets("subscription.keys.auth", auth)) != AUTH_OCTETS:
        raise Refused("subscription.keys.auth", f"must be {AUTH_OCTETS} octets in base64url, as the browser gives it")
    return SignIn(unit_id, _text(subscription, "endpoint", LONGEST_TOKEN), p256dh, auth)


def read_word(content: Any, now_ms: int) -> Shown | Answer:
    """`{"order_id", "status", "attempt_id"?, "at_ms"?, "lat"?, "lon"?}`; raises Refused."""
    entries = _object("", content)
    status = _text(entries, "status", LONGEST_ID).lower()
    # A crew in distress may have no task.
    order_id = _text(entries, "order_id", LONGEST_ID, needed=status != UnitStatus.MAYDAY)
    if status in SHOWN:
        return Shown(order_id, _text(entries, "attempt_id", LONGEST_ID), SHOWN[status])
    if status not in ANSWERS:
        raise Refused("status", f"must be one of {', '.join((*SHOWN, *sorted(ANSWERS)))}")
    at_ms = entries.get("at_ms", 0)
    if not isinstance(at_ms, int) or isinstance(at_ms, bool):
        raise Refused("at_ms", "must be a time in epoch milliseconds; leave it out for now")
    place = entries.get("lat"), entries.get("lon")
    lat, lon = (_degrees(value, most) for value, most in zip(place, (90, 180), strict=True))
    if lat is None or lon is None:
        lat = lon = None
    return Answer(order_id, UnitStatus(status), at_ms if -BACK_MS <= at_ms - now_ms <= AHEAD_MS else 0, lat, lon)


def _object(field: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Refused(field, "must be an object")
    return value


def _text(entries: Mapping[str, Any], field: str, most: int, *, needed: bool = True) -> str:
    value = entries.get(field, "")
    if not isinstance(value, str) or len(value) > most or (needed and not value):
        raise Refused(field, f"must be a text of 1 to {most} characters")
    return value


def _octets(field: str, text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(field, "must be base64url") from error


def _degrees(value: Any, most: int) -> float | None:
    """A coordinate; a wrong one is left out, for the answer beside it is worth more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        return None
    return float(value)
