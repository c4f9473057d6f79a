"""Reading what a source shows to be let in, and for how long what it showed before is good: rotation without downtime."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from siaga_tenants.document import Table, Value
from siaga_tenants.model import Source

_SHA256: Final = r"[0-9a-f]{64}"
# Each credential, and the one before it that stays good until `previous_until`.
PREVIOUS: Final = {
    "token_sha256": "previous_token_sha256",
    "hmac_secret_file": "previous_hmac_secret_file",
    "client_cert_sha256": "previous_client_cert_sha256",
}
KEYS: Final = (*PREVIOUS, *PREVIOUS.values(), "previous_until", "disabled", "rate_per_s", "verify_token_sha256")
# More than one process of intake takes in a second: a higher limit would limit nothing.
HIGHEST_RATE_PER_S: Final = 1_000_000


def with_credentials(source: Source, entry: Table, folder: Path) -> Source:
    """The source with all that KEYS say of it; `folder` is where secret files lie unless they say where."""
    read = replace(
        source,
        token_sha256=_digest(entry, "token_sha256"),
        previous_token_sha256=_digest(entry, "previous_token_sha256"),
        hmac_secret_file=_beside(folder, entry, "hmac_secret_file"),
        previous_hmac_secret_file=_beside(folder, entry, "previous_hmac_secret_file"),
        client_cert_sha256=_digest(entry, "client_cert_sha256"),
        previous_client_cert_sha256=_digest(entry, "previous_client_cert_sha256"),
        previous_until_ms=_moment(entry.values["previous_until"]) if "previous_until" in entry else 0,
        verify_token_sha256=_digest(entry, "verify_token_sha256"),
        disabled=entry.flag("disabled"),
        rate_per_s=entry.number("rate_per_s", 0.1, HIGHEST_RATE_PER_S) if "rate_per_s" in entry else None,
    )
    _check_rotation(entry)
    return read


def _digest(entry: Table, key: str) -> str | None:
    told = entry.text(key)
    if told and not re.fullmatch(_SHA256, told):
        # Not shown: whoever puts the token itself here would find it in the logs.
        entry.values[key].wrong("is not a SHA-256 in 64 lower-case hex digits; `./siaga source rotate` makes one")
        return None
    return told or None


def _beside(folder: Path, entry: Table, key: str) -> str | None:
    """A file beside sources.yaml unless it says where; whether it is there is for intake to see, which alone opens it."""
    told = entry.text(key)
    return str(folder / told) if told else None


def _moment(place: Value) -> int:
    wanted = "a time with its offset like '2026-01-15T14:00:00+07:00'"
    told = place.text(wanted=wanted)
    try:
        moment = datetime.fromisoformat(told) if told else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        if told:
            place.wrong(f"{told!r} is not {wanted}")
        return 0
    return round(moment.timestamp() * 1000)


def _check_rotation(entry: Table) -> None:
    previous = [(now, before) for now, before in PREVIOUS.items() if before in entry]
    for now, before in previous:
        if now not in entry:
            entry.values[before].wrong(f"stands without {now}; what was before a credential needs one that is now")
    if previous and "previous_until" not in entry:
        entry.values[previous[0][1]].wrong("needs 'previous_until', the time up to which it is still good; add it")
    if not previous and "previous_until" in entry:
        entry.values["previous_until"].wrong(f"stands without {' or '.join(PREVIOUS.values())}; remove it")
