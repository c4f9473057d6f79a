"""Meta's Graph API on a loopback port, as far as its reference describes sending messages; and what its webhook posts."""

import hashlib
import hmac
import json
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

NUMBER_ID = "106540352242922"
TOKEN, SECRET, VERIFY = "EAAJ-token", b"app-secret", "verify-me"
# A parameter with one of these is refused (error 132018).
FORBIDDEN = re.compile(r"[\n\t]| {5}")
Answer = tuple[int, dict[str, Any], dict[str, str]]
# The connection is closed without an answer.
CUT: Answer = (0, {}, {})
# No answer comes.
HANG: Answer = (-1, {}, {})


def error(code: int, status: int = 400, **headers: str) -> Answer:
    """A refusal in the shape of the reference."""
    told = {"message": f"(#{code}) Title", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return status, {"error": {**told, "error_data": {"messaging_product": "whatsapp", "details": "…"}}}, headers


@dataclass
class Graph:
    """The server; answers as told, else as Meta does to what is right or wrong with a request."""

    token: str = TOKEN
    requests: list[dict[str, Any]] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        graph = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, told, headers = graph.answer(self.path, self.headers["Authorization"], body)
                if status <= 0:
                    graph.closing.wait(60 if status else 0)
                    self.close_connection = True
                    return
                content = json.dumps(told).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, authorization: str, body: dict[str, Any]) -> Answer:
        self.requests.append(body)
        if self.answers:
            return self.answers.popleft()
        if authorization != f"Bearer {self.token}":
            return error(190, 401)
        if path != f"/v23.0/{NUMBER_ID}/messages":
            return error(33, 404)
        return self._refused(body) or self._taken(body)

    def _refused(self, body: dict[str, Any]) -> Answer | None:
        if body.get("messaging_product") != "whatsapp" or not body["to"].isdigit():
            return error(100)
        if body["type"] == "text":
            return None if body["text"]["body"] else error(131008)
        template = body["template"]
        if template["name"] not in ("tugas", "batal") or template["language"] != {"code": "id"}:
            return error(132001, 404)
        texts = [one["text"] for part in template["components"] if part["type"] == "body" for one in part["parameters"]]
        if len(texts) != (4 if template["name"] == "tugas" else 2):
            return error(132000)
        if any(not text or FORBIDDEN.search(text) for text in texts):
            return error(132018)
        return error(132005) if sum(map(len, texts)) > 1024 else None

    def _taken(self, body: dict[str, Any]) -> Answer:
        name = f"wamid.HBg{len(self.requests)}"
        contacts = [{"input": body["to"], "wa_id": body["to"]}]
        messages = [{"id": name, "message_status": "accepted"}]
        return 200, {"messaging_product": "whatsapp", "contacts": contacts, "messages": messages}, {}


def status(name: str, word: str, *codes: int, to: str = "6281100000114") -> dict[str, Any]:
    """A status as the webhook has it."""
    found: dict[str, Any] = {"id": name, "status": word, "timestamp": "1768461590", "recipient_id": to}
    return found | ({"errors": [{"code": code, "title": "…"} for code in codes]} if codes else {})


def message(kind: str, content: dict[str, Any], sender: str = "6281100000114") -> dict[str, Any]:
    """A message as the webhook has it."""
    return {"from": sender, "id": "wamid.IN", "timestamp": "1768461600", "type": kind, kind: content}


def change(*pieces: dict[str, Any], number_id: str = NUMBER_ID) -> dict[str, Any]:
    """A change of the field `messages`."""
    value: dict[str, Any] = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number_id}}
    told = {
        "statuses": [one for one in pieces if "status" in one],
        "messages": [one for one in pieces if "status" not in one],
    }
    value |= {name: chosen for name, chosen in told.items() if chosen}
    return {"field": "messages", "value": value}


def post(*changes: dict[str, Any]) -> dict[str, Any]:
    """A post with an entry for each change."""
    entries = [{"id": "102290129340398", "changes": [one]} for one in changes]
    return {"object": "whatsapp_business_account", "entry": entries}


def signed(body: bytes, secret: bytes = SECRET) -> dict[str, str]:
    """The header that goes with a post."""
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}
