"""The SMS centre is gone: whether every crew is reached by the next way within the time of the step."""

import asyncio
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from siaga.v1 import unit_pb2
from siaga_kit.embedded.home import project_root
from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report, percentile
from siaga_cli.bench.notify_orders import at_pace, by_sms, phone, publishing

NOTIFICATIONS: Final = 100
PACE_S: Final = 10
STEP_S: Final = 5
WITHIN_S: Final = 60.0
FOLDER: Final = "36.73-kota-serang"
HOST: Final = "127.0.0.1"


def outage() -> Report:
    """By plan SMS first, then a messenger; the clock runs from the topic to the messenger's door."""
    with _messenger() as (port, heard), tempfile.TemporaryDirectory() as folder:
        tenants = _tenants(Path(folder), port)
        with _told({"SIAGA_TENANTS_DIR": str(tenants)}), Stack(services=("notifier",)) as stack:
            stack.take_down("smsc")
            put_ms = asyncio.run(_sent(stack))
            _until(heard, NOTIFICATIONS)
    codes = {str(number): put_ms[phone(number)] for number in range(1, NOTIFICATIONS + 1)}
    took_ms = [float(heard[code] - at_ms) for code, at_ms in codes.items() if code in heard]
    in_time = sum(took <= STEP_S * 1000 for took in took_ms)
    worst = max(took_ms, default=0.0)
    return Report(
        (
            Figure(
                f"SMS centre gone: reached by the next way within the step's {STEP_S} s", f"{NOTIFICATIONS} of {NOTIFICATIONS}",
                f"{in_time} of {NOTIFICATIONS}", in_time == NOTIFICATIONS,
            ),
            Figure("the same, p50, worst", "", f"{percentile(took_ms or [0.0], 0.5):.0f} ms, {worst:.0f} ms"),
        ),
        {"outage": {"notifications": NOTIFICATIONS, "in_time": in_time, "step_s": STEP_S, "worst_ms": worst}},
    )  # fmt: skip


async def _sent(stack: Stack) -> dict[str, int]:
    async with publishing(stack.addresses) as publisher:
        return await at_pace(
            publisher,
            range(1, NOTIFICATIONS + 1),
            PACE_S,
            lambda number: (*by_sms(number), unit_pb2.Contact(channel="other", address="messenger")),
        )


def _tenants(folder: Path, port: int) -> Path:
    """The example centres, one with a plan of its own and a messenger on this machine."""
    tenants = folder / "tenants"
    shutil.copytree(project_root() / "tenants", tenants)
    (tenants / FOLDER / "messenger.url").write_text(f"json://{HOST}:{port}/")
    (tenants / FOLDER / "notify.yaml").write_text(
        f"plans: {{default: {{default: [{{channels: [sms], wait_s: {STEP_S}}}, {{channels: [other], wait_s: 60}}]}}}}\n"
        "providers: [{id: messenger, kind: apprise, entries: {messenger: messenger.url}}]\n"
    )
    return tenants


@contextmanager
def _told(settings: Mapping[str, str]) -> Iterator[None]:
    """These settings in the environment of what is started meanwhile."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextmanager
def _messenger() -> Iterator[tuple[int, dict[str, int]]]:
    """A door that takes what Apprise posts; its port, and when each task code came first."""
    heard: dict[str, int] = {}

    class Door(BaseHTTPRequestHandler):
        """One request."""

        def do_POST(self) -> None:
            """Note the task that the message is about."""
            content: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            words = f"{content.get('title', '')} {content.get('message', '')}".split()
            code = next((word[1:] for word in words if word.startswith("#")), "")
            heard.setdefault(code, time.time_ns() // 1_000_000)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer((HOST, 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _until(heard: Mapping[str, int], count: int) -> None:
    """Wait until so many were heard, or long enough."""
    until_s = time.monotonic() + WITHIN_S
    while len(heard) < count and time.monotonic() < until_s:
        time.sleep(0.1)
