"""Times as switches write them: epochs in any unit, or ISO 8601 with an offset; ours are epoch milliseconds."""

from datetime import datetime
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.fields import Payload, Refused, text

# Epochs tell their unit by their size until the year 5138: seconds stay below this, milliseconds above it, and so on.
_SECONDS_BELOW: Final = 100_000_000_000
_MILLIS_BELOW: Final = _SECONDS_BELOW * 1_000
_MICROS_BELOW: Final = _MILLIS_BELOW * 1_000
_MICROS_IN_MS: Final = 1_000
_NANOS_IN_MS: Final = 1_000_000
# The reason that a look at old or made-up captures asks for, to read them by another clock.
IN_THE_FUTURE: Final = "is more than a day in the future"


def moment_or(payload: Payload, name: str, arrived_at_ms: int, path: str = "") -> int:
    """As `moment`; the arrival where the field tells no time."""
    told = moment(payload, name, arrived_at_ms, path)
    return arrived_at_ms if told is None else told


def moment(payload: Payload, name: str, latest_ms: int, path: str = "") -> int | None:
    """The time in a field, epoch ms; None when absent or 0 (switches write 0 for "never").

    `latest_ms` is the arrival: a time more than a day after it, or before 2000, is refused.
    """
    written = text(payload, name, "time", path)
    if not written:
        return None
    at_ms = _epoch(written)
    if at_ms is None:
        at_ms = _iso(written)
    if at_ms is None:
        raise Refused(path + name, "is no time (epoch, or ISO 8601 with its offset)")
    if at_ms == 0:
        return None
    if at_ms < rules.EARLIEST_MS:
        raise Refused(path + name, "is before the year 2000")
    if at_ms > latest_ms + rules.MAX_AHEAD_MS:
        raise Refused(path + name, IN_THE_FUTURE)
    return at_ms


def _epoch(written: str) -> int | None:
    whole, _, fraction = written.partition(".")
    if not (written.isascii() and whole.isdigit()) or (fraction and not fraction.isdigit()):
        return None
    value = int(whole)
    if value < _SECONDS_BELOW:
        # By digits, not by floats: 1710123330.120 must give the same millisecond on every way.
        return value * 1000 + int((fraction + "000")[:3])
    if value < _MILLIS_BELOW:
        return value
    return value // (_MICROS_IN_MS if value < _MICROS_BELOW else _NANOS_IN_MS)


def _iso(written: str) -> int | None:
    try:
        found = datetime.fromisoformat(written)
        if found.tzinfo is None:
            return None
        return int(found.timestamp()) * 1000 + found.microsecond // 1000
    except (ValueError, OverflowError):
        return None
