"""Who goes for a type where no regency's response plan says so: the usual duty of each agency in Indonesia."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from siaga_classifier.core.vocabulary import NON_EMERGENCY, PRANK, Priority

FIRE, AMBULANCE, PUBLIC_ORDER, POLICE, POWER, SEARCH = "damkar", "puskesmas", "satgas", "polisi", "pln", "sar"

# Kinds of units, first the one that leads.
_BY_TYPE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "fire_building": (FIRE, AMBULANCE, PUBLIC_ORDER),
        "fire_land": (FIRE, PUBLIC_ORDER),
        "fire_vehicle": (FIRE, AMBULANCE, POLICE),
        "gas_leak": (FIRE, AMBULANCE),
        "medical_ambulance": (AMBULANCE,),
        "medical_birth": (AMBULANCE,),
        "medical_cardiac": (AMBULANCE,),
        "medical_unconscious": (AMBULANCE,),
        "injury": (AMBULANCE,),
        "accident_traffic": (AMBULANCE, POLICE),
        "accident_work": (AMBULANCE, FIRE),
        "accident_sea": (SEARCH, AMBULANCE),
        "rescue": (FIRE, AMBULANCE),
        "animal": (FIRE,),
        "missing_person": (POLICE, SEARCH),
        "flood": (PUBLIC_ORDER, SEARCH),
        "landslide": (PUBLIC_ORDER, SEARCH, AMBULANCE),
        "earthquake": (PUBLIC_ORDER, SEARCH, AMBULANCE),
        "storm": (PUBLIC_ORDER,),
        "fallen_tree": (PUBLIC_ORDER, FIRE),
        "fallen_pole": (POWER, PUBLIC_ORDER),
        "public_order": (PUBLIC_ORDER, POLICE),
        "crime": (POLICE,),
        "riot": (POLICE, PUBLIC_ORDER),
        "mental_health": (AMBULANCE, POLICE),
        "kdrt": (POLICE, AMBULANCE),
        "sexual_violence": (POLICE, AMBULANCE),
        "child": (POLICE, AMBULANCE),
        "clean_water": (PUBLIC_ORDER,),
        "public_health": (AMBULANCE,),
        NON_EMERGENCY: (),
        PRANK: (),
    }
)
# Whoever is near goes and looks.
_UNKNOWN: Final = (PUBLIC_ORDER,)
# What happens where life is in danger has a wounded soon.
_WITH_AMBULANCE_AT_P1: Final = frozenset(
    {"flood", "storm", "fallen_tree", "fallen_pole", "crime", "riot", "animal", "fire_land", "public_order"}
)


def national_agencies(kind: str, priority: str) -> tuple[str, ...]:
    """The kinds of units for a type and a priority ("P1"), by what is usual."""
    kinds = _BY_TYPE.get(kind, _UNKNOWN)
    if priority in (Priority.P0.name, Priority.P1.name) and kind in _WITH_AMBULANCE_AT_P1:
        return (*kinds, AMBULANCE)
    return kinds
