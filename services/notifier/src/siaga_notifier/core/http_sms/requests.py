"""The request by which a provider is given an SMS, from its definition."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from siaga_tenants.http_sms.definition import Auth, NumberFormat, Sending
from siaga_tenants.http_sms.templates import fill, is_left_out

from siaga_notifier.core import gsm7

# An alarm that a phone shows half an hour late sends a crew to a place where nobody waits for it any more.
USUAL_VALIDITY_S: Final = 1_800
# Providers refuse less than a minute, and more than their own bound (Twilio's: 36,000 s).
VALIDITY_S: Final = (60, 36_000)
_HOME: Final = "62"
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Text:
    """What is to be sent. `key` is the same for each try of an order at a phone, `id` of this try only."""

    # In E.164.
    to: str
    text: str
    key: str
    id: str
    validity_s: int = USUAL_VALIDITY_S


@dataclass(frozen=True, slots=True)
class Account:
    """What the centre has told of itself. Nothing of it is shown when it is printed."""

    sender: str = field(default="", repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it goes out; it holds secrets, a number and a text, and shows none of them when it is printed."""

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)


def request(sending: Sending, text: Text, account: Account, callback_url: str) -> Request:
    """The request for one SMS; `callback_url` is where its receipts are to go, empty = nowhere."""
    values = _values(sending, text, account)
    values["callback_url"] = _callback(callback_url, sending.callback, values)
    unicode = {} if _is_gsm(text.text) else sending.unicode
    query = dict(sending.query) | (dict(unicode) if sending.form is None and sending.json is None else {})
    headers = {name.lower(): fill(value, values) for name, value in sending.headers.items()}
    fields = _filled(query, values)
    if sending.auth is not None:
        _authorize(sending.auth, values, headers, fields)
    body = b""
    if sending.form is not None:
        headers["content-type"] = _FORM
        body = _encoded(_filled({**sending.form, **unicode}, values), sending.charset).encode()
    elif sending.json is not None:
        headers["content-type"] = "application/json"
        body = json.dumps(_json({**sending.json, **unicode}, values), ensure_ascii=False).encode()
    url = fill(sending.url, {name: quote(value, safe="") for name, value in values.items()})
    if fields:
        url += ("&" if "?" in url else "?") + _encoded(fields, sending.charset)
    return Request(sending.method, url, tuple((name.encode(), _line(value)) for name, value in headers.items()), body)


def _values(sending: Sending, text: Text, account: Account) -> dict[str, str]:
    validity_s = min(max(text.validity_s, VALIDITY_S[0]), VALIDITY_S[1])
    return {
        "to": written(text.to, sending.number),
        "text": text.text,
        "sender": account.sender,
        "key": text.key,
        "id": text.id,
        "validity_s": str(validity_s),
        "validity_min": str(-(-validity_s // 60)),
        **{f"params.{name}": value for name, value in account.params.items()},
        **{f"secrets.{name}": value for name, value in account.secrets.items()},
    }


def written(number: str, how: NumberFormat) -> str:
    """A number in E.164 as the provider wants it; one from abroad has no short form, and keeps its country's code."""
    digits = number.removeprefix("+")
    if how == "+62":
        return f"+{digits}"
    if how == "08" and digits.startswith(_HOME):
        return f"0{digits.removeprefix(_HOME)}"
    return digits


def _callback(url: str, marks: Mapping[str, str], values: Mapping[str, str]) -> str:
    if not url or not marks:
        return url
    # Not percent-encoded: the provider looks for its own marks, like %d, in it.
    told = "&".join(f"{name}={fill(value, values)}" for name, value in marks.items())
    return f"{url}{'&' if '?' in url else '?'}{told}"


def _authorize(auth: Auth, values: Mapping[str, str], headers: dict[str, str], query: dict[str, str]) -> None:
    value = fill(auth.value, values)
    match auth.kind:
        case "basic":
            pair = base64.b64encode(f"{fill(auth.name, values)}:{value}".encode()).decode()
            headers["authorization"] = f"Basic {pair}"
        case "bearer":
            headers["authorization"] = f"Bearer {value}"
        case "header":
            headers[auth.name.lower()] = value
        case "query":
            query[auth.name] = value


def _filled(fields: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    return {name: fill(value, values) for name, value in fields.items() if not is_left_out(value, values)}


def _json(template: Any, values: Mapping[str, str]) -> Any:
    if isinstance(template, str):
        return fill(template, values)
    if isinstance(template, Mapping):
        kept = {name: part for name, part in template.items() if not _is_empty(part, values)}
        return {name: _json(part, values) for name, part in kept.items()}
    if isinstance(template, list):
        return [_json(part, values) for part in template]
    return template


def _is_empty(template: Any, values: Mapping[str, str]) -> bool:
    return isinstance(template, str) and is_left_out(template, values)


def _encoded(fields: Mapping[str, str], charset: str) -> str:
    return urlencode(fields, encoding=charset, errors="replace", quote_via=quote)


def _is_gsm(text: str) -> bool:
    try:
        gsm7.encode(text)
    except ValueError:
        return False
    return True


def _line(value: str) -> bytes:
    """A header's value; a line break in it would begin another header."""
    return " ".join(value.split()).encode()
