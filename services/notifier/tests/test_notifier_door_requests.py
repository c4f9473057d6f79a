"""What all parts of the notifier's door share, over a real connection; and secrets in files."""

from pathlib import Path

import httpx
import pytest
from siaga_notifier.adapters.door.requests import body_of, json_of, on_http_error
from siaga_notifier.adapters.secret_file import SecretError, SecretFile
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def _echo(request: Request) -> Response:
    return JSONResponse(json_of(await body_of(request, 10)))


@pytest.fixture
def door() -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/", _echo, methods=["POST"])], exception_handlers={HTTPException: on_http_error})
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"a":1}', 200, ""),
        (b'{"a": 1  }', 200, ""),
        (b'{"a": 1   }', 413, "10 bytes"),
        (b"{", 400, "no JSON"),
        (b'"\xff"', 400, "no JSON"),
    ],
)
async def test_bodies_have_a_bound_and_refusals_say_why(
    door: httpx.AsyncClient, body: bytes, status: int, said: str
) -> None:
    answer = await door.post("/", content=body)
    assert answer.status_code == status
    if said:
        assert answer.headers["content-type"] == "application/problem+json"
        assert said in answer.json()["detail"]


async def test_what_the_router_refuses_is_a_problem_too(door: httpx.AsyncClient) -> None:
    assert (await door.get("/")).json()["status"] == 405


def test_a_new_secret_needs_no_restart(tmp_path: Path) -> None:
    file = SecretFile(tmp_path / "token.key")
    with pytest.raises(SecretError, match=r"token\.key.*chmod 600"):
        file.read()
    file.path.write_text("first\n")
    assert file.read() == b"first"
    file.path.write_text("the second\n")
    assert file.read() == b"the second"
    file.path.write_text("\n")
    with pytest.raises(SecretError, match="1 to"):
        file.read()
