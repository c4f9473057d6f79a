"""Leaving a server alone that does not answer, so that its silence costs a few decisions their wait and not all."""

from dataclasses import dataclass
from typing import Final

# So many questions in a row without an answer, and the server rests. One alone is a hiccup.
PATIENCE: Final = 3
# A server that is started again is asked again so soon; until then nobody waits for it.
REST_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Breaker:
    """How often a server has kept silent in a row, and until when it is left alone."""

    silences: int = 0
    rests_until_ms: int = 0

    @property
    def resting(self) -> bool:
        """Whether the server is left alone."""
        return self.silences >= PATIENCE

    def asks(self, now_ms: int) -> bool:
        """Whether to ask now. After a rest one question is enough to rest again."""
        return not self.resting or now_ms >= self.rests_until_ms

    def after(self, now_ms: int, *, answered: bool, rest_ms: int = REST_MS) -> "Breaker":
        """The breaker after a question."""
        if answered:
            return Breaker()
        silences = self.silences + 1
        return Breaker(silences, now_ms + rest_ms if silences >= PATIENCE else 0)
