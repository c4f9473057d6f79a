"""The notifier as a process."""

import uvloop
from siaga_kit.service import run

from siaga_notifier.app import start


def main() -> None:
    """Run until SIGTERM."""
    run("notifier", start, uvloop.new_event_loop)
