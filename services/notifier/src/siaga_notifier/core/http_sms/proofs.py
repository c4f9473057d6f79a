"""Whether a request is the provider's own: signature, JWT, token, address."""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from siaga_tenants.http_sms.addresses import Network
from siaga_tenants.http_sms.definition import Signature

from siaga_notifier.core.http_sms.callbacks import Told

# A JWT is good for this long either way: long enough for clocks set by hand, short enough to make a recorded one useless.
JWT_WINDOW_S: Final = 300
# No provider's is near it; what is longer is not decoded for whoever sends it.
_LONGEST_HEADER: Final = 4_096


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; `url` as the provider has called it, header names in lower case."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    told: Told
    address: str = ""
    # What stood in `?token=`.
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """What the centre has told of the provider. All that is told must hold; with nothing told, nothing is believed."""

    secret: bytes = field(default=b"", repr=False)
    token_sha256: str = ""
    networks: tuple[Network, ...] = ()
    signature: Signature | None = None
    jwt_header: str = ""
    token_header: str = ""


def refusal(known: Known, asked: Asked, now_s: float) -> str | None:
    """Why a request is not believed, for whoever sent it; None when it is the provider's own."""
    if not (known.secret or known.token_sha256 or known.networks):
        return "nothing is believed here until notify.yaml has a callback_secret_file, callback_token_sha256 or callback_ips"
    if known.networks and not _is_within(asked.address, known.networks):
        return "not from an address of callback_ips"
    if known.token_sha256 and not _shows_token(known, asked):
        return "token missing or wrong"
    if not known.secret:
        return None
    if known.signature is not None:
        return None if _is_signed(known.signature, known.secret, asked) else "signature missing or wrong"
    if known.jwt_header:
        return None if _has_jwt(known, asked, now_s) else "JWT missing, wrong, or of another time or body"
    return None if _shown(known, asked, known.secret) else "token missing or wrong"


def _is_within(address: str, networks: Sequence[Network]) -> bool:
    try:
        where = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(where, "ipv4_mapped", None)
    return any((mapped or where) in network for network in networks)


def _tokens(known: Known, asked: Asked) -> list[bytes]:
    headers = {"authorization", known.token_header} - {""}
    shown = [asked.token, *(asked.headers.get(name, "").removeprefix("Bearer ") for name in headers)]
    return [each.encode() for each in shown if each and len(each) <= _LONGEST_HEADER]


def _shows_token(known: Known, asked: Asked) -> bool:
    wanted = known.token_sha256.encode()
    return any(hmac.compare_digest(hashlib.sha256(each).hexdigest().encode(), wanted) for each in _tokens(known, asked))


def _shown(known: Known, asked: Asked, secret: bytes) -> bool:
    return any(hmac.compare_digest(each, secret) for each in _tokens(known, asked))


def _is_signed(how: Signature, secret: bytes, asked: Asked) -> bool:
    shown = asked.headers.get(how.header, "")
    if not shown.startswith(how.prefix):
        return False
    # Twilio's rule: the URL, then each field's name and value, sorted by name.
    over = asked.told.body if how.over == "body" else _url_form(asked)
    digest = hmac.digest(secret, over, how.algorithm)
    wanted = base64.b64encode(digest).decode() if how.encoding == "base64" else digest.hex()
    return hmac.compare_digest(shown.removeprefix(how.prefix).encode(), wanted.encode())


def _url_form(asked: Asked) -> bytes:
    fields = sorted(set(asked.told.form))
    return (asked.url + "".join(f"{name}{value}" for name, value in fields)).encode()


def _has_jwt(known: Known, asked: Asked, now_s: float) -> bool:
    shown = asked.headers.get(known.jwt_header, "").removeprefix("Bearer ")
    parts = shown.split(".") if len(shown) <= _LONGEST_HEADER else []
    if len(parts) != 3:
        return False
    head, claims, signature = (_decoded(part) for part in parts)
    wanted = hmac.digest(known.secret, f"{parts[0]}.{parts[1]}".encode(), "sha256")
    # The algorithm is ours to say: a token that names another, or none, is not asked whether it is right.
    if not hmac.compare_digest(signature, wanted) or _object(head).get("alg") != "HS256":
        return False
    return _is_now(_object(claims), now_s) and _is_of(_object(claims), asked.told.body)


def _is_now(claims: Mapping[str, Any], now_s: float) -> bool:
    issued, expires = claims.get("iat"), claims.get("exp", now_s)
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        return False
    return abs(now_s - issued) <= JWT_WINDOW_S and expires >= now_s - JWT_WINDOW_S


def _is_of(claims: Mapping[str, Any], body: bytes) -> bool:
    told = claims.get("payload_hash")
    if not body:
        return True
    return isinstance(told, str) and hmac.compare_digest(
        told.lower().encode(), hashlib.sha256(body).hexdigest().encode()
    )


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return b""


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
