"""What push services are told beside the message, and what their answers mean."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from siaga_notifier.core.app_payload import EXPIRY_S
from siaga_notifier.core.model import Attempt
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary

# Without a word of the service; long enough for a busy one, well within a step of a plan.
RETRY_AFTER_S: Final = 5.0
# A service that asks for more than this is of no use to an alarm: other channels have long been used.
LONGEST_RETRY_S: Final = 300.0
# RFC 8030 §7.2 asks services for 4096 octets, of which encryption takes up to 103; FCM takes 4096 in all.
MOST_BYTES: Final = 3_900

NOT_SIGNED_IN: Final = "no device signed in"
GONE: Final = "the push service does not know the device any more; it must be signed in again"


def topic(attempt: Attempt) -> str:
    """Names what a later message replaces: at most 32 characters of base64url (RFC 8030 §5.4)."""
    digest = hashlib.sha256((attempt.key or attempt.attempt_id).encode()).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def ttl_s(attempt: Attempt, now_ms: int) -> int:
    """For how long a service keeps the message for a phone that is off."""
    if not attempt.expires_at_ms:
        return EXPIRY_S
    return min(EXPIRY_S, max(0, (attempt.expires_at_ms - now_ms) // 1000))


def retry_after_s(header: str | None, now_ms: int) -> float:
    """Retry-After in seconds, whether it is a number or a date (RFC 9110 §10.2.3)."""
    if not header:
        return RETRY_AFTER_S
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            return RETRY_AFTER_S
        # A date without its zone is told in GMT.
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        seconds = moment.timestamp() - now_ms / 1000
    # `nan` compares with nothing.
    return min(max(seconds, 0.5), LONGEST_RETRY_S) if seconds == seconds else RETRY_AFTER_S  # noqa: PLR0124


def web_push_outcome(attempt: Attempt, status: int, headers: Mapping[str, str], now_ms: int) -> Outcome:
    """What a push service's answer to a message means (RFC 8030 §5, RFC 8292 §4.2); 404 and 410 are for who drops the device."""
    if 200 <= status < 300:
        return Accepted(attempt.attempt_id)
    if status in (404, 410):
        return Permanent(GONE)
    if status == 413:
        return Permanent("the push service takes no message as long as this")
    if status in (408, 425, 429) or status >= 500:
        return Temporary(f"the push service answered {status}", retry_after_s(headers.get("Retry-After"), now_ms))
    if status in (401, 403):
        return Permanent(f"the push service refuses the centre's key ({status}); sign the device in again")
    return Permanent(f"the push service answered {status}")
