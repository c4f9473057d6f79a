"""Which units an incident calls for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Key of a plan entry that holds whatever the priority is.
ANY_PRIORITY: Final = "any"
DEFAULT_TYPE: Final = "default"


@dataclass(frozen=True, slots=True)
class Need:
    """Units of one role in a response: any of the kinds, with all of the capabilities."""

    role: str
    kinds: tuple[str, ...]
    capabilities: tuple[str, ...] = ()
    count: int = 1
    # Sent when free and near; its absence is no shortfall.
    optional: bool = False

    def fits(self, kind: str, capabilities: tuple[str, ...]) -> bool:
        """Whether a unit of that kind and capabilities can fill this need."""
        return kind in self.kinds and set(self.capabilities) <= set(capabilities)


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """Who goes, by type (or `family_*`, or `default`) and priority (or `any`)."""

    entries: Mapping[tuple[str, str], tuple[Need, ...]]

    def needs(self, incident_type: str, priority: str) -> tuple[Need, ...]:
        """Who goes; the most specific entry holds whole: type, then family, then default, each by priority, then any.

        P0 takes P1's entry where it has none of its own: more victims must never mean fewer units.
        Nothing = no unit is sent (prank, non_emergency).
        """
        priorities = (priority, "P1", ANY_PRIORITY) if priority == "P0" else (priority, ANY_PRIORITY)
        for pattern in (incident_type, family_of(incident_type), DEFAULT_TYPE):
            for level in priorities:
                needs = self.entries.get((pattern, level))
                if needs is not None:
                    return needs
        return ()


def family_of(incident_type: str) -> str:
    """`fire_*` for `fire_building`; the type itself when it has no family."""
    head, underscore, _ = incident_type.partition("_")
    return f"{head}_*" if underscore else incident_type
