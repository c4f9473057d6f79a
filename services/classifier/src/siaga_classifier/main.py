"""`python -m siaga_classifier`."""

import uvloop
from siaga_kit import service

from siaga_classifier.app import start


def main() -> None:
    """Run the classifier until it is told to stop."""
    # Switches wait for advice: this loop takes half of what Python's own does for a socket.
    service.run("classifier", start, uvloop.new_event_loop)
