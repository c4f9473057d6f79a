"""What columns of a list of units may be called, and the words in them, in Indonesian and English."""

from collections.abc import Mapping
from typing import Final

from siaga_tenants.gazetteer import normalise_name

# Our field, and the headings it is known by; case, spaces and signs between words do not matter.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "unit_id": ("unit_id", "id unit", "kode unit", "no unit"),
    "kind": ("kind", "jenis", "jenis unit", "tipe", "type"),
    "name": ("name", "nama", "nama unit", "nama pos"),
    "address": ("address", "alamat", "addr"),
    "lat": ("lat", "latitude", "lintang", "y"),
    "lon": ("lon", "lng", "long", "longitude", "bujur", "x"),
    "point": ("koordinat", "coordinates", "lat lon", "latlong"),
    "radius_m": ("radius_m", "radius", "akurasi", "akurasi m"),
    "coord_source": ("coord_source", "sumber koordinat"),
    "capabilities": ("capabilities", "kemampuan", "kapabilitas"),
    "phone": ("phone", "sms", "telepon", "telp", "hp", "no hp", "nomor hp", "nomor telepon", "no telepon", "kontak"),
    "mqtt": ("mqtt", "topik mqtt", "mqtt topic"),
    "example": ("example", "contoh"),
}
_FIELD_OF: Final = {normalise_name(heading): field for field, headings in COLUMNS.items() for heading in headings}

KINDS: Final[Mapping[str, str]] = {
    "puskesmas": "puskesmas", "ambulans": "puskesmas", "ambulance": "puskesmas", "psc 119": "puskesmas",
    "damkar": "damkar", "pemadam": "damkar", "pemadam kebakaran": "damkar", "fire station": "damkar",
    "satgas": "satgas", "bpbd": "satgas", "satpol pp": "satgas",
    "polisi": "polisi", "polsek": "polisi", "polres": "polisi", "police": "polisi",
    "pmi": "pmi", "palang merah": "pmi", "red cross": "pmi",
    "pln": "pln",
    "sar": "sar", "basarnas": "sar",
}  # fmt: skip
CAPABILITY_WORDS: Final[Mapping[str, str]] = {
    "ambulans": "GroundBLSAmbulance", "ambulans bls": "GroundBLSAmbulance", "ambulans gawat darurat": "GroundALSAmbulance",
    "ambulans als": "GroundALSAmbulance",
    "mobil pemadam": "StructureFireEngine", "pemadam": "StructureFireEngine", "mobil tangki": "FireWaterTender",
    "tangki air": "FireWaterTender",
    "penyelamatan": "LightRescue", "rescue": "LightRescue", "evakuasi": "LightRescue",
    "perahu karet": "SwiftwaterRescueTeam", "penyelamatan air": "SwiftwaterRescueTeam",
    "satwa": "AnimalHandlingSpecialist", "evakuasi satwa": "AnimalHandlingSpecialist",
    "pendamping korban": "VictimAdvocate",
}  # fmt: skip
YES: Final = frozenset({"1", "ya", "y", "yes", "true", "benar"})
NO: Final = frozenset({"0", "tidak", "t", "no", "n", "false", "salah"})


def field_of(heading: str) -> str | None:
    """Our field for a heading; None = it is none of ours."""
    return _FIELD_OF.get(normalise_name(heading))
