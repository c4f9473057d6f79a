"""Who calls, and how far the number can be believed. A missing or odd number never stops a call."""

import re
from functools import lru_cache
from typing import Final

from siaga_contracts import callers

from siaga_intake.core.events import Caller, Trust
from siaga_intake.core.happening import Identity

# What switches and networks write for a withheld number.
_WITHHELD: Final = frozenset(
    {"", "anonymous", "anonim", "unknown", "<unknown>", "restricted", "private", "unavailable", "withheld", "none", "-"}
    | {"asterisk", "0000000000", "null"}
)
_NO_SIM: Final = frozenset({"nosim", "no-sim", "no_sim", "emergency"})
# A phone without a SIM shows the number of the device: 14 to 16 bare digits. Of these an
# Indonesian number has only the ones that begin with the country's code.
_IMEI: Final = re.compile(r"(?:imei[:=-]?)?([1-9]\d{13,15})")
_INDONESIA: Final = "62"
_IMEI_URN: Final = "urn:gsma:imei:"
# sip:user@host;params, <tel:+62…>, "Name" <sip:…>
_URI: Final = re.compile(r"(?:sips?|tel):([^@;>]*)", re.IGNORECASE)
# Callers come again within minutes; a phone book of the busy hour fits.
_REMEMBERED: Final = 65_536


@lru_cache(maxsize=_REMEMBERED)
def caller(identity: Identity, tenant: str, secret: bytes) -> Caller:
    """The caller with its key in this tenant; key and number are empty for a withheld or unreadable number."""
    asserted, stated = user_part(identity.asserted), user_part(identity.stated)
    shown = asserted if asserted.lower() not in _WITHHELD else user_part(identity.number)
    if shown.lower() in _WITHHELD:
        return Caller("", "", Trust.ANONYMOUS)
    if _no_sim(shown):
        return Caller("", "", Trust.NO_SIM)
    number = callers.e164(shown)
    if number is None:
        return Caller("", "", Trust.UNVERIFIED)
    return Caller(callers.caller_key(secret, tenant, number), number, _trust(identity, number, stated))


def _trust(identity: Identity, number: str, stated: str) -> Trust:
    if identity.verified:
        return Trust.VERIFIED
    other = callers.e164(stated) if stated else None
    if identity.self_declared or (identity.asserted and other is not None and other != number):
        return Trust.UNVERIFIED
    return Trust.ASSERTED


def user_part(written: str) -> str:
    """The number in a SIP or tel address, or what stands there when it is none."""
    found = _URI.search(written) if ":" in written else None
    return (found[1] if found else written).replace("%2B", "+").replace("%2b", "+").strip()


def _no_sim(shown: str) -> bool:
    shown = shown.lower()
    if shown in _NO_SIM or shown.startswith(_IMEI_URN):
        return True
    device = _IMEI.fullmatch(shown)
    return device is not None and (shown[0] == "i" or not device[1].startswith(_INDONESIA))
