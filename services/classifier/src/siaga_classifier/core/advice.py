"""What to do about a call: send help, let a person look, or only record it.

`record` needs a person's word or the caller's own silence in a menu; no score of the rules leads there. A score can only
raise concern: it turns `record` into `review`, and, where the tenant allows it for a channel and a type, `review` into
`dispatch`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from siaga_classifier.core.place import Place
from siaga_classifier.core.vocabulary import NO_EVENT_TYPES, Advice, Channel, Outcome, Priority

# Below this an unconfirmed report goes to a person even where the tenant lets reports go by themselves.
AUTOMATIC_CONFIDENCE: Final = 0.8

_LOOK: Final = frozenset({Outcome.ABANDON, Outcome.GHOST, Outcome.UNSERVED, Outcome.UNRESOLVED})


@dataclass(frozen=True, slots=True)
class Policy:
    """What of a tenant's policy decides about sending."""

    # Whether the response plan sends anybody for a type and a priority ("P1").
    sends: Callable[[str, str], bool]
    automatic_channels: frozenset[str] = frozenset()
    automatic_types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """All that advice depends on."""

    outcome: Outcome
    channel: Channel
    type: str
    priority: Priority
    confidence: float
    # The text, undoubted, tells a life threat or something confidential.
    strong: bool
    confidential: bool
    place: Place
    # The position was given by the operator.
    placed_by_operator: bool
    # Somebody who may be unable to speak answered, and no operator has spoken with the caller yet.
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Counsel:
    """Advice and why, as the name of a rule."""

    advice: Advice
    basis: str


def advise(case: Case, policy: Policy) -> Counsel:
    """The advice for a call as it stands."""
    if case.outcome is Outcome.TEST:
        return Counsel(Advice.RECORD, "test")
    if case.outcome is Outcome.REAL:
        return _send_or_review(case, policy, "operator_confirmed")
    if case.outcome in _LOOK:
        if case.outcome is Outcome.UNRESOLVED and _goes_by_itself(case, policy):
            return _send_or_review(case, policy, "automatic")
        return Counsel(
            Advice.REVIEW, "silent_confirmed" if case.silent else f"{case.outcome.name.lower()}_is_looked_at"
        )
    if case.silent:
        return Counsel(Advice.REVIEW, "silent_confirmed")
    if case.strong or case.confidential:
        return Counsel(
            Advice.REVIEW, "words_contradict_outcome" if case.outcome is not Outcome.IN_PROGRESS else "alarming_words"
        )
    if case.outcome is Outcome.IN_PROGRESS:
        return Counsel(Advice.UNSPECIFIED, "under_way")
    return Counsel(Advice.RECORD, case.outcome.name.lower())


def _goes_by_itself(case: Case, policy: Policy) -> bool:
    return (
        case.channel.name.lower() in policy.automatic_channels
        and case.type in policy.automatic_types
        and case.confidence >= AUTOMATIC_CONFIDENCE
        and case.strong
    )


def _send_or_review(case: Case, policy: Policy, basis: str) -> Counsel:
    if case.type in NO_EVENT_TYPES or not policy.sends(case.type, case.priority.name):
        return Counsel(Advice.REVIEW, "no_unit_for_type")
    doubt = _doubt(case)
    return Counsel(Advice.REVIEW, doubt) if doubt else Counsel(Advice.DISPATCH, basis)


def _doubt(case: Case) -> str:
    """Why nobody can be sent to the place yet; empty when it is one place of this tenant."""
    place = case.place
    # An operator who points beyond the border knows why; a phone's position there may be a neighbour's call.
    if case.placed_by_operator and place.fix is not None:
        return ""
    if place.doubt:
        return place.doubt.value
    if place.misdirected_to is not None:
        return "misdirected"
    if place.fix is None:
        return "no_place"
    return "" if place.inside else "outside_border"
