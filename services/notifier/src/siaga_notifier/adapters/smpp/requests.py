"""What we ask of an SMS centre, as octets: written by aiosmpplib, but for what it does not know."""

from datetime import timedelta
from typing import Final

from aiosmpplib import NPI, TON, OptionalParam, PhoneNumber, SubmitSm
from aiosmpplib.protocol import BindTransceiver
from aiosmpplib.state import USER_MESSAGE_REFERENCE
from siaga_kit.settings import SmppSettings

from siaga_notifier.adapters.smpp.pdu import HEADER
from siaga_notifier.core.sms_parts import SmsPart

# SMPP 3.4 §5.2.2: eight characters and a NUL; centres that give more do not speak 3.4.
LONGEST_PASSWORD: Final = 8
_USER_DATA_HEADER: Final = 0b0100_0000
_RECEIPT: Final = 1


def bind(command: int, settings: SmppSettings, password: str) -> bytes:
    """A bind of any of the three kinds; raises ValueError for what no centre can have given out."""
    if len(password) > LONGEST_PASSWORD or not password.isascii():
        raise ValueError(f"the password has more than {LONGEST_PASSWORD} characters, or others than ASCII")
    request = BindTransceiver(system_id=settings.system_id, password=password, system_type=settings.system_type)
    return framed(request.pdu(), command)


def submit(
    part: SmsPart, number: str, settings: SmppSettings, validity: timedelta, *, receipt: bool, reference: int | None
) -> bytes:
    """One SMS to a number in E.164. The phone may know the reference; the centre returns nothing by it."""
    message = SubmitSm(
        short_message="-",
        source=PhoneNumber(settings.sender, TON(settings.source_ton), NPI(settings.source_npi)),
        destination=PhoneNumber(number.removeprefix("+"), TON.INTERNATIONAL, NPI.ISDN),
        esm_class=_USER_DATA_HEADER if part.header else 0,
        encoding="ucs2" if part.ucs2 else "",
        validity_period=validity,
        registered_delivery=_RECEIPT if receipt else 0,
        optional_params=[] if reference is None else [OptionalParam(USER_MESSAGE_REFERENCE, reference)],
    )
    message.set_encoded_message(part.octets)
    octets: bytes = message.pdu()
    return octets


def framed(octets: bytes, command: int, sequence: int = 0, status: int = 0) -> bytes:
    """The same body under another command, number or status."""
    return HEADER.pack(len(octets), command, status, sequence) + octets[HEADER.size :]
