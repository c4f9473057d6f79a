"""The OpenAPI document, made from the doors themselves: a door that is added stands in it, or its test fails."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from siaga_intake.adapters.http import MAX_EVENTS
from siaga_intake.core import doors
from siaga_intake.core.doors import Door
from siaga_intake.openapi import answers, trackers
from siaga_intake.openapi.schemas import SCHEMAS, Schema

PATH: Final = "/v1/openapi.json"
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_CLOUD_EVENTS: Final = (
    "CloudEvents `id.siaga112.call.*`, for adapters of any other switch: structured or binary, single or batch."
)
# By path: what the operation is called, and what it is for.
_TITLES: Final[Mapping[str, tuple[str, str, str]]] = {
    "/v1/switch/asterisk": ("postAsterisk", "Events of Asterisk", "AMI events as JSON objects, or ARI events."),
    "/v1/switch/freeswitch": ("postFreeswitch", "Records and events of FreeSWITCH", "mod_json_cdr records, or ESL events."),
    "/v1/switch/kamailio": ("postKamailio", "Events of Kamailio", "acc_json, dialog records, or our own event style."),
    "/v1/switch/sip": ("postSip", "SIP messages", "As text, or in JSON, from an edge or a capture."),
    "/v1/call-events": ("postCallEvents", "Canonical events", _CLOUD_EVENTS),
    "/v1/calls/form": ("postForm", "The operator's form", "Sent while the caller speaks, and again with what is added."),
    "/v1/channels/app": ("postAppReport", "Report of a citizens' app", "A call of its own, which an operator confirms."),
    "/v1/channels/whatsapp": ("postWhatsapp", "Webhook of WhatsApp", "The Cloud API's posts. What is refused is thanked for too."),
    "/v1/channels/sms": ("postSms", "SMS of a gateway", "As JSON, as a form, or with its fields in the address."),
    "/v1/channels/lapor": ("postLapor", "Reports of SP4N-LAPOR", "Rows of an export or feed."),
    "/v1/positions/pidf-lo": ("postPidfLo", "Location of a call", "PIDF-LO, in JSON or as it is, its call in the address."),
    "/v1/positions/aml": ("postAml", "Positions that phones send", "AML by SMS or HTTPS; the call is found by the number."),
}  # fmt: skip
_TAGS: Final = {
    "switch": "Telephone switches and their edge",
    "call-events": "Canonical events",
    "calls": "Operators",
    "channels": "Written channels",
    "positions": "Where callers are",
    trackers.TAG[0]: trackers.TAG[1],
    "contract": "This document",
}


def document() -> dict[str, Any]:
    """The whole document."""
    of_doors = {name: schema for of_door in SCHEMAS.values() for name, schema in of_door.items()}
    schemas = {**answers.SCHEMAS, **of_doors, **trackers.schemas()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Siaga112 front door",
            "version": "1",
            "summary": "The one way in for events of a 112 centre.",
            "description": "Post early, post twice if in doubt: the same event twice is one event. 202 means that every event"
            " accepted is safe. Keep an event until its 202; after no answer, 429, 500 or 503 send the same bytes again.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:8112", "description": "`./siaga up` on this machine"}],
        "tags": [{"name": name, "description": told} for name, told in _TAGS.items()],
        "security": [{name: []} for name in answers.SECURITY],
        "paths": {**{door.path: _path(door) for door in doors.DOORS}, **trackers.paths(), PATH: _itself()},
        "components": {
            "schemas": schemas,
            "responses": {f"Status{status}": told for status, told in answers.DEFINED.items()},
            "parameters": {header["name"]: header for header in answers.HEADERS},
            "securitySchemes": {**answers.SECURITY, **answers.HUB_SIGNATURE},
        },
    }


def written() -> str:
    """The document as it is published."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def _path(door: Door) -> dict[str, Any]:
    item: dict[str, Any] = {"post": _operation(door) | {"requestBody": _body(door)}}
    if door.takes_addresses:
        item["get"] = _operation(door, "get") | {"parameters": [*answers.PARAMETERS, *_query(door)]}
    elif door is doors.WHATSAPP:
        item["get"] = _handshake()
    return item


