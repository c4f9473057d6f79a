"""Levels of posture, and how one follows another: up at once, down only after calm minutes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, auto
from itertools import product
from typing import Final


class Level(IntEnum):
    """How hard a centre is pressed, numbered as in the contract."""

    GREEN = 1
    YELLOW = 2
    ORANGE = 3
    # Flood of calls or major incident: sanctions are suspended.
    RED = 4


class Move(IntEnum):
    """What a measured minute does to a level."""

    RISE = auto()
    STAY = auto()
    # The minute was calmer than the level: it counts towards the fall.
    CALM = auto()


def _move(held: Level, measured: Level) -> Move:
    if measured > held:
        return Move.RISE
    return Move.STAY if measured == held else Move.CALM


# (level held, level that the minute amounts to).
MOVES: Final[Mapping[tuple[Level, Level], Move]] = {pair: _move(*pair) for pair in product(Level, Level)}


@dataclass(frozen=True, slots=True)
class Measured:
    """The level that one minute amounts to, and the names of the rules that made it; green has none."""

    level: Level
    reason: str = ""


CALM: Final = Measured(Level.GREEN)


@dataclass(frozen=True, slots=True)
class Held:
    """The level that holds. `calm_minutes` in a row were calmer, of which `calm` was the worst."""

    level: Level = Level.GREEN
    since_ms: int = 0
    reason: str = ""
    calm_minutes: int = 0
    calm: Measured = CALM


GREEN: Final = Held()


def follow(held: Held, measured: Measured, at_ms: int, calm_minutes: int) -> Held:
    """The level after a whole minute that began at `at_ms`; falls after `calm_minutes`, to the worst of these."""
    move = MOVES[held.level, measured.level]
    if move is Move.RISE:
        return Held(measured.level, at_ms, measured.reason)
    if move is Move.STAY:
        return replace(held, calm_minutes=0, calm=CALM) if held.calm_minutes else held
    worst = max(held.calm, measured, key=lambda one: one.level)
    if held.calm_minutes + 1 >= calm_minutes:
        return Held(worst.level, at_ms, worst.reason)
    return replace(held, calm_minutes=held.calm_minutes + 1, calm=worst)
