"""The intake process."""

import uvloop
from siaga_kit import service

from siaga_intake.app import start


def main() -> None:
    """Run intake until SIGTERM."""
    # Most of a request's time is the sockets': this loop takes half of what Python's own does.
    service.run("intake", start, uvloop.new_event_loop)
