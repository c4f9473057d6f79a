"""What a tenant is, as plain values."""

from siaga_tenants.model.dispatch import NO_OWN_AREAS, DispatchPolicy, OwnAreas
from siaga_tenants.model.notify import (
    ANY,
    USUAL_NOTIFY,
    Feedback,
    MassPolicy,
    NotifyPlan,
    NotifyPolicy,
    PlanStep,
    ProviderSpec,
)
from siaga_tenants.model.plan import ANY_PRIORITY, DEFAULT_TYPE, Need, ResponsePlan, family_of
from siaga_tenants.model.roster import NO_ROSTER, Duty, Roster, Shift
from siaga_tenants.model.sanctions import SanctionPolicy
from siaga_tenants.model.sources import Connect, Conversations, Source
from siaga_tenants.model.tenant import Messages, Tenant, Tenants
from siaga_tenants.model.units import Contact, UnitSpec

__all__ = [
    "ANY",
    "ANY_PRIORITY",
    "DEFAULT_TYPE",
    "NO_OWN_AREAS",
    "NO_ROSTER",
    "USUAL_NOTIFY",
    "Connect",
    "Contact",
    "Conversations",
    "DispatchPolicy",
    "Duty",
    "Feedback",
    "MassPolicy",
    "Messages",
    "Need",
    "NotifyPlan",
    "NotifyPolicy",
    "OwnAreas",
    "PlanStep",
    "ProviderSpec",
    "ResponsePlan",
    "Roster",
    "SanctionPolicy",
    "Shift",
    "Source",
    "Tenant",
    "Tenants",
    "UnitSpec",
    "family_of",
]
