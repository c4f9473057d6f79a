"""Kinds of alerts that more than one part has to know; the others are the dispatcher's own."""

from typing import Final

# Raised and cleared by the notifier: somebody has to reach the crew by voice.
CALL_CREW: Final = "call_crew"
