"""What the front door answers, and how callers show who they are."""

from typing import Any, Final

from siaga_intake.adapters.bodies import MAX_BODY_BYTES
from siaga_intake.adapters.http import ARRIVED_AT, MAX_EVENTS
from siaga_intake.adapters.problems import MEDIA_TYPE
from siaga_intake.adapters.sources import SIGNATURE_WINDOW_S

_INDEX: Final = {"type": "integer", "minimum": 0, "description": "Place in the list that was posted; 0 for one object."}
_ID: Final = {"type": "string", "format": "uuid"}
_WRONG: Final = {
    "field": {"type": "string", "description": "Which field; empty = the whole."},
    "reason": {"type": "string", "description": "What to mend."},
}
_LISTS: Final = {
    "accepted": {
        "type": "array",
        "description": "Taken: on the broker, or on intake's disk until the broker is back.",
        "items": {
            "type": "object",
            "required": ["index", "event_id", "call_id", "event_ids"],
            "properties": {
                "index": _INDEX,
                "event_id": _ID,
                "call_id": _ID,
                "event_ids": {"type": "array", "items": _ID, "minItems": 1},
                "left_out": {
                    "type": "array",
                    "description": "Parts that could not be used.",
                    "items": {"type": "object", "required": ["field", "reason"], "properties": _WRONG},
                },
            },
        },
    },
    "ignored": {
        "type": "array",
        "description": "Understood to say nothing about a call, or not known here (unknown_event).",
        "items": {
            "type": "object",
            "required": ["index", "reason"],
            "properties": {"index": _INDEX, "reason": {"type": "string"}},
        },
    },
    "rejected": {
        "type": "array",
        "description": "Cannot be taken as they are; the others were taken all the same.",
        "items": {
            "type": "object",
            "required": ["index", "field", "reason"],
            "properties": {"index": _INDEX, **_WRONG},
        },
    },
}
SCHEMAS: Final[dict[str, Any]] = {
    "Receipt": {"type": "object", "required": list(_LISTS), "properties": _LISTS},
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "field": {"type": "string", "description": "What to mend, where it is one field."},
            **_LISTS,
        },
    },
}
_RETRY: Final = {
    "Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}
}


def _problem(told: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": told, "content": content} | ({"headers": headers} if headers else {})


# By their status.
DEFINED: Final[dict[str, Any]] = {
    "202": {
        "description": "Taken and safe; what was ignored or rejected is named.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Receipt"}}},
    },
    "400": _problem("The body cannot be read, or a header is wrong. Mend it first."),
    "401": _problem(
        "No, unknown or outdated credentials.",
        {"WWW-Authenticate": {"description": "How to show them.", "schema": {"type": "string"}}},
    ),
    "403": _problem("The source is of another tenant or kind, or disabled."),
    "413": _problem(f"More than {MAX_BODY_BYTES:,} bytes, or more than {MAX_EVENTS:,} events in a list."),
    "422": _problem("Every payload was rejected; the three lists are in the answer."),
    "429": _problem("This source sends more than its limit. Nothing was taken: send the same again.", _RETRY),
    "500": _problem("A fault of ours. Nothing was promised: send the same again."),
    "503": _problem("Neither broker nor disk takes events now. Nothing was taken: send the same again.", _RETRY),
}
RESPONSES: Final = {status: {"$ref": f"#/components/responses/Status{status}"} for status in DEFINED}
HEADERS: Final[list[dict[str, Any]]] = [
    {
        "name": "X-Siaga-Tenant",
        "in": "header",
        "description": "Kode wilayah of the centre. Needed with a signature or the local token of several centres; must not"
        " contradict a source's credential.",
        "schema": {"type": "string", "pattern": r"^\d\d\.\d\d$"},
        "example": "36.73",
    },
    {
        "name": "X-Siaga-Source",
        "in": "header",
        "description": "Which of a tenant's sources speaks, kind/instance.",
        "schema": {"type": "string", "pattern": "^[a-z]+/[A-Za-z0-9._-]{1,64}$"},
        "example": "asterisk/pbx1",
    },
    {
        "name": ARRIVED_AT,
        "in": "header",
        "description": "For replays only: the recorded arrival, which stands in for times that payloads lack.",
        "schema": {"type": "string", "maxLength": 64},
        "example": "2026-01-15T14:15:30+07:00",
    },
]
PARAMETERS: Final = [{"$ref": f"#/components/parameters/{header['name']}"} for header in HEADERS]
SECURITY: Final[dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token of a source, or the local token."},
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The token as password, with any user name: all that FreeSWITCH can send.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Siaga-Signature",
        "description": "`t=<epoch>,v1=<hex>`: HMAC-SHA256 of the time, a full stop and the body as sent, with the source's"
        f" key; good for {SIGNATURE_WINDOW_S} s. Needs X-Siaga-Tenant.",
    },
}
HUB_SIGNATURE: Final[dict[str, Any]] = {
    "hubSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Hub-Signature-256",
        "description": "`sha256=<hex>`: HMAC-SHA256 of the body with the app secret, as WhatsApp sends it.",
    }
}
