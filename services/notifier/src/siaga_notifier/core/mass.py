"""Who is written to when nobody could answer all calls: every unanswered caller of a drawn area, sanctioned or not."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from siaga_contracts.ids import derived
from siaga_tenants.model.notify import MassPolicy

from siaga_notifier.core.feedback import MOBILE

# Two hours after it was approved, a text about what happens now tells what happened.
GOOD_FOR_MS: Final = 2 * 3_600_000
# As many as a regency's callers of a bad day; more is a drawing error that would cost the centre a month's budget.
MOST_RECIPIENTS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A caller whom nobody spoke with; `only_if_safe` = an earlier or present confidential case."""

    caller_key: str
    only_if_safe: bool
    latest_at_ms: int
    call_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of one call: its number, and where it came from."""

    call_id: str
    number: str
    confidential: bool
    lat: float | None = None
    lon: float | None = None


class Left(StrEnum):
    """Why an unanswered caller is not written to."""

    BEFORE = "before"
    UNSAFE = "unsafe"
    NO_NUMBER = "no_number"
    NO_MOBILE = "no_mobile"
    OUTSIDE = "outside"
    UNPLACED = "unplaced"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Caller keys with their numbers, each number once; and how many were left out, why."""

    numbers: Mapping[str, str]
    left: Mapping[Left, int]


def choose(
    callers: Iterable[Unanswered],
    heard: Mapping[str, Heard],
    inside: Callable[[float, float], bool],
    since_ms: int,
    *,
    unplaced: bool,
) -> Chosen:
    """Who is written to. `inside` takes latitude and longitude; `unplaced` takes those, too, of whom no place is known."""
    numbers: dict[str, str] = {}
    left: Counter[Left] = Counter()
    for caller in sorted(callers, key=lambda one: (one.latest_at_ms, one.caller_key)):
        why = _left(caller, heard, inside, since_ms, unplaced)
        number = "" if why is not None else _latest(caller, heard)
        if why is None and number in numbers.values():
            why = Left.TWICE
        if why is None:
            numbers[caller.caller_key] = number
        else:
            left[why] += 1
    return Chosen(numbers, left)


def asking_refused(policy: MassPolicy, asked_by: str) -> str | None:
    """Why somebody may not even ask for a mass text, for people; None when they may."""
    if not policy.allowed:
        return "the centre does not allow texts to many callers; see mass in notify.yaml"
    if asked_by not in policy.approvers:
        return f"{asked_by!r} is no approver; those are {', '.join(policy.approvers)}"
    return None


def refusal(policy: MassPolicy, asked_by: str, approved_by: str) -> str | None:
    """Why a mass text may not go out, for people; None when it may."""
    refused = asking_refused(policy, asked_by)
    if refused is not None:
        return refused
    if not approved_by:
        return "nobody has approved it"
    if approved_by not in policy.approvers:
        return asking_refused(policy, approved_by)
    if policy.second_approval and asked_by == approved_by:
        return "another approver than who asks for it has to agree"
    return None


def message_id(mass_id: str, caller_key: str) -> str:
    """The one message of a mass to a caller."""
    return derived("mass-message", mass_id, caller_key)


def subject(tenant: str, caller_key: str) -> str:
    """What a claim is about: by it a caller gets a text once, by however many masses it is sent."""
    return f"{tenant}:{caller_key}"


def _left(
    caller: Unanswered,
    heard: Mapping[str, Heard],
    inside: Callable[[float, float], bool],
    since_ms: int,
    unplaced: bool,
) -> Left | None:
    calls = [heard[call_id] for call_id in caller.call_ids if call_id in heard]
    if caller.latest_at_ms < since_ms:
        return Left.BEFORE
    if caller.only_if_safe or any(call.confidential for call in calls):
        return Left.UNSAFE
    number = _latest(caller, heard)
    if not number.startswith(MOBILE):
        return Left.NO_MOBILE if number else Left.NO_NUMBER
    places = [(call.lat, call.lon) for call in calls if call.lat is not None and call.lon is not None]
    if not places:
        return None if unplaced else Left.UNPLACED
    return None if any(inside(lat, lon) for lat, lon in places) else Left.OUTSIDE


def _latest(caller: Unanswered, heard: Mapping[str, Heard]) -> str:
    told = [heard[call_id].number for call_id in caller.call_ids if call_id in heard and heard[call_id].number]
    return told[-1] if told else ""
