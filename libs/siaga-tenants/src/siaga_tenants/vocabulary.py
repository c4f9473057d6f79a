"""The closed lists of words a tenant may use. A word outside them is a typo and stops the start."""

from typing import Final

SOURCE_KINDS: Final = (
    "asterisk",
    "freeswitch",
    "kamailio",
    "sip",
    "app",
    "whatsapp",
    "sms",
    "lapor",
    "aml",
    "form",
    "events",
)
UNIT_KINDS: Final = ("puskesmas", "damkar", "satgas", "polisi", "pmi", "pln", "sar")
PRIORITIES: Final = ("P0", "P1", "P2", "P3", "P4")
# The four zones of Indonesia; none has daylight saving.
TIMEZONES: Final = ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura")
CONTACT_CHANNELS: Final = ("sms", "mqtt")
CALL_CHANNELS: Final = ("voice", "app", "whatsapp", "sms", "lapor", "web")

TYPES: Final = (
    "fire_building", "fire_land", "fire_vehicle", "gas_leak",
    "medical_ambulance", "medical_birth", "medical_cardiac", "medical_unconscious", "injury",
    "accident_traffic", "accident_work", "accident_sea",
    "rescue", "animal", "missing_person",
    "flood", "landslide", "earthquake", "storm", "fallen_tree", "fallen_pole",
    "public_order", "crime", "riot", "mental_health",
    "kdrt", "sexual_violence", "child",
    "clean_water", "public_health", "non_emergency", "prank", "unclear",
)  # fmt: skip
# Types for which a plan may send nobody: everything else has to reach a crew.
TYPES_WITHOUT_UNIT: Final = ("non_emergency", "prank")

# Outcomes of a call. Only the first three can ever count against a caller; a silent or failed call never does.
OUTCOMES: Final = (
    "answered_prank", "ivr_prank", "abandon",
    "ghost", "non_emergency", "misdirected", "test", "real", "unserved", "unresolved",
)  # fmt: skip
# Highest weight of each outcome that may count. An abandoned call may be a victim who had to hang up, hence 0.2.
COUNTABLE_OUTCOMES: Final = {"answered_prank": 1.0, "ivr_prank": 1.0, "abandon": 0.2}

# What operators note of callers.
CALLER_TAGS: Final = ("child", "mental_health")

# Resource types as EIDO names them.
CAPABILITIES: Final = (
    "GroundALSAmbulance", "GroundBLSAmbulance",
    "StructureFireEngine", "FireWaterTender", "LightRescue", "SwiftwaterRescueTeam",
    "AnimalHandlingSpecialist", "VictimAdvocate",
)  # fmt: skip

# How a unit's position is known. All but `surveyed` are estimates, with `radius_m` saying how far off they may be.
COORD_SOURCES: Final = (
    "surveyed", "desa_point", "desa_alias", "kecamatan_point", "kecamatan_alias", "kecamatan_assumed",
)  # fmt: skip

PLACEHOLDERS: Final = ("task", "priority", "type", "address", "map", "ticket", "callback")
