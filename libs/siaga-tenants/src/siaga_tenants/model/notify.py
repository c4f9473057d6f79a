"""How crews are told: which providers a centre has, and in which order its channels are tried."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ANY: Final = "default"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """Channels used at once, and how long their acknowledgement is waited for before the next step."""

    channels: tuple[str, ...]
    wait_s: float


@dataclass(frozen=True, slots=True)
class NotifyPlan:
    """Steps in their order. A step of which the unit has no contact is passed over at once."""

    steps: tuple[PlanStep, ...]


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One way out: an SMS centre, a gateway, a modem, a push key. The first of a channel is preferred, the next stand in."""

    provider_id: str
    # One of PROVIDER_KINDS, which says its channel.
    kind: str
    channel: str
    # As its reader has checked them; files are absolute paths, secrets stay in their files.
    settings: Mapping[str, Any] = field(default_factory=dict)
    # Messages a second that the provider takes; None = no limit known.
    rate_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What callers are told by SMS; never of a confidential incident."""

    received: bool = False
    unit_sent: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class MassPolicy:
    """Whether many unanswered callers may be written to at once, and who may approve it; two must where two are named."""

    allowed: bool = False
    approvers: tuple[str, ...] = ()
    # Another one than who asks for it has to agree.
    second_approval: bool = True


@dataclass(frozen=True, slots=True)
class NotifyPolicy:
    """How a centre's crews are told; every entry of `notify.yaml` may be left out, and the file, too."""

    # By unit kind and priority; either may be `default`. Complete in (default, <each priority>).
    plans: Mapping[tuple[str, str], NotifyPlan]
    # None named = those of the notifier's own settings (SIAGA_SMPP__…, SIAGA_MQTT__…), which all centres share.
    providers: tuple[ProviderSpec, ...] = ()
    # How long a link in a message answers for its crew.
    link_hours: float = 12
    feedback: Feedback = Feedback()
    mass: MassPolicy = MassPolicy()

    def plan(self, unit_kind: str, priority: str) -> NotifyPlan:
        """The plan for a unit of this kind: its own for the priority, its own for any, the centre's for the priority."""
        for key in ((unit_kind, priority), (unit_kind, ANY), (ANY, priority)):
            if key in self.plans:
                return self.plans[key]
        return self.plans[ANY, ANY]


# Where a life hangs on it everything that may ring rings at once; else the quiet and free ways go first.
URGENT: Final = NotifyPlan(
    (
        PlanStep(("mqtt", "webpush", "fcm", "sms"), 20),
        PlanStep(("whatsapp", "other"), 15),
        PlanStep(("operator",), 20),
    )
)
USUAL: Final = NotifyPlan(
    (
        PlanStep(("mqtt",), 10),
        PlanStep(("webpush", "fcm"), 15),
        PlanStep(("whatsapp", "other"), 20),
        PlanStep(("sms",), 60),
        PlanStep(("operator",), 60),
    )
)
USUAL_NOTIFY: Final = NotifyPolicy({(ANY, "P0"): URGENT, (ANY, "P1"): URGENT, (ANY, ANY): USUAL})
