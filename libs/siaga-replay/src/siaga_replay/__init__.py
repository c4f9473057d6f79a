"""Replays recorded front-door requests, plays the crews, and reconciles what was posted with what came out."""

from siaga_kit.embedded.addresses import StackAddresses

from siaga_replay.poster import FrontDoorLocked
from siaga_replay.progress import Progress, Watch
from siaga_replay.replay import SmsUnseen, replay
from siaga_replay.scenarios import SCENARIOS, ScenarioFiles, scenario_files
from siaga_replay.summary import Summary
from siaga_replay.table import render
from siaga_replay.truth import Truth

__all__ = [
    "SCENARIOS",
    "FrontDoorLocked",
    "Progress",
    "ScenarioFiles",
    "SmsUnseen",
    "StackAddresses",
    "Summary",
    "Truth",
    "Watch",
    "render",
    "replay",
    "scenario_files",
]
