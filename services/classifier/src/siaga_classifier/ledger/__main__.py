"""`python -m siaga_classifier.ledger` runs the ledger."""

from siaga_classifier.ledger.adapters.names import Names
from siaga_classifier.ledger.app import run


def main() -> None:
    """Run the ledger with the names of the catalogue."""
    run(Names())


if __name__ == "__main__":
    main()
