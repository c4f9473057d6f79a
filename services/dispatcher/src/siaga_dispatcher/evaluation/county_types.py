"""What Montgomery County's words for calls are in ours. The table is our reading: the county's own meaning is not published."""

from collections.abc import Mapping
from typing import Final

# Whom the county sends, by the first word of a title, and the kinds of units that are the same here.
AGENCIES: Final[Mapping[str, frozenset[str]]] = {
    "EMS": frozenset({"puskesmas", "pmi"}),
    "Fire": frozenset({"damkar", "sar"}),
    "Traffic": frozenset({"satgas", "polisi"}),
}

_SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "fire_building": (
        "BUILDING FIRE", "FIRE ALARM", "FIRE INVESTIGATION", "APPLIANCE FIRE", "UNKNOWN TYPE FIRE", "ELECTRICAL FIRE OUTSIDE",
    ),
    "fire_land": ("WOODS/FIELD FIRE", "TRASH/DUMPSTER FIRE"),
    "fire_vehicle": ("VEHICLE FIRE",),
    "gas_leak": (
        "GAS-ODOR/LEAK", "CARBON MONOXIDE DETECTOR", "VEHICLE LEAKING FUEL", "HAZARDOUS MATERIALS INCIDENT",
        "DEBRIS/FLUIDS ON HIGHWAY",
    ),
    "medical_cardiac": ("CARDIAC EMERGENCY", "CARDIAC ARREST"),
    "medical_unconscious": ("UNCONSCIOUS SUBJECT", "UNRESPONSIVE SUBJECT", "SYNCOPAL EPISODE"),
    "medical_birth": ("MATERNITY",),
    "medical_ambulance": (
        "RESPIRATORY EMERGENCY", "SUBJECT IN PAIN", "UNKNOWN MEDICAL EMERGENCY", "SEIZURES", "ABDOMINAL PAINS", "GENERAL WEAKNESS",
        "ALTERED MENTAL STATUS", "MEDICAL ALERT ALARM", "HEMORRHAGING", "CVA/STROKE", "OVERDOSE", "NAUSEA/VOMITING",
        "DIABETIC EMERGENCY", "DIZZINESS", "FEVER", "ALLERGIC REACTION", "DEHYDRATION", "CHOKING", "EMS SPECIAL SERVICE",
        "POISONING", "HEAT EXHAUSTION", "BACK PAINS/INJURY",
    ),
    "injury": (
        "FALL VICTIM", "HEAD INJURY", "FRACTURE", "LACERATIONS", "BURN VICTIM", "EYE INJURY", "ANIMAL BITE", "AMPUTATION",
        "ELECTROCUTION",
    ),
    "accident_traffic": ("VEHICLE ACCIDENT", "TRAIN CRASH", "PLANE CRASH"),
    "rescue": ("RESCUE - GENERAL", "RESCUE - WATER", "RESCUE - TECHNICAL", "RESCUE - ELEVATOR"),
    "crime": ("ASSAULT VICTIM", "SHOOTING", "STABBING", "ACTIVE SHOOTER", "BOMB DEVICE FOUND"),
    "public_order": ("DISABLED VEHICLE", "ROAD OBSTRUCTION", "HAZARDOUS ROAD CONDITIONS"),
    "clean_water": ("PUMP DETAIL",),
}  # fmt: skip
TYPE_OF: Final[Mapping[str, str]] = {subject: kind for kind, subjects in _SUBJECTS.items() for subject in subjects}
# Help between stations, and what no caller asked for.
OTHER: Final = "unclear"
