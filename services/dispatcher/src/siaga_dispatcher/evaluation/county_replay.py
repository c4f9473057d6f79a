"""A county's calls taken in as the dispatcher takes calls in: which join which, and whom the plan would send."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from siaga_tenants.model import DispatchPolicy, ResponsePlan

from siaga_dispatcher.core.join import find_home
from siaga_dispatcher.core.values import Assessment, Change, Incident, IncidentStatus, Place, Priority
from siaga_dispatcher.evaluation.county_log import CountyCall
from siaga_dispatcher.evaluation.county_types import AGENCIES

MINUTE_MS: Final = 60_000
# Rules of joining beside the shipped one, minutes and metres: how much hangs on either.
RULES: Final = ((15, 300), (5, 300), (30, 300), (15, 100), (15, 600))
# The list has no priorities: the plan is read at the most urgent and at an ordinary one.
PRIORITIES: Final = ("P1", "P3")
# Types of which one call means one person, so that two of them side by side are two.
ONE_PERSON: Final = frozenset(
    {"medical_ambulance", "medical_birth", "medical_cardiac", "medical_unconscious", "injury", "crime"}
)
# The list repeats a call whose address was put right within the same minute; later ones are calls of their own.
REPEATED_MS: Final = MINUTE_MS


@dataclass(frozen=True, slots=True)
class Gathered:
    """Calls that the rule takes for one incident, the one that opened it first."""

    calls: tuple[CountyCall, ...]


def gather(calls: Sequence[CountyCall], policy: DispatchPolicy) -> list[Gathered]:
    """Let the calls, in the order of time, join open incidents or open their own, by the dispatcher's own rule.

    The list does not tell when an incident was over, so that each stays open as long as calls can join it.
    """
    gathered: dict[str, list[CountyCall]] = {}
    open_now: dict[str, Incident] = {}
    for call in calls:
        assessment = _assessment(call)
        stale_ms = call.at_ms - policy.join_minutes * MINUTE_MS
        for over in [key for key, incident in open_now.items() if incident.last_call_at_ms < stale_ms]:
            del open_now[over]
        like = find_home(assessment, open_now.values(), policy)
        home = _opened(assessment) if like is None else like.incident
        gathered.setdefault(home.incident_id, []).append(call)
        open_now[home.incident_id] = replace(home, last_call_at_ms=max(home.last_call_at_ms, call.at_ms))
    return [Gathered(tuple(members)) for members in gathered.values()]


def joining(gathered: Sequence[Gathered], policy: DispatchPolicy) -> dict[str, Any]:
    """How many calls joined others, and what their addresses say about whether they should have."""
    joined = [(group.calls[0], call) for group in gathered for call in group.calls[1:]]
    sizes = Counter(min(len(group.calls), 5) for group in gathered)
    return {
        "minutes": policy.join_minutes,
        "distance_m": policy.join_distance_m,
        "incidents": len(gathered),
        "joined": len(joined),
        "same_address": sum(bool(call.address) and call.address == first.address for first, call in joined),
        "same_agency": sum(call.agency == first.agency for first, call in joined),
        "other_person": sum(_other_person(first, call) for first, call in joined),
        "several_agencies": sum(len({call.agency for call in group.calls}) > 1 for group in gathered),
        "sizes": {("5+" if size == 5 else str(size)): sizes[size] for size in sorted(sizes)},
        "largest": max(len(group.calls) for group in gathered),
    }


def _other_person(first: CountyCall, call: CountyCall) -> bool:
    """Whether the joined call is most likely of somebody else, who would be left without help."""
    later = call.at_ms - first.at_ms > REPEATED_MS
    return later and call.type in ONE_PERSON and call.address != first.address


def apart(gathered: Sequence[Gathered], policy: DispatchPolicy) -> dict[str, int]:
    """Incidents that began at the same address within the time of joining, and were still kept apart by their types."""
    window_ms = policy.join_minutes * MINUTE_MS
    last: dict[str, CountyCall] = {}
    kept: Counter[str] = Counter()
    for group in sorted(gathered, key=lambda group: (group.calls[0].at_ms, group.calls[0].line)):
        opened = group.calls[0]
        before = last.get(opened.address)
        if opened.address and before is not None and opened.at_ms - before.at_ms <= window_ms:
            kept["same_type" if before.type == opened.type else f"{before.type} + {opened.type}"] += 1
        last[opened.address] = opened
    return dict(kept.most_common())


def planned(calls: Sequence[CountyCall], plan: ResponsePlan) -> dict[str, Any]:
    """By agency: in how many of its calls the plan sends the same service, and how many services it sends in all."""
    found: dict[str, Any] = {}
    for agency, kinds in AGENCIES.items():
        theirs = [call for call in calls if call.agency == agency]
        if not theirs:
            continue
        row: dict[str, Any] = {"calls": len(theirs)}
        for priority in PRIORITIES:
            sent = [_kinds(plan, call.type, priority) for call in theirs]
            row[priority] = {
                "same": sum(bool(one & kinds) for one in sent),
                "services": sum(sum(bool(one & theirs_too) for theirs_too in AGENCIES.values()) for one in sent),
            }
        missing = Counter(call.subject for call in theirs if not _kinds(plan, call.type, "P1") & kinds)
        row["not_sent"] = dict(missing.most_common(5))
        found[agency] = row
    return found


def _kinds(plan: ResponsePlan, kind: str, priority: str) -> frozenset[str]:
    return frozenset(one for need in plan.needs(kind, priority) for one in need.kinds)


def by_type(calls: Sequence[CountyCall]) -> Mapping[str, int]:
    """How many calls are read as which type."""
    return dict(Counter(call.type for call in calls).most_common())


def _assessment(call: CountyCall) -> Assessment:
    name = f"county-{call.line}"
    place = Place(call.place, call.address)
    return Assessment(name, name, "", 1, call.at_ms, "dispatch", "real", call.type, Priority.P2, False, False, place)


def _opened(assessment: Assessment) -> Incident:
    at_ms = assessment.event_at_ms
    return Incident(
        assessment.call_id,
        assessment.tenant,
        IncidentStatus.DISPATCHED,
        assessment.type,
        Priority.P2,
        False,
        assessment.place,
        at_ms,
        at_ms,
        Change("opened", "", "", at_ms, assessment.assessment_id),
        version=1,
        call_ids=(assessment.call_id,),
        last_call_at_ms=at_ms,
    )
