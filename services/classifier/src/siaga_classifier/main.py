"""`python -m siaga_classifier`."""

from siaga_kit import service

from siaga_classifier.app import start


def main() -> None:
    """Run the classifier until it is told to stop."""
    service.run("classifier", start)
