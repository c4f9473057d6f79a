"""The straight way to the doors answers as the router would."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.adapters.straight import QuickHeaders, Straight
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

names = st.sampled_from([b"authorization", b"content-type", b"x-siaga-source", b"x-other"])
values = st.binary(max_size=8)


@given(raw=st.lists(st.tuples(names, values), max_size=6))
def test_headers_are_those_of_starlette(raw: list[tuple[bytes, bytes]]) -> None:
    quick, usual = QuickHeaders(raw), Headers(raw=raw)
    for name in ("authorization", "Content-Type", "X-SIAGA-SOURCE", "x-absent"):
        assert quick.get(name) == usual.get(name)
        assert quick.get(name, "none") == usual.get(name, "none")
        assert (name in quick) == (name in usual)
    assert quick.items() == usual.items()


async def asked(application: Straight, method: str, path: str, told: list[Any]) -> tuple[int, bytes]:
    """Status and body of the answer; `told` gets what was sent, also of an application that then fails."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    async def send(message: Any) -> None:
        told.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    await application(scope, receive, send)
    return told[0]["status"], told[1]["body"]


async def _taken(_: Request) -> Response:
    return Response(b"door", 202)


async def _broken(_: Request) -> Response:
    raise ValueError("a fault")


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "/door", (202, b"door")),
        ("GET", "/door", (404, b"router")),
        ("POST", "/elsewhere", (404, b"router")),
    ],
)
async def test_only_posts_to_a_door_pass_by_the_router(method: str, path: str, answer: tuple[int, bytes]) -> None:
    application = Straight({"/door": _taken}, Response(b"router", 404))
    assert await asked(application, method, path, []) == answer


async def test_a_fault_is_answered_and_then_told_to_the_server() -> None:
    told: list[Any] = []
    with pytest.raises(ValueError, match="a fault"):
        await asked(Straight({"/door": _broken}, Response(b"router", 404)), "POST", "/door", told)
    start, body = told
    assert start["status"] == 500
    assert json.loads(body["body"])["detail"] == "intake failed: ValueError; send the same again"
