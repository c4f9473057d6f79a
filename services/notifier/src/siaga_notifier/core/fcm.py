"""Messages for Firebase Cloud Messaging (HTTP v1), and what its answers mean."""

from collections.abc import Mapping
from typing import Any, Final

from siaga_notifier.core.app_payload import payload
from siaga_notifier.core.model import Attempt, OrderKind
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary
from siaga_notifier.core.push import GONE, RETRY_AFTER_S, retry_after_s, topic, ttl_s

# FCM takes 4096 octets of data; for an iPhone the text stands in the message a second time.
MOST_BYTES: Final = 3_000
# Until somebody has mended an account, asking again every few seconds only fills logs.
MISCONFIGURED_S: Final = 30.0
_TITLES: Final = {
    OrderKind.DISPATCH: "Tugas",
    OrderKind.REMIND: "Tugas",
    OrderKind.TRIAL: "UJI COBA",
    OrderKind.UPDATE: "Perubahan tugas",
    OrderKind.STAND_DOWN: "Tugas dibatalkan",
}


def message(attempt: Attempt, token: str, now_ms: int) -> dict[str, Any]:
    """The request's body. The app gets the order whole, as `data.order`; an iPhone shows the text even without its app."""
    order, ttl = attempt.order, ttl_s(attempt, now_ms)
    name = topic(attempt)
    title = f"{_TITLES[order.kind]} #{order.task_code} {order.priority}".rstrip()
    return {
        "message": {
            "token": token,
            "data": {
                "order": payload(attempt, MOST_BYTES).decode(),
                "order_id": order.about_order_id or order.order_id,
            },
            "android": {"priority": "HIGH", "ttl": f"{ttl}s", "collapse_key": name},
            "apns": {
                "headers": {
                    "apns-push-type": "alert",
                    "apns-priority": "10",
                    "apns-collapse-id": name,
                    "apns-expiration": str(now_ms // 1000 + ttl),
                },
                "payload": {
                    "aps": {
                        "alert": {"title": title, "body": attempt.text},
                        "sound": "default",
                        "interruption-level": "time-sensitive",
                        "content-available": 1,
                        "mutable-content": 1,
                    }
                },
            },
            "webpush": {"headers": {"Urgency": "high", "TTL": str(ttl), "Topic": name}},
        }
    }


def is_gone(status: int, content: Any) -> bool:
    """Whether the token is no app's any more, or was none: only then is the device dropped."""
    codes, fields = _said(content)
    return (status == 404 and "UNREGISTERED" in codes) or (
        status == 400 and "INVALID_ARGUMENT" in codes and "message.token" in fields
    )


def outcome(attempt: Attempt, status: int, headers: Mapping[str, str], content: Any, now_ms: int) -> Outcome:
    """What an answer means; a 401 comes here when a new access token did not help either."""
    codes, _ = _said(content)
    named = next((code for code in sorted(codes) if code not in ("INVALID_ARGUMENT", "NOT_FOUND")), "") or str(status)
    if 200 <= status < 300:
        return Accepted(attempt.attempt_id)
    if is_gone(status, content):
        return Permanent(GONE)
    if "SENDER_ID_MISMATCH" in codes:
        return Permanent("the device was signed in by an app of another Firebase project")
    if status in (408, 429) or status >= 500:
        after_s = retry_after_s(headers.get("retry-after"), now_ms)
        return Temporary(f"FCM answered {named}", after_s)
    if status in (401, 403):
        # Of the account, not of this device: another provider or channel has to stand in.
        return Temporary(f"FCM refuses the centre's account: {named}", MISCONFIGURED_S, down=True)
    return Permanent(f"FCM answered {named}")


def away(reason: str) -> Temporary:
    """The service cannot be reached."""
    return Temporary(reason, RETRY_AFTER_S, down=True)


def _said(content: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Codes of an error, and the fields that it names; none in what is no error of Google's form."""
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        return frozenset(), frozenset()
    details = [each for each in error.get("details") or () if isinstance(each, dict)]
    codes = {error.get("status"), *(each.get("errorCode") for each in details)}
    fields = {
        violation.get("field")
        for each in details
        for violation in each.get("fieldViolations") or ()
        if isinstance(violation, dict)
    }
    return frozenset(filter(None, codes)), frozenset(filter(None, fields))
