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
    | {"asterisk", "0000000000", "null", "private number", "nomor pribadi", "no caller id", "withheld number"}
)
_NO_SIM: Final = frozenset({"nosim", "no-sim", "no_sim", "emergency"})
# A phone without a SIM shows the number of the device: 14 to 16 bare digits. Of these an
# Indonesian number has only the ones that begin with the country's code.
_IMEI: Final = re.compile(r"(?:imei[:=-]?)?([1-9]\d{13,15})")
_INDONESIA: Final = "62"
_IMEI_URN: Final = "urn:gsma:imei:"
# sip:user:password@host;params, <tel:+62…>, "Name" <sip:…>; of a list the first.
_URI: Final = re.compile(r"(?:sips?|tel):([^@;>:,]*)", re.IGNORECASE)
# Where a number without its country or area belongs (RFC 3966); a host there names somebody's own numbers.
_CONTEXT: Final = re.compile(r";\s*phone-context=(\+\d{1,9})", re.IGNORECASE)
# What a network found that checked the number (3GPP TS 24.229); -A, -B and -C are the attestation that was checked.
# B and C vouch for the customer or the gateway, not for the number. Whatever else stands there says nothing.
_VERSTAT: Final = {
    "TN-VALIDATION-PASSED": Trust.VERIFIED,
    "TN-VALIDATION-PASSED-A": Trust.VERIFIED,
    "TN-VALIDATION-FAILED": Trust.UNVERIFIED,
    "TN-VALIDATION-FAILED-A": Trust.UNVERIFIED,
    "TN-VALIDATION-FAILED-B": Trust.UNVERIFIED,
    "TN-VALIDATION-FAILED-C": Trust.UNVERIFIED,
}
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
    key = callers.caller_key(secret, tenant, number)
    checked = Trust.VERIFIED if identity.verified else _VERSTAT.get(identity.verstat.strip().upper())
    if checked is not None:
        return Caller(key, number, checked)
    other = callers.e164(stated) if stated else None
    if identity.asserted and other is not None and other != number:
        return Caller(key, number, Trust.UNVERIFIED, contradicted=True)
    return Caller(key, number, Trust.UNVERIFIED if identity.self_declared else Trust.ASSERTED)


def user_part(written: str) -> str:
    """The number in a SIP or tel address, or what stands there when it is none."""
    found = _URI.search(written) if ":" in written else None
    user = (found[1] if found else _bare(written)).replace("%2B", "+").replace("%2b", "+").strip()
    context = _CONTEXT.search(written) if ";" in written else None
    # Some write the zero of the trunk although the country stands beside it.
    return user if context is None or user.startswith(("+", "0")) else context[1] + user


def _bare(written: str) -> str:
    """Without the brackets and parameters of an address whose scheme was left out, or is no number's."""
    return written.strip().removeprefix("<").partition(">")[0].partition(";")[0] if written[:1] != '"' else written


def _no_sim(shown: str) -> bool:
    shown = shown.lower().replace("%3a", ":")
    if shown in _NO_SIM or shown.startswith(_IMEI_URN):
        return True
    device = _IMEI.fullmatch(shown)
    return device is not None and (shown[0] == "i" or not device[1].startswith(_INDONESIA))
