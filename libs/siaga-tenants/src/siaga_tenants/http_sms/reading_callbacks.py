"""Reading what a provider tells us by itself: `receipts`, `messages` and `check` of a definition."""

from collections.abc import Mapping
from typing import Any, Final, cast

from siaga_tenants.document import Table
from siaga_tenants.http_sms.definition import RECEIPT_STATES, Messages, Receipts, ReceiptState, Signature, Thanks

# Names separated by dots, a number = the place in a list: `results.0.messageId`.
_PATH: Final = r"[^\s.]+(\.[^\s.]+)*"
_WANTED: Final = "a path like 'results.0.id'"
_HEADER: Final = r"[A-Za-z0-9-]+"
_MEDIA_TYPE: Final = r"[a-z]+/[a-z0-9.+-]+"


def read_receipts(document: Table) -> Receipts | None:
    """`receipts`; None when the provider never tells."""
    if "receipts" not in document:
        return None
    table = document.table("receipts", ("id", "status", "states"), ("list", "number", "reason", "thanks"))
    return Receipts(
        _path(table, "id"),
        _path(table, "status"),
        _states(table),
        _path(table, "list"),
        _path(table, "number"),
        _path(table, "reason"),
        _thanks(table),
    )


def _states(table: Table) -> Mapping[str, ReceiptState]:
    if "states" not in table:
        return {}
    return {
        word.casefold(): cast("ReceiptState", value.choice(RECEIPT_STATES))
        for word, value in table.values["states"].entries().items()
    }


def read_messages(document: Table) -> Messages | None:
    """`messages`; None when phones cannot answer this way."""
    if "messages" not in document:
        return None
    table = document.table("messages", ("number", "text"), ("list", "id", "thanks"))
    return Messages(
        _path(table, "number"), _path(table, "text"), _path(table, "list"), _path(table, "id"), _thanks(table)
    )


def read_checks(document: Table) -> tuple[Signature | None, str, str]:
    """`check`: the signature, the header of a JWT, the header of a token; what is absent is None or empty."""
    table = document.table("check", (), ("hmac", "jwt", "token"))
    signature = None
    if "hmac" in table:
        hmac = table.table("hmac", ("header", "algorithm", "encoding", "over"), ("prefix",))
        signature = Signature(
            _header(hmac),
            cast("Any", hmac.choice("algorithm", ("sha1", "sha256", "sha512"))),
            cast("Any", hmac.choice("encoding", ("base64", "hex"))),
            cast("Any", hmac.choice("over", ("url_form", "body"))),
            hmac.text("prefix"),
        )
    return signature, _header(table.table("jwt", ("header",))), _header(table.table("token", ("header",)))


def _header(table: Table) -> str:
    return table.text("header", _HEADER, "the name of a header").lower()


def _path(table: Table, key: str) -> str:
    return table.text(key, _PATH, _WANTED)


def _thanks(table: Table) -> Thanks:
    if "thanks" not in table:
        return Thanks()
    thanks = table.table("thanks", (), ("status", "type", "body"))
    return Thanks(
        thanks.integer("status", 200, 299, absent=200),
        thanks.text("type", _MEDIA_TYPE, "a media type like 'text/xml'") or "text/plain",
        thanks.text("body"),
    )
