"""Addresses in SIP headers, and what they say of who calls whom."""

import hashlib
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from siaga_contracts import callers

from siaga_intake.core import rules
from siaga_intake.core.fields import Refused
from siaga_intake.core.happening import Identity
from siaga_intake.core.identity import user_part

_TAG: Final = re.compile(r";\s*tag\s*=\s*([^;,\s>]+)", re.IGNORECASE)
_VERSTAT: Final = re.compile(r"verstat\s*=\s*\"?([\w-]+)", re.IGNORECASE)
_WITH_USER: Final = re.compile(r"(?:sips?:[^@]*@|tel:|urn:)", re.IGNORECASE)
_EMERGENCY_ID: Final = re.compile(r"urn:(?:emergency|nena):(?:uid:)?callid:[^\s>;,\"]+", re.IGNORECASE)
# What people dial for help here, with the country's code or without, and 911 and 999, which phones from abroad know.
_EMERGENCY_NUMBER: Final = re.compile(r"(?:\+?62|0)?(?:112|11[0-9]|129|911|999)")
_EMERGENCY_URN: Final = re.compile(r"urn:(?:service|nena:service):(test:|test\.)?sos(?:[.;?].*)?", re.IGNORECASE)


def uri(address: str) -> str:
    """The URI of `"Name" <sip:…>;tag=…` or of `sip:…;tag=…`."""
    _, bracket, rest = address.rpartition("<")
    return (rest.partition(">")[0] if bracket else address.partition(";")[0]).strip()


def tag(address: str) -> str:
    """The tag that a party gave its end of the call; empty when it has none yet."""
    found = _TAG.search(address[address.rfind(">") + 1 :])
    return found[1] if found else ""


def number(address: str) -> str:
    """The number or name of a caller in an address; empty for an address of a host alone, or of no caller's length."""
    found = uri(address)
    if ":" in found and not _WITH_USER.match(found):
        return ""
    user = user_part(found)
    return user if len(user) <= rules.MAX_LENGTH["number"] else ""


def called(*addresses: str) -> str:
    """What was called, by the first of the addresses that is an emergency's, else by the first of all."""
    found = [uri(each) for each in addresses]
    # A service's URN may stand where a number does, escaped.
    names = [each if each.lower().startswith("urn:") else unquote(user_part(each)) for each in found]
    name = next((each for each in names if is_emergency(each)), next(filter(None, names), ""))
    return name if len(name) <= rules.MAX_LENGTH["number"] else ""


def is_emergency(name: str) -> bool:
    """Whether a number or a service URN is what one calls for help."""
    return bool(_EMERGENCY_NUMBER.fullmatch(name) or _EMERGENCY_URN.fullmatch(name))


def is_test(name: str) -> bool:
    """Whether a service URN asks for a test of the way alone (RFC 6881 §15)."""
    found = _EMERGENCY_URN.fullmatch(name)
    return found is not None and found[1] is not None


def identity(sender: str, asserted: Iterable[str] = (), verstat: str = "") -> Identity:
    """Who calls: `sender` is From; `asserted` P-Asserted-Identity, which may name a caller twice."""
    known = [found for each in asserted if (found := number(each))]
    stated = number(sender)
    best = next((each for each in known if callers.e164(each) is not None), "")
    if not best and known and callers.e164(stated) is None:
        best = known[0]
    told = verstat or next((match[1] for each in (*asserted, sender) if (match := _VERSTAT.search(each))), "")
    return Identity(stated, best, stated, verstat=told)


def emergency_id(call_info: Iterable[str]) -> str:
    """The call as the emergency network names it; the empty text when it does not, or at no sane length."""
    found = next((match[0] for each in call_info if (match := _EMERGENCY_ID.search(each))), "")
    return found if len(found) <= rules.MAX_LENGTH["call_ref"] else ""


def call_ref(call_id: str, field: str = "Call-ID") -> str:
    """The call's name; a Call-ID longer than names may be is known by its digest, for its call must not be lost."""
    if not call_id:
        raise Refused(field, "missing")
    if len(call_id) <= rules.MAX_LENGTH["call_ref"]:
        return call_id
    return hashlib.blake2b(call_id.encode(errors="replace"), digest_size=16).hexdigest()