def _operation(door: Door, method: str = "post") -> dict[str, Any]:
    name, summary, told = _TITLES[door.path]
    kinds = ", ".join(sorted(door.open_for))
    security: list[dict[str, list[str]]] = [{scheme: []} for scheme in answers.SECURITY]
    if door is doors.WHATSAPP:
        security += [{scheme: []} for scheme in answers.HUB_SIGNATURE]
    return {
        "operationId": name if method == "post" else name.replace("post", "get", 1),
        "summary": summary if method == "post" else f"{summary}, in the address",
        "description": f"{told} Opened by sources of kind {kinds}.",
        "tags": [door.path.split("/")[2]],
        "security": security,
        "parameters": list(answers.PARAMETERS),
        "responses": answers.RESPONSES,
    }


def _body(door: Door) -> dict[str, Any]:
    names = list(SCHEMAS[door.path])
    one = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    single: Schema = one[0] if len(one) == 1 else {"anyOf": one}
    many: Schema = {"type": "array", "maxItems": MAX_EVENTS, "items": single}
    content: dict[str, Any] = {_JSON: {"schema": {"anyOf": [single, many]}, **_examples(door)}}
    if door is doors.CALL_EVENTS:
        content["application/cloudevents+json"] = {"schema": single}
        content["application/cloudevents-batch+json"] = {"schema": many}
    if door.takes_forms:
        content[_FORM] = {"schema": single}
    if door is doors.SWITCH_DOORS["freeswitch"]:
        cdr = {"type": "string", "description": "The record, JSON in URL encoding."}
        content[_FORM] = {"schema": {"type": "object", "required": ["cdr"], "properties": {"cdr": cdr}}}
    if door.written:
        told = {
            "type": "string",
            "description": f"It becomes the field `{door.written}`; the others stand in the address.",
        }
        content["text/plain"] = {"schema": told}
    return {"required": True, "content": content}


def _examples(door: Door) -> dict[str, Any]:
    found = _handbook().get(door.path, [])
    return (
        {"examples": {f"handbook{number}": {"value": value} for number, value in enumerate(found, 1)}} if found else {}
    )


def _handbook() -> dict[str, list[Any]]:
    """The bodies of the handbook's requests, by their path."""
    read: dict[str, list[Any]] = json.loads(resources.files(__package__).joinpath("examples.json").read_text("utf-8"))
    return read


def _query(door: Door) -> list[dict[str, Any]]:
    (schema,) = SCHEMAS[door.path].values()
    return [
        {"name": name, "in": "query", "description": inner.get("description", name), "schema": {"type": "string"}}
        for name, inner in schema["properties"].items()
    ]


def _handshake() -> dict[str, Any]:
    query = {
        "hub.mode": {"type": "string", "const": "subscribe"},
        "hub.verify_token": {"type": "string"},
        "hub.challenge": {"type": "string", "pattern": "^[A-Za-z0-9]{1,256}$"},
    }
    return {
        "operationId": "greetWhatsapp",
        "summary": "Hand-shake of the webhook",
        "description": "Whoever shows a verify token of ours gets the challenge back.",
        "tags": ["channels"],
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": True,
                "description": "As the platform sends it.",
                "schema": schema,
            }
            for name, schema in query.items()
        ],
        "responses": {
            "200": {"description": "The challenge.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            **{status: answers.RESPONSES[status] for status in ("400", "403")},
        },
    }


def _itself() -> dict[str, Any]:
    return {
        "get": {
            "operationId": "getOpenapi",
            "summary": "This document",
            "description": "OpenAPI 3.1, as this version of intake has it.",
            "tags": ["contract"],
            "security": [],
            "responses": {
                "200": {"description": "The document.", "content": {_JSON: {"schema": {"type": "object"}}}},
                "4XX": answers.RESPONSES["400"],
            },
        }
    }
