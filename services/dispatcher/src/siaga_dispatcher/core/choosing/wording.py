"""What people read of a choice: reasons and rejections in Indonesian."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from siaga_dispatcher.core.choosing.options import STATION_LIST, Option
from siaga_dispatcher.core.eta import GREAT_CIRCLE, Eta

# Sooner ones that a reason names; the rest stand among the candidates.
PASSED_NAMED: Final = 3

WORDS: Final[Mapping[str, str]] = {
    "": "dipakai untuk kebutuhan lain",
    "slower": "lebih lambat",
    "capability_missing": "kemampuan tidak cukup",
    "outside_radius": "di luar radius",
    "declined": "menolak tugas ini",
    "off_duty": "lepas tugas",
    "out_of_service": "rusak atau tidak dipakai",
    "busy": "sedang bertugas",
    "position_too_old": "posisi terlalu lama",
    "kept_for_coverage": "dijaga untuk posnya",
    "less_rested": "baru selesai bertugas",
    "other_area": "bukan wilayah kerjanya",
}


def drive(eta: Eta) -> str:
    """Length and time of a drive: `2.1 km lewat jalan, ±5 menit`."""
    if eta.source == STATION_LIST:
        return "menurut urutan daftar pos"
    by_road = "" if eta.source == GREAT_CIRCLE else " lewat jalan"
    note = f" ({eta.note})" if eta.note else ""
    return f"{eta.length_m / 1000:.1f} km{by_road}, ±{math.ceil(eta.seconds / 60)} menit{note}"


def reason(option: Option, rivals: int, passed: Sequence[tuple[Option, str]]) -> str:
    """Why this one: against how many, and why those that would be there sooner do not go (`passed`, with their codes)."""
    told = f"{option.unit.name}: {drive(option.eta)}"
    if not passed:
        return f"{told}; tercepat dari {rivals + 1} calon"
    others = "; ".join(f"{other.unit.name}: {WORDS[code]}" for other, code in passed[:PASSED_NAMED])
    return f"{told}; lebih dekat tetapi {others}"


def rejection(option: Option, code: str, later_s: float, post: str) -> str:
    """Why this one not; `later_s` after the one that goes, `post` is the one that its leaving would leave short."""
    if code == "slower":
        return f"lebih lambat {later_s:.0f} detik" if later_s >= 1 else "sama cepat, kemudian dalam daftar"
    if code == "kept_for_coverage":
        short = f"{post} tinggal di bawah minimum tanpanya"
        return f"lebih cepat {-later_s:.0f} detik, tetapi {short}" if later_s < 0 else short
    if code == "less_rested":
        return f"lebih cepat {-later_s:.0f} detik, tetapi baru selesai bertugas"
    if code == "other_area":
        return f"lebih cepat {-later_s:.0f} detik, tetapi {WORDS[code]}"
    if code == "outside_radius":
        return f"{WORDS[code]}: {option.distance_m / 1000:.1f} km"
    return WORDS[code]
