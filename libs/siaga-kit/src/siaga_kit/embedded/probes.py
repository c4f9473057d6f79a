"""How to know that a process is ready to work.

Each probe answers None, or why not yet (for people); it raises NoAnswer when nobody answers at all.
"""

import http.client
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from siaga_kit.embedded.ports import HOST

# On loopback an answer takes milliseconds; a busy two-core machine may need more.
TIMEOUT_S: Final = 2.0


class NoAnswer(Exception):  # noqa: N818  (a condition, not an error)
    """Nothing listens there, or it does not speak."""


@contextmanager
def _asking(port: int) -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        told = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise NoAnswer(f"port {port}: {told}") from error


def tcp(port: int) -> str | None:
    """Something accepts connections."""
    with _asking(port), socket.create_connection((HOST, port), timeout=TIMEOUT_S):
        return None


def redis(port: int) -> str | None:
    """Redis answers PING (it says LOADING while it reads its log)."""
    with _asking(port), socket.create_connection((HOST, port), timeout=TIMEOUT_S) as connection:
        connection.sendall(b"PING\r\n")
        answer = connection.recv(128)
    return None if answer.startswith(b"+PONG") else answer.decode("utf-8", "replace").strip() or "no answer"


def kafka(port: int) -> str | None:
    """A Kafka broker answers an ApiVersions request (API 18, version 0, correlation id 112, no client id)."""
    request = struct.pack(">hhih", 18, 0, 112, -1)
    with _asking(port), socket.create_connection((HOST, port), timeout=TIMEOUT_S) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = connection.recv(10)
    if len(answer) < 10 or struct.unpack(">ih", answer[4:10]) != (112, 0):
        return f"port {port}: what listens there is no Kafka broker"
    return None


def http_ready(port: int, path: str = "/health/ready") -> str | None:
    """200 = ready; another answer's reasons are handed on."""
    with _asking(port), closing(http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_S)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(4096)
    if response.status == http.HTTPStatus.OK:
        return None
    try:
        reasons = json.loads(body)["reasons"]
        return "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"HTTP {response.status}"
