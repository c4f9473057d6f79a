"""What a call newly says is taken into its incident; each difference is a change of its own."""

from typing import Any, Final

from siaga_tenants.model import DispatchPolicy

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.accounts import UNCLEAR, better_place, same_story, told
from siaga_dispatcher.core.confidential import ELSEWHERE, is_confidential, make_confidential, stated_priority
from siaga_dispatcher.core.draft import Draft
from siaga_dispatcher.core.likeness import precise
from siaga_dispatcher.core.values import Assessment, Incident, Place, Reason

_UNKNOWN: Final = ("", UNCLEAR)


def absorb(draft: Draft, assessment: Assessment, policy: DispatchPolicy) -> None:
    """Take in what a call newly says. Priority only rises; the opening call's word counts for type, place and note."""
    opener = draft.incident.call_ids[0] == assessment.call_id
    if is_confidential(assessment):
        make_confidential(draft, "jenis rahasia")
    with_all: dict[str, Any] = {
        "revisions": seen(draft.incident, assessment),
        "accounts": told(draft.incident, assessment),
    }
    priority = stated_priority(assessment)
    if priority is not None and priority < draft.incident.priority:
        was = draft.incident.priority.name
        draft.change("priority_raised", f"{was} → {priority.name}", priority=priority, **with_all)
    kind = assessment.type
    if kind not in (*_UNKNOWN, draft.incident.type, *draft.incident.further_types):
        if opener or draft.incident.type in _UNKNOWN:
            draft.change("type_changed", f"{draft.incident.type} → {kind}", type=kind, **with_all)
        else:
            types = (*draft.incident.further_types, kind)
            draft.change("type_added", f"panggilan lain: {kind}", further_types=types, **with_all)
    details = _details(draft.incident, assessment) if opener else _finer(draft.incident, assessment, policy)
    if details:
        draft.change("details_updated", ", ".join(sorted(details)), **details, **with_all)
    if not same_story(with_all["accounts"], draft.incident.accounts):
        draft.change("call_details", assessment.call_id, **with_all)
    if not opener:
        _flag_elsewhere(draft, assessment, policy)


def seen(incident: Incident, assessment: Assessment) -> tuple[tuple[str, int], ...]:
    """The revisions taken in, with this one."""
    others = tuple(pair for pair in incident.revisions if pair[0] != assessment.call_id)
    return (*others, (assessment.call_id, assessment.revision))


def _details(incident: Incident, assessment: Assessment) -> dict[str, Any]:
    """Place and text as the opening call now tells them, where that is more than was known."""
    details: dict[str, Any] = {}
    place = better_place(incident.place, assessment.place)
    if place != incident.place:
        details["place"] = place
    if not incident.confidential:
        if assessment.text and assessment.text != incident.text:
            details["text"] = assessment.text
        if assessment.callback_number and assessment.callback_number != incident.callback_number:
            details["callback_number"] = assessment.callback_number
    return details


def _finer(incident: Incident, assessment: Assessment, policy: DispatchPolicy) -> dict[str, Any]:
    """The place by another call, where the opening one left it open: the address stays as the crew has read it."""
    if precise(incident.place.position, policy) or not precise(assessment.place.position, policy):
        return {}
    place = better_place(incident.place, assessment.place)
    address = incident.place.address or place.address
    return {"place": Place(place.position, address, place.area_code, place.area_name)}


def _flag_elsewhere(draft: Draft, assessment: Assessment, policy: DispatchPolicy) -> None:
    """A call that joined before its place was known may turn out to be of another incident: a person must look."""
    here, there = draft.incident.place.position, assessment.place.position
    if here is None or there is None or not (precise(here, policy) and precise(there, policy)):
        return
    away_m = geo.distance_m(here, there)
    reason = Reason(ELSEWHERE, assessment.call_id)
    if away_m <= policy.suggest_distance_m or reason in draft.incident.reasons:
        return
    draft.change(
        "review_flagged",
        f"panggilan {assessment.call_id} kini {away_m:.0f} m dari lokasi insiden; mungkin insiden lain",
        reasons=(*draft.incident.reasons, reason),
    )
