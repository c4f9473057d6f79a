"""Texts by themselves, without a call around them: what `siaga model classify` asks for each line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from siaga_classifier.core.assessment import TenantView
from siaga_classifier.core.place import Place, place_fields, place_of_words
from siaga_classifier.core.vocabulary import NO_EVENT_TYPES, Advice
from siaga_classifier.core.words.rules import Reading, Reason


class LineError(ValueError):
    """A line that cannot be classified: says what is wrong and how to mend it."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of a file of texts."""

    id: str | int
    text: str


def text_line(value: Any) -> TextLine:
    """The line of a JSON value; raise LineError when it is none. Channels and further names are let be."""
    if not isinstance(value, Mapping):
        raise LineError('not an object; write {"id": …, "text": …, "channel": …}')
    id_, text = value.get("id"), value.get("text")
    if isinstance(id_, bool) or not isinstance(id_, str | int):
        raise LineError('no "id"; give each text a string or a number of its own')
    if not isinstance(text, str):
        raise LineError('no "text"; write the words as a string, "" for silence')
    return TextLine(id_, text)


def classified(lines: Sequence[TextLine], view: TenantView) -> list[dict[str, Any]]:
    """What each text is, as it is written out."""
    return [_told(line, view.read(line.text), view) for line in lines]


def _told(line: TextLine, reading: Reading, view: TenantView) -> dict[str, Any]:
    helped = reading.advice is not Advice.RECORD
    place = _located(line.text, reading, view)
    centre = place.misdirected_to
    reasons = list(reading.reasons)
    if centre is not None:
        reasons.append(Reason("place.misdirected_to", f"{centre.code} {centre.name}", place.score))
    # Another centre's call is handed over by a person.
    away = centre is not None and reading.advice is Advice.DISPATCH
    return {
        "id": line.id,
        "type": reading.type,
        "priority": reading.priority.name,
        "agencies": list(view.agencies(reading.type, reading.priority.name)) if helped else [],
        "advice": (Advice.REVIEW if away else reading.advice).name.lower(),
        "confidence": reading.confidence,
        "confidential": reading.confidential,
        "alternatives": list(reading.alternatives),
        "place": place_fields(place),
        "reasons": [
            {"rule": reason.rule, "detail": reason.detail, "weight": round(reason.weight, 3)} for reason in reasons
        ],
        "rules_version": reading.rules_version,
        "model_version": reading.model_version,
    }


def _located(text: str, reading: Reading, view: TenantView) -> Place:
    """Where the words say it is; everyday talk is not searched."""
    if view.areas is None or (reading.type in NO_EVENT_TYPES and reading.advice is Advice.RECORD):
        return Place()
    return place_of_words(text, view.areas)
