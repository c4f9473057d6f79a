"""The dispatcher's process."""

import uvloop
from siaga_kit.service import Runtime, run
from siaga_tenants import load_tenants

from siaga_dispatcher.adapters.following import TenantWatch
from siaga_dispatcher.app import SERVICE, App


async def start(runtime: Runtime) -> None:
    """Start the service's parts."""
    watch = TenantWatch(runtime.settings.tenants_dir)
    await App(runtime, load_tenants(watch.directory), watch=watch).start()


def main() -> None:
    """Run until SIGTERM."""
    # A tenth of a decision is the sockets': this loop takes half of what Python's own does.
    run(SERVICE, start, uvloop.new_event_loop)
