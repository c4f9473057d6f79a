"""What a provider's answer to an SMS means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from siaga_tenants.http_sms.definition import Answers, Place, Rule

from siaga_notifier.core.http_sms import paths
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown

RETRY_AFTER_S: Final = 1.0
# When a provider does not know us, or is not there, the next seconds change nothing; a stand-in goes meanwhile.
DOWN_AFTER_S: Final = 15.0
# A provider may ask for an hour. The order has gone another way by then, but its SMS still waits for its turn.
LONGEST_AFTER_S: Final = 300.0
_LONGEST_ID: Final = 128
# A code may be shown to people; what looks like a number of a phone may not.
_CODE: Final = re.compile(r"(?!\+?\d{8})[A-Za-z0-9_.-]{1,32}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP; header names in lower case. Bodies may repeat number and text, so they are not shown."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


def outcome(answers: Answers, answer: Answer, our_id: str, now_s: float) -> Outcome:
    """What became of the SMS that was known to us by `our_id`."""
    value = paths.parsed(answer.body)
    if _is_accepted(answers, answer, value):
        return Accepted(_at(answers.message_id, answer, value)[:_LONGEST_ID] or our_id)
    code = _at(answers.code, answer, value) if answers.code else ""
    reason = f"HTTP {answer.status}" + (f" ({code})" if _CODE.fullmatch(code) else "")
    after_s = _after_s(answer.headers.get("retry-after", ""), now_s)
    for rule in answers.rules:
        if _fits(rule, answer.status, code):
            return _by_rule(rule, rule.reason or reason, after_s)
    return _by_status(answer.status, reason, after_s, says_no=bool(code) or _says(answers, answer, value))


def _is_accepted(answers: Answers, answer: Answer, value: Any) -> bool:
    fits = answer.status in answers.statuses if answers.statuses else 200 <= answer.status < 300
    if not fits or answers.accepted is None:
        return fits
    said = _at(answers.accepted, answer, value)
    return said in answers.accepted_words if answers.accepted_words else bool(said)


def _says(answers: Answers, answer: Answer, value: Any) -> bool:
    """Whether the place of an acceptance holds another word: a refusal, though an unknown one."""
    return answers.accepted is not None and bool(_at(answers.accepted, answer, value))


def _at(place: Place, answer: Answer, value: Any) -> str:
    match place.kind:
        case "json":
            return paths.word(value, place.expression)
        case "header":
            return answer.headers.get(place.expression.lower(), "").strip()
        case "regex":
            match = re.search(place.expression, answer.body.decode("utf-8", "replace"))
            return "" if match is None else (match[1] or "" if match.re.groups else match[0])
        case "ours":
            return ""


def _fits(rule: Rule, status: int, code: str) -> bool:
    return (not rule.statuses or status in rule.statuses) and (not rule.codes or code in rule.codes)


def _by_rule(rule: Rule, reason: str, after_s: float | None) -> Outcome:
    wait_s = after_s if after_s is not None else rule.after_s
    match rule.verdict:
        case "permanent":
            return Permanent(reason)
        case "temporary":
            return Temporary(reason, wait_s or RETRY_AFTER_S)
        case "down":
            return Temporary(reason, wait_s or DOWN_AFTER_S, down=True)
        case "unknown":
            return Unknown(reason)


def _by_status(status: int, reason: str, after_s: float | None, *, says_no: bool) -> Outcome:
    """An answer that the definition does not name; giving up needs a sure reason, and so does `nothing went out`."""
    if status == 429:
        return Temporary(reason, after_s or RETRY_AFTER_S)
    if status in {401, 403, 407, 503} or 300 <= status < 400:
        return Temporary(reason, after_s or DOWN_AFTER_S, down=True)
    if status == 408:
        return Temporary(reason, after_s or RETRY_AFTER_S)
    if 400 <= status < 500:
        return Permanent(reason)
    # An error of the server, or an acceptance that does not read as one: it may have gone out.
    return Temporary(reason, after_s or RETRY_AFTER_S) if says_no and status < 500 else Unknown(reason)


def _after_s(header: str, now_s: float) -> float | None:
    """`Retry-After`: seconds or a moment (RFC 9110 §10.2.3); None when it is absent or unreadable."""
    text = header.strip()
    if text.isdecimal():
        return min(max(float(text[:9]), 0.1), LONGEST_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.fromtimestamp(now_s, UTC)
    return min(max(seconds.total_seconds(), 0.1), LONGEST_AFTER_S)
