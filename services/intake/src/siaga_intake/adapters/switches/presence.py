"""Whether the other end of a connection is there: what people see, logs say and the gauge shows."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog
from siaga_kit import telemetry

log = structlog.get_logger()


class Presence:
    """One source's connections. `names` are what its metrics and logs call it, `what` is what people call the other end."""

    def __init__(self, names: Mapping[str, str], what: str, now_s: Callable[[], float] = time.time) -> None:
        self._names = dict(names)
        self._what = what
        self._now_s = now_s
        self._log = log.bind(tenant=names["siaga.tenant"], source=f"{names['kind']}/{names['instance']}")
        self._up = telemetry.gauge("siaga.intake.link_up")
        # Connections open at this moment; Asterisk may hold one for each call.
        self._open = 0
        self._away: tuple[int, str] | None = (self._now_ms(), "not connected yet")
        self._up.set(0, self._names)

    def came(self) -> bool:
        """A connection is there; whether it is the first."""
        self._open += 1
        if self._open > 1:
            return False
        self._away = None
        self._up.set(1, self._names)
        self._log.info(f"connected to the {self._what}")
        return True

    def left(self, reason: str) -> bool:
        """A connection has ended; whether it was the last."""
        self._open -= 1
        if self._open > 0:
            return False
        self.failed(reason)
        return True

    def failed(self, reason: str) -> None:
        """A connection could not be made, or the last one ended."""
        self._open = 0
        since_ms = self._away[0] if self._away else self._now_ms()
        if self._away is None or self._away[1] != reason:
            self._log.warning(f"the {self._what} is away", reason=reason)
        self._away = (since_ms, reason)
        self._up.set(0, self._names)

    def trouble(self) -> str | None:
        """Since when the other end is away, and why; None = connected."""
        if self._away is None:
            return None
        since = datetime.fromtimestamp(self._away[0] / 1000, UTC)
        return f"away since {since:%Y-%m-%dT%H:%M:%SZ}: {self._away[1]}"

    def _now_ms(self) -> int:
        return int(self._now_s() * 1000)
