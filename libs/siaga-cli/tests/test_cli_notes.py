"""`status` tells what is amiss with processes that are ready all the same."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from siaga_cli.main import build
from siaga_cli.notes import notes
from siaga_kit.embedded import state
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.supervisor import hold
from typer.testing import CliRunner

NOTE = "tenants/36.73-kota-serang/sources.yaml:5: sources[0].kind: 'asteriks' is not known"


@pytest.fixture
def port() -> Iterator[int]:
    """A process that is ready, and has something to say."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"ready": True, "reasons": {}, "notes": {"sources": NOTE}}).encode())

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is for people."""

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", tmp_path / "jars")
    made.prepare()
    return made


def test_a_note_stands_below_the_table_and_in_the_json(home: Home, port: int) -> None:
    (home.data / "ports.json").write_text(json.dumps({"intake": 1, "intake-health": port, "ledger-health": 1}))
    with hold(home):
        process = state.ProcessState("intake", os.getpid(), ready=True, restarts=0, url="http://x", why=None)
        state.write(home, state.StackState(os.getpid(), "ready", None, (process,), None))
        shown = CliRunner().invoke(build("status"), ["--home", str(home.root), "status"])
        told = CliRunner().invoke(build("status"), ["--home", str(home.root), "status", "--json"])
    assert shown.exit_code == 0
    assert f"intake: sources: {NOTE}" in shown.output
    assert json.loads(told.stdout)["processes"][0]["notes"] == {"sources": NOTE}


@pytest.mark.parametrize("ports", [None, "{", "{}", '{"intake-health": 1}'])
def test_nothing_to_ask_is_nothing_told(home: Home, ports: str | None) -> None:
    if ports is not None:
        (home.data / "ports.json").write_text(ports)
    assert notes(home) == {}
