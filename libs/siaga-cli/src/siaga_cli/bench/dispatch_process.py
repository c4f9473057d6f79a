"""The dispatcher's whole process for the made-up country (`python -m siaga_cli.bench.dispatch_process`)."""

import uvloop
from siaga_dispatcher.app import SERVICE, App
from siaga_kit import service
from siaga_kit.service import Runtime

from siaga_cli.bench.dispatch_nation import tenants


async def start(runtime: Runtime) -> None:
    """As it is shipped: stages, relay, timers and doors."""
    await App(runtime, tenants()).start()


if __name__ == "__main__":
    service.run(SERVICE, start, uvloop.new_event_loop)
