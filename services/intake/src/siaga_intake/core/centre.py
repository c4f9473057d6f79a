"""A centre's sources: which switch a name means. Events and forms of one call must meet under one name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# The name of a source that nobody has named.
UNNAMED: Final = "1"
SWITCHES: Final = ("asterisk", "freeswitch", "kamailio", "sip")


@dataclass(frozen=True, slots=True)
class Centre:
    """One tenant as intake sees it: its sources' instances by kind (`pbx1` of `asterisk`) and its operators."""

    tenant: str
    instances: Mapping[str, tuple[str, ...]]
    # As `plain` leaves them.
    operators: frozenset[str] = frozenset()
    # Sources (`kind/instance`) whose calls are drills, whoever tells of them.
    drills: frozenset[str] = frozenset()
    # What its clocks are ahead of UTC, for times that are told without an offset.
    zone_hours: int = 7
    # Messages of one citizen this close together are one conversation.
    session_gap_ms: int = 2 * 3_600_000
    # A conversation without a message for this long is stale: somebody must look.
    stale_after_ms: int = 300_000

    def source(self, kind: str, named: str) -> str:
        """The source `kind/instance` that `named` means (`pbx1` or `asterisk/pbx1`, perhaps empty).

        A single configured instance is meant by every name: switches call themselves by host names and MAC addresses,
        and a call whose form names it otherwise than its events do would fall apart.
        """
        instance = named.removeprefix(f"{kind}/")
        configured = self.instances.get(kind, ())
        if instance in configured:
            return f"{kind}/{instance}"
        if len(configured) == 1 or (configured and not instance):
            return f"{kind}/{configured[0]}"
        return f"{kind}/{instance or UNNAMED}"


def plain(name: str) -> str:
    """A name by its letters and digits: `op-03`, `OP03` and `op 03` are one operator."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
