"""A small SMS centre: real SMPP 3.4 on one port, a control door over HTTP on another.

It keeps what it was given in a journal (JSON Lines), so that a check can compare what reached the "phones" with what
was reported; it sends delivery receipts, and delivers to us what a test lets a crew's phone send.
Run: `python -m siaga_kit.embedded.smsc --host 127.0.0.1 --port 2775 --control-port 2780 --journal FILE`.
"""

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import smpp34
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from siaga_kit.embedded.smsc_centre import FAULTS, Centre, Faults, Journal

LONGEST_WAIT_MS: Final = 30_000


def control(centre: Centre) -> Starlette:
    """The door for tests and for the replay."""

    async def messages(request: Request) -> Response:
        after = int(request.query_params.get("after", "0"))
        wait_ms = min(int(request.query_params.get("wait_ms", "0")), LONGEST_WAIT_MS)
        found = await centre.messages(after, wait_ms / 1000)
        return JSONResponse({"messages": found, "refused": dict(centre.refused)})

    async def mobile_originated(request: Request) -> Response:
        body = await request.json()
        centre.phone_sends(body["from"], body["to"], body["text"])
        return JSONResponse({"queued": True}, status_code=202)

    async def faults(request: Request) -> Response:
        body = await request.json()
        suffix = dict(body.get("suffix", {}))
        unknown = sorted(set(suffix.values()) - FAULTS)
        if unknown:
            return JSONResponse({"detail": f"unknown faults {unknown}; known: {sorted(FAULTS)}"}, status_code=422)
        centre.faults = Faults(suffix, bool(body.get("decimal_receipts", False)))
        return JSONResponse({"suffix": suffix, "decimal_receipts": centre.faults.decimal_receipts})

    async def reset(_: Request) -> Response:
        centre.reset()
        return JSONResponse({"reset": True})

    async def ready(_: Request) -> Response:
        return JSONResponse({"ready": True})

    return Starlette(
        routes=[
            Route("/messages", messages),
            Route("/mo", mobile_originated, methods=["POST"]),
            Route("/faults", faults, methods=["POST"]),
            Route("/reset", reset, methods=["POST"]),
            Route("/health/ready", ready),
            Route("/health/live", ready),
        ]
    )


class _Door(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The process has its own handlers: uvicorn's would end it by the signal instead of with 0."""
        yield


async def _main(arguments: argparse.Namespace) -> None:
    server = smpp34.Server(arguments.host, arguments.port, system_id="siaga-smsc")
    await server.start()
    centre = Centre(Journal(arguments.journal), arguments.receipt_delay_ms / 1000)
    door = _Door(
        uvicorn.Config(
            control(centre), host=arguments.host, port=arguments.control_port,
            log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    for word in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(word, setattr, door, "should_exit", True)
    serving = asyncio.create_task(centre.serve(server))
    await door.serve()
    serving.cancel()
    await server.stop()


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(description="SMS centre for one machine: SMPP 3.4 and a control door over HTTP")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--receipt-delay-ms", type=float, default=50.0)
    asyncio.run(_main(parser.parse_args()))
    # The threads of the SMPP library crash while the interpreter takes itself apart; all is written, so leave directly.
    os._exit(0)


if __name__ == "__main__":
    main()
