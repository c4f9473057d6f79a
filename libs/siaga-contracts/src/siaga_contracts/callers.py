"""Phone numbers and the keys that stand for them."""

import hashlib
import hmac
import re
from functools import lru_cache
from typing import Final

import phonenumbers

# What nearly every caller is: an Indonesian mobile number in one of its usual spellings; the library takes 50 us for it.
_MOBILE: Final = re.compile(r"(?:\+62|0)(8[1-9][0-9]{7,10})", re.ASCII)


# What is dialled here before another country's code, by operator; 00 is what networks write for a plus.
_ABROAD: Final = ("00", "001", "007", "008", "009", "01017")
_LONGEST: Final = 32
# A plus and fifteen digits.
_LONGEST_E164: Final = 16


@lru_cache(maxsize=65_536)
def e164(number: str) -> str | None:
    """The number in E.164 (`+6281234567890`), read as Indonesian; None when it is no number (withheld, short code)."""
    plain = _MOBILE.fullmatch(number)
    if plain is not None:
        return f"+62{plain[1]}"
    abroad = _abroad(number)
    if abroad is not None:
        return abroad
    try:
        parsed = phonenumbers.parse(number, "ID")
    except phonenumbers.NumberParseException:
        return None
    # "Possible within its city" is what a short code is: 14022, or 112 behind the country's code.
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    # A number that begins with a zero after the country's code was misread; one that is longer than numbers are, too.
    return None if written.startswith("+620") or len(written) > _LONGEST_E164 else written


def _abroad(number: str) -> str | None:
    """A number behind an international prefix, where it is a valid one of some country."""
    digits = re.sub(r"[\s().-]", "", number) if len(number) <= _LONGEST else ""
    if not (digits.isascii() and digits.isdigit()):
        return None
    for prefix in _ABROAD:
        if digits.startswith(prefix):
            try:
                parsed = phonenumbers.parse(f"+{digits.removeprefix(prefix)}")
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(parsed):
                return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return None


def caller_key(secret: bytes, tenant: str, number_e164: str) -> str:
    """Keyed HMAC that stands for a number in one tenant (32 hex digits); without the secret it cannot be undone."""
    return hmac.new(secret, f"{tenant}|{number_e164}".encode(), hashlib.sha256).hexdigest()[:32]
