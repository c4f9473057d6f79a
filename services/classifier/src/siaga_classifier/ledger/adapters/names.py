"""By what names the ledger is known to the broker."""

from dataclasses import dataclass
from typing import Final

from siaga_contracts import catalogue
from siaga_contracts.catalogue import Topic

# Service name of dead letters, record sources and logs.
SERVICE: Final = "ledger"
# Name of the faust table; its changelog topic is `<app_id>-accounts-changelog`.
TABLE: Final = "accounts"


@dataclass(frozen=True, slots=True)
class Names:
    """Topics and application id; tests take their own, so that they never meet."""

    app_id: str = "siaga.ledger"
    outcomes: Topic = catalogue.CALLER_OUTCOMES
    sanctions: Topic = catalogue.SANCTIONS
    dead_letters: Topic = catalogue.DEAD_LETTERS
    decisions: Topic = catalogue.CALLER_DECISIONS

    @property
    def sources(self) -> tuple[str, str]:
        """The topics that the ledger counts from; partitioned alike."""
        return (self.outcomes.name, self.decisions.name)

    @property
    def changelog(self) -> str:
        """The topic that keeps the table."""
        return f"{self.app_id}-{TABLE}-changelog"
