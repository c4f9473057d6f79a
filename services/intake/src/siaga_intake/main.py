"""The intake process."""

from siaga_kit import service

from siaga_intake.app import start


def main() -> None:
    """Run intake until SIGTERM."""
    service.run("intake", start)
