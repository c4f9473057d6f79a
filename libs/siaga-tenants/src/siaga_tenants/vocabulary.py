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
    "tracker",
)
UNIT_KINDS: Final = ("puskesmas", "damkar", "satgas", "polisi", "pmi", "pln", "sar")
PRIORITIES: Final = ("P0", "P1", "P2", "P3", "P4")
# The four zones of Indonesia; none has daylight saving.
TIMEZONES: Final = ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura")
# Ways to a crew. `other` is anything that Apprise reaches (e-mail, Telegram …), by the name of its entry in notify.yaml.
CONTACT_CHANNELS: Final = ("sms", "mqtt", "webpush", "fcm", "whatsapp", "other")
# A step of a plan may also have an operator reach the crew by voice.
OPERATOR: Final = "operator"
PLAN_CHANNELS: Final = (*CONTACT_CHANNELS, OPERATOR)
# What serves a channel; which settings each takes is its reader's to say.
PROVIDER_KINDS: Final = {
    "smpp": "sms",
    "http_sms": "sms",
    "modem": "sms",
    "mqtt": "mqtt",
    "webpush": "webpush",
    "fcm": "fcm",
    "whatsapp_cloud": "whatsapp",
    "apprise": "other",
}
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

# Resource types as EIDO names them, with the kinds of unit that may have them: a fire engine among the ambulances is a
# typing error that would send nobody.
CAPABILITY_KINDS: Final = {
    "GroundALSAmbulance": ("puskesmas", "pmi", "damkar", "satgas", "polisi", "sar"),
    "GroundBLSAmbulance": ("puskesmas", "pmi", "damkar", "satgas", "polisi", "sar"),
    "StructureFireEngine": ("damkar", "satgas"),
    "FireWaterTender": ("damkar", "satgas", "pmi"),
    "LightRescue": ("damkar", "satgas", "sar", "pmi", "polisi", "puskesmas"),
    "SwiftwaterRescueTeam": ("damkar", "satgas", "sar", "pmi", "polisi"),
    "AnimalHandlingSpecialist": ("damkar", "satgas", "sar", "polisi"),
    "VictimAdvocate": ("satgas", "polisi", "puskesmas", "pmi"),
}
CAPABILITIES: Final = tuple(CAPABILITY_KINDS)

# Status codes of units, with what people here call them.
UNIT_STATUSES: Final = {
    "off_duty": "lepas tugas",
    "available": "siaga",
    "available_mobile": "siaga di jalan",
    "dispatched": "ditugaskan",
    "acknowledged": "menerima tugas",
    "en_route": "meluncur",
    "staging": "menunggu di titik kumpul",
    "on_scene": "di lokasi",
    "patient_contact": "kontak korban",
    "transporting": "membawa pasien",
    "at_hospital": "di RS/puskesmas",
    "clear": "selesai",
    "delayed": "terhambat",
    "declined": "menolak",
    "out_of_service": "rusak",
    "mayday": "darurat petugas",
}
# The days of the week, Monday first, in both languages.
DAYS: Final = {
    "senin": 0, "selasa": 1, "rabu": 2, "kamis": 3, "jumat": 4, "sabtu": 5, "minggu": 6,
    "mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip

# How a unit's position is known. All but `surveyed` are estimates, with `radius_m` saying how far off they may be;
# `imported` is one that came in a list, and that nobody has looked at on the spot.
COORD_SOURCES: Final = (
    "surveyed", "imported", "desa_point", "desa_alias", "kecamatan_point", "kecamatan_alias", "kecamatan_assumed",
)  # fmt: skip

PLACEHOLDERS: Final = ("task", "priority", "type", "address", "map", "ticket", "callback")
# Where a crew can answer in a browser; a template may do without it.
LINK: Final = "link"
