"""Durations as people write them on a command line."""

import re
from typing import Final

import typer

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
# Longer than anything is kept; beyond it is a typing error.
_MOST_S: Final = 366 * 86_400


def duration(written: str, option: str) -> int:
    """Seconds of `90s`, `30m`, `24h` or `7d`; 0 needs no unit."""
    if written == "0":
        return 0
    found = re.fullmatch(r"(\d{1,8})([smhd])", written)
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else _MOST_S + 1
    if seconds > _MOST_S:
        raise typer.BadParameter(f"{written!r} is no time like 90s, 30m, 24h or 7d", param_hint=option)
    return seconds
