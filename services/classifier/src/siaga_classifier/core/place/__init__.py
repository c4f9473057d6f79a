"""The place of a call: from words, landmarks and positions."""

from siaga_classifier.core.place.areas import Areas, full_name
from siaga_classifier.core.place.locate import locate, place_of_words
from siaga_classifier.core.place.model import (
    SOURCE_GAZETTEER,
    Area,
    Candidate,
    Centre,
    Doubt,
    Kind,
    Place,
    Spot,
    spots_of,
)
from siaga_classifier.core.place.names import Names, OwnNames
from siaga_classifier.core.place.telling import place_fields

__all__ = [
    "SOURCE_GAZETTEER",
    "Area",
    "Areas",
    "Candidate",
    "Centre",
    "Doubt",
    "Kind",
    "Names",
    "OwnNames",
    "Place",
    "Spot",
    "full_name",
    "locate",
    "place_fields",
    "place_of_words",
    "spots_of",
]
