"""Meta's error codes (WhatsApp Cloud API, "Error codes"): what can be done, and why in an administrator's words.

Meta advises to go by `code`; titles are going to disappear, and the status of the answer says less.
"""

from dataclasses import dataclass
from typing import Final

from siaga_notifier.core.outcomes import Outcome, Permanent, Temporary, Unknown

# A new token, a mended account: somebody has to do it, so asking more often tells nothing.
UNTIL_MENDED_S: Final = 60.0
# Meta's own advice for its server errors is "try again".
SERVER_S: Final = 10.0
THROTTLED_S: Final = 5.0
LOGIN: Final = "Meta refuses the access token: make a permanent one (system user, whatsapp_business_messaging) and put it into the token's file"

# The message goes to nobody, however often it is tried.
PERMANENT: Final = {
    100: "Meta refuses a parameter: the template's body must have four, and as many quick replies as `buttons`",
    131008: "Meta misses a parameter: the template's body must have four, and as many quick replies as `buttons`",
    131009: "Meta refuses a parameter's value: phone number, template or language",
    131021: "the number is the centre's own",
    131026: "the number cannot be reached by WhatsApp: none is on it, it is an old version, or Meta's terms were not accepted there",
    131030: "a test number of Meta's writes only to numbers on its list",
    131047: "more than 24 hours since the crew wrote: only an approved template may go",
    131049: "Meta held it back as advertising: have the template approved in the category `utility`",
    131050: "whoever has the phone wants no such messages: unblock the centre in WhatsApp there",
    131051: "Meta does not know this type of message",
    130472: "Meta holds back messages to this number for an experiment",
    130497: "the account may not write to this country",
    132000: "the template has another number of parameters: its body must have four",
    132001: "no such template in this language, or not approved yet",
    132005: "the words are too long for the template: shorten its own",
    132007: "the template was refused for its words",
    132012: "a parameter has another format than the template's",
    132015: "the template is paused, for people have blocked or reported it",
    132016: "the template is disabled for good: have another one approved",
    132018: "Meta refuses the template's parameters",
}  # fmt: skip
# As above, but nothing at all goes out until somebody mends it.
ACCOUNT: Final = {
    33: "there is no such phone number id, or it was deleted",
    368: "Meta has restricted the account for breaking its rules",
    131031: "Meta has locked the account",
    131037: "the number's display name is not approved yet",
    131042: "no valid means of payment at Meta",
    131045: "the number's certificate is wrong: register it again",
    133010: "the number is not registered with the Cloud API",
}
_TEMPLATE_OF_ALL: Final = frozenset({132001, 132015, 132016})
# Not now; so many seconds later.
TEMPORARY: Final = {
    1: ("Meta's service failed", SERVER_S),
    2: ("Meta's service is away", SERVER_S),
    4: ("the app has called Meta too often", 60.0),
    80007: ("the account has called Meta too often", 60.0),
    130429: ("more messages a second than Meta takes", THROTTLED_S),
    131000: ("Meta does not say what failed", SERVER_S),
    131016: ("Meta's service is overloaded", SERVER_S),
    131048: ("Meta limits the number, for people have blocked or reported it", 60.0),
    131056: ("too many messages to this number in a short time", 6.0),
    131057: ("Meta's account is in maintenance", 60.0),
    133004: ("Meta's service is away", SERVER_S),
}
_LOGIN_CODES: Final = frozenset({0, 3, 10, 190, 131005, *range(200, 300)})
_LOGIN_STATUSES: Final = frozenset({401, 403})
# Said by what stands before the service, of which nobody knows then how far it came.
_GATEWAY_STATUSES: Final = frozenset({502, 504})


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refusal means; `trouble` is set when nothing else can go out either."""

    outcome: Outcome
    trouble: str | None = None


def refusal(status: int, code: int | None, retry_after_s: float | None = None) -> Refusal:
    """What an answer other than 2xx means; `code` is the error's in its body, if it had one."""
    if code in PERMANENT:
        told = _told(PERMANENT[code], code)
        return Refusal(Permanent(told), told if code in _TEMPLATE_OF_ALL else None)
    if code in ACCOUNT:
        told = _told(ACCOUNT[code], code)
        return Refusal(Permanent(told), told)
    if code in TEMPORARY:
        reason, usual_s = TEMPORARY[code]
        return Refusal(Temporary(_told(reason, code), retry_after_s or usual_s))
    if code in _LOGIN_CODES or (code is None and status in _LOGIN_STATUSES):
        told = _told(LOGIN, code if code is not None else status)
        return Refusal(Temporary(told, UNTIL_MENDED_S, down=True), told)
    if status == 429:
        return Refusal(Temporary(_told("Meta is asked too often", code), retry_after_s or THROTTLED_S))
    if code is None and status in _GATEWAY_STATUSES:
        return Refusal(Unknown(_told("no answer from behind Meta's gateway", status)))
    if status >= 500:
        return Refusal(Temporary(_told(f"Meta's service answers {status}", code), retry_after_s or SERVER_S, down=True))
    return Refusal(Permanent(_told(f"Meta refuses it with {status}", code)))


def reason_of(code: int | None) -> str:
    """Why a message that Meta had taken did not arrive."""
    known = {**PERMANENT, **ACCOUNT, **{number: reason for number, (reason, _) in TEMPORARY.items()}}
    return _told(
        known.get(code, "Meta could not deliver it") if code is not None else "Meta could not deliver it", code
    )


def _told(reason: str, code: int | None) -> str:
    return f"{reason} ({code})" if code is not None else reason
