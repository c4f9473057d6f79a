"""Labelled calls as rows of texts to learn from, in the shape of data/utterances."""

import hashlib
from typing import Final

from siaga.v1.call_pb2 import Channel, Disposition
from siaga.v1.common_pb2 import Priority
from siaga.v1.example_pb2 import LabelledExample
from siaga_classifier.core.vocabulary import NO_EVENT_TYPES, TYPES
from siaga_classifier.training.corpus import COLUMNS

ROW_COLUMNS: Final = COLUMNS
# What nobody has said of a text in the field.
_KIND: Final = "plain"
_REGION: Final = "mix"
_REGISTERS: Final = {
    Channel.CHANNEL_VOICE: "note",
    Channel.CHANNEL_APP: "app",
    Channel.CHANNEL_LAPOR: "report",
}
_ADVICE: Final = {
    Disposition.DISPOSITION_EMERGENCY: "dispatch",
    Disposition.DISPOSITION_GHOST: "review",
    Disposition.DISPOSITION_MISDIRECTED: "review",
    Disposition.DISPOSITION_PRANK: "record",
    Disposition.DISPOSITION_FALSE_REPORT: "record",
    Disposition.DISPOSITION_NON_EMERGENCY: "record",
}


def row_of(example: LabelledExample) -> tuple[str, ...] | None:
    """The row of an example; None for one without text or without a type that the model knows."""
    text = " ".join(example.text.split())
    if not text or example.type not in TYPES:
        return None
    advice = _ADVICE.get(example.disposition, "record" if example.type in NO_EVENT_TYPES else "dispatch")
    priority = example.priority or example.words.priority or Priority.PRIORITY_P3
    # The same text of many calls is one idea, and falls into one part only; nothing of the call is in it.
    family = f"field-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return (
        family,
        _KIND,
        _REGISTERS.get(example.channel, "chat"),
        _REGION,
        example.type,
        "",
        Priority.Name(priority).removeprefix("PRIORITY_"),
        advice,
        text,
    )
