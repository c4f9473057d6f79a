"""What is known of a provider of SMS by HTTP: how it is asked, what its answers mean, what it tells us later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

NumberFormat = Literal["62", "+62", "08"]
NUMBER_FORMATS: Final = ("62", "+62", "08")
Verdict = Literal["permanent", "temporary", "down", "unknown"]
VERDICTS: Final = ("permanent", "temporary", "down", "unknown")
ReceiptState = Literal["delivered", "read", "failed", "expired", "waiting"]
RECEIPT_STATES: Final = ("delivered", "read", "failed", "expired", "waiting")


@dataclass(frozen=True, slots=True)
class Auth:
    """How the provider knows us, beside what stands in the fields. Both texts are templates, except a header's name."""

    kind: Literal["basic", "bearer", "header", "query"]
    value: str
    # The user of `basic`, the name of a header or of a field of the query.
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """The request that hands an SMS over; texts are templates."""

    method: Literal["GET", "POST", "PUT"]
    # Empty = each centre has its own.
    url: str
    number: NumberFormat
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: Auth | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    json: Mapping[str, Any] | None = None
    # Beside the fields when the text has a letter that the GSM alphabet lacks.
    unicode: Mapping[str, Any] = field(default_factory=dict)
    charset: str = "utf-8"
    # Whether the provider shows one SMS for one key, however often it is asked.
    idempotent: bool = False
    # What is put behind {callback_url} as it stands: a provider's own marks, like Kannel's %d, must reach it unchanged.
    callback: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in an answer; `ours` = nowhere: the message is known by the id that we have given it."""

    kind: Literal["json", "regex", "header", "ours"]
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What an answer that is no acceptance means; of several that fit, the first holds. An empty list fits all."""

    statuses: tuple[int, ...]
    codes: tuple[str, ...]
    verdict: Verdict
    # Read by people, in Indonesian; empty = told by status and code.
    reason: str = ""
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answers:
    """How the provider answers."""

    # HTTP statuses of an acceptance; empty = 200 to 299.
    statuses: tuple[int, ...]
    # Where the body says so, and the words that do; None = the status is enough.
    accepted: Place | None
    accepted_words: tuple[str, ...]
    message_id: Place
    # Where the provider's own code of an error stands.
    code: Place | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Thanks:
    """What the provider wants to hear when it has told us something."""

    status: int = 200
    media_type: str = "text/plain"
    body: str = ""


@dataclass(frozen=True, slots=True)
class Receipts:
    """How the provider tells what became of a message: paths into its form, query or JSON."""

    message_id: str
    status: str
    states: Mapping[str, ReceiptState]
    # Path of a list of receipts in one request; empty = the request is one, or is a list.
    entries: str = ""
    # Empty = it does not say whose phone it was.
    number: str = ""
    reason: str = ""
    thanks: Thanks = Thanks()


@dataclass(frozen=True, slots=True)
class Messages:
    """How the provider hands on what a phone sent."""

    number: str
    text: str
    entries: str = ""
    # By it a repeat is known; empty = it gives none.
    message_id: str = ""
    thanks: Thanks = Thanks()


@dataclass(frozen=True, slots=True)
class Signature:
    """An HMAC over the request in a header."""

    header: str
    algorithm: Literal["sha1", "sha256", "sha512"]
    encoding: Literal["base64", "hex"]
    # `url_form`: the URL and, sorted by name, each field's name and value behind it (Twilio). `body`: the body.
    over: Literal["url_form", "body"]
    # Before the signature in the header, like `sha256=`.
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class HttpSms:
    """One provider."""

    sending: Sending
    answers: Answers
    receipts: Receipts | None = None
    messages: Messages | None = None
    # How the provider proves that a request is its own. None of them = by a token or by its addresses.
    signature: Signature | None = None
    # The header of a JWT that is signed by HS256 and names the SHA-256 of the body as `payload_hash` (Vonage).
    jwt_header: str = ""
    # Where a token is shown, beside `?token=`.
    token_header: str = ""
    # What each centre has to say of itself.
    params: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    needs_sender: bool = False
