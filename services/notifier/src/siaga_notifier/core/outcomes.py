"""How a channel answers when it is handed a message."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it, under this id of its own."""

    provider_id: str
    # SMS that it took: a long text goes in parts, of which the id stands for all.
    segments: int = 1


@dataclass(frozen=True, slots=True)
class Temporary:
    """Refused for now; nothing went out. `down` = the provider itself cannot be reached."""

    reason: str
    retry_after_s: float
    down: bool = False


@dataclass(frozen=True, slots=True)
class Permanent:
    """Refused for good."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It went out, but no answer came: it may have arrived."""

    reason: str


Outcome = Accepted | Temporary | Permanent | Unknown
