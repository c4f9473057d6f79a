"""One message through Apprise. It blocks, for as long as the other side likes: for threads only."""

import logging
import re
from enum import StrEnum
from typing import Final

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, PersistentStoreMode

# Its SMPP never reads what the centre answers: a message that was refused counts as sent.
REFUSED_SCHEMES: Final = frozenset({"smpp", "smpps"})
USE_SMPP: Final = "Apprise's SMPP reports refused messages as sent; use a provider of kind smpp"
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S+")
# Nothing of a message is kept on disk.
_ASSET: Final = AppriseAsset(app_id="Siaga112", app_desc="Siaga112", storage_mode=PersistentStoreMode.MEMORY)
# It logs recipients, and addresses with their passwords.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class Result(StrEnum):
    """What Apprise says of a message; it knows no more than this."""

    SENT = "sent"
    NOT_SENT = "not sent"
    NO_URL = "not an address that Apprise knows"


def fault_of(url: str) -> str | None:
    """Why this address cannot be used, before it is tried; None when it may work."""
    found = _SCHEME.fullmatch(url)
    if found is None:
        return "must hold one Apprise address like mailto://… or tgram://…"
    return USE_SMPP if found[1].lower() in REFUSED_SCHEMES else None


def known(url: str) -> bool:
    """Whether Apprise has a service for the address, and the address what that needs."""
    return _service(url) is not None


def deliver(url: str, title: str, text: str) -> Result:
    """Hand a message over; what the service's own code raises passes through."""
    service = _service(url)
    if service is None:
        return Result.NO_URL
    everybody = Apprise(asset=_ASSET)
    everybody.add(service)
    # As text: an address with a `<` or `*` in it must read as it was typed.
    done = everybody.notify(body=text, title=title, body_format=NotifyFormat.TEXT)
    return Result.SENT if done else Result.NOT_SENT


def _service(url: str) -> NotifyBase | None:
    # Not `add(url)`: that takes several addresses with commas between them, and only the first was looked at.
    service = Apprise.instantiate(url, asset=_ASSET, suppress_exceptions=True)
    return service if isinstance(service, NotifyBase) else None
