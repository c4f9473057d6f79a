"""Which requests must stay in order behind each other.

Requests of one path and tenant go one after the other, so that what is out of order is what the file says. Where a
request is about one call, its call is what order matters for, so such a path has several lanes.
"""

from typing import Final
from zlib import crc32

import msgspec

from siaga_replay.requests import Request

# Lanes of a path whose requests are each about one call. More make no difference: the lists of other paths take longer.
LANES_OF_SINGLE_CALLS: Final = 4
TENANT_HEADER: Final = "x-siaga-tenant"


class _Variables(msgspec.Struct):
    call_uuid: str = ""
    uuid: str = ""


class _Named(msgspec.Struct):
    """The names under which bodies tell their call."""

    call_id: str = ""
    call_ref: str = ""
    callid: str = ""
    report_id: str = ""
    Linkedid: str = ""
    Uniqueid: str = ""
    subject: str = ""
    variables: _Variables | None = None


_named = msgspec.json.Decoder(_Named)
Lane = tuple[str, str, int]


def lane_of(request: Request) -> Lane:
    """The lane of a request: path, tenant, and a number from its call."""
    tenant = next((value for name, value in request.headers.items() if name.lower() == TENANT_HEADER), "")
    call = _call(request.body)
    return request.path, tenant, crc32(call.encode()) % LANES_OF_SINGLE_CALLS if call else 0


def _call(body: bytes) -> str:
    if not body.startswith(b"{"):
        return ""
    try:
        named = _named.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if named.variables is not None:
        return named.variables.call_uuid or named.variables.uuid
    return (
        named.call_ref or named.call_id or named.callid or named.Linkedid or named.Uniqueid or named.report_id or named.subject
    )  # fmt: skip
