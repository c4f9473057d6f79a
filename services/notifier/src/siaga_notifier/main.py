"""The notifier as a process."""

from siaga_kit.service import run

from siaga_notifier.app import start


def main() -> None:
    """Run until SIGTERM."""
    run("notifier", start)
