"""A regency's data: sources, units, response plan, policies, gazetteer, texts; loaded and validated."""

from siaga_tenants.borders import Borders, BordersError
from siaga_tenants.coverage import Post
from siaga_tenants.devices import speakers
from siaga_tenants.document import TenantError
from siaga_tenants.gazetteer import Area, Gazetteer, normalise_name
from siaga_tenants.landmarks import Landmark
from siaga_tenants.loading import load_devices, load_sources, load_tenants, tenant_codes
from siaga_tenants.messages import gsm7_length
from siaga_tenants.model import (
    Connect,
    Contact,
    Conversations,
    DispatchPolicy,
    Duty,
    Messages,
    Need,
    ResponsePlan,
    Roster,
    SanctionPolicy,
    Shift,
    Source,
    Tenant,
    Tenants,
    UnitSpec,
)
from siaga_tenants.national import NationalArea, NationalGazetteer, national
from siaga_tenants.posture import PosturePolicy
from siaga_tenants.terms import Terms

__all__ = [
    "Area",
    "Borders",
    "BordersError",
    "Connect",
    "Contact",
    "Conversations",
    "DispatchPolicy",
    "Duty",
    "Gazetteer",
    "Landmark",
    "Messages",
    "NationalArea",
    "NationalGazetteer",
    "Need",
    "Post",
    "PosturePolicy",
    "ResponsePlan",
    "Roster",
    "SanctionPolicy",
    "Shift",
    "Source",
    "Tenant",
    "TenantError",
    "Tenants",
    "Terms",
    "UnitSpec",
    "gsm7_length",
    "load_devices",
    "load_sources",
    "load_tenants",
    "national",
    "normalise_name",
    "speakers",
    "tenant_codes",
]
