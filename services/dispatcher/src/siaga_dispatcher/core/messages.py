"""What becomes of the messages by which a crew learns of its task: how far they get, and when none does.

Only the crew's own word closes the question. Until then each rank that a message reaches is a version of the incident,
the first time only: an operator sees at a glance whom to call. That makes three at the most for each unit, however many
ways and tries there are; once the crew has spoken no more are made, for its word says all that they could.
"""

from dataclasses import replace
from typing import Final

from siaga_dispatcher.core.alerts import held_by
from siaga_dispatcher.core.decision import Decision, ignore
from siaga_dispatcher.core.draft import Draft, answers
from siaga_dispatcher.core.live import live
from siaga_dispatcher.core.silence import asked, pass_on, say_untold
from siaga_dispatcher.core.values import (
    AlertKind,
    Assignment,
    Incident,
    MessageState,
    NotDelivered,
    Progress,
    Situation,
    Timer,
    TimerKind,
    Unacknowledged,
    Unit,
)

# The way of a notification that says that the unit has no way at all.
NO_ROUTE: Final = "none"
_RANK: Final = tuple(MessageState)
_WORDS: Final = {MessageState.SENT: "terkirim", MessageState.DELIVERED: "sampai", MessageState.READ: "dibaca"}


def on_progress(news: Progress, unit: Unit, incident: Incident | None, situation: Situation) -> Decision:
    """Decide about a message that left, arrived or was read.

    The crew's time to answer begins when the first one leaves. Counted from the order, it would run out while the
    notifier restarts or the SMS centre is away: the nearest crew would lose its task to ones farther off, of whom none
    can be told either.
    """
    told = news.told
    assignment = _waited_for(news.order_id, unit, incident)
    if incident is None or assignment is None or not live(assignment.dispatched_at_ms, situation):
        return ignore("not_waiting")
    if assignment.told and _RANK.index(told.state) <= _RANK.index(assignment.told[-1].state):
        return ignore("nothing_new")
    draft = Draft(incident, incident, news.event_id, situation.now, "notifier")
    draft.know((unit,))
    noted = replace(assignment, told=(*assignment.told, told))
    draft.change(
        told.state.value,
        f"{assignment.unit_name}: pesan lewat {told.channel} {_WORDS[told.state]}",
        assignments=incident.with_assignment(noted),
    )
    if not assignment.told:
        spans = situation.rules.policy.crews.acknowledge[incident.priority.name]
        draft.drop_timers(assignment.order_id)
        draft.set_timers(*asked(assignment, spans, situation.now))
    return draft.decision()


def on_not_delivered(failed: NotDelivered, unit: Unit, incident: Incident | None, situation: Situation) -> Decision:
    """Decide about an order that could not be handed to the crew on one way.

    That no way is left is the notifier's to say, which alone knows them: then nobody waits for an answer that cannot
    come. One way that failed is noted; where none has worked yet, the next one gets as long as a first reminder would.
    """
    assignment = _waited_for(failed.order_id, unit, incident)
    if incident is None or assignment is None:
        return ignore("not_waiting")
    if failed.attempt_id in assignment.failed_attempts:
        return ignore("already_known")
    noted = replace(assignment, failed_attempts=(*assignment.failed_attempts, failed.attempt_id))
    draft = _draft(failed.event_id, unit, incident, situation)
    draft.change(
        "not_delivered",
        f"{assignment.unit_name}: pesan lewat {failed.channel} tidak sampai",
        assignments=incident.with_assignment(noted),
    )
    if assignment.told or assignment.nobody_left:
        return draft.decision()
    if failed.channel == NO_ROUTE:
        return pass_on(draft, noted, "tidak dapat dihubungi", situation)
    if live(assignment.dispatched_at_ms, situation) and not _leaves(incident, assignment):
        spans = situation.rules.policy.crews.acknowledge[incident.priority.name]
        due_ms = situation.now + round(spans.remind_s * 1000)
        draft.drop_timers(assignment.order_id)
        draft.set_timers(Timer(TimerKind.ACKNOWLEDGE_NEXT, assignment.order_id, due_ms))
    return draft.decision()


def on_unacknowledged(news: Unacknowledged, unit: Unit, incident: Incident | None, situation: Situation) -> Decision:
    """Decide about an order of which every way was tried, without an answer: as when the crew's time has run out.

    Where nothing could leave yet and nothing has failed for good, the ways are down and not the crew: others could not be
    told either, so a person is asked to reach it by voice. Where nobody could go in its place already, the timer that asks
    it again says when that is looked at anew.
    """
    assignment = _waited_for(news.order_id, unit, incident)
    if incident is None or assignment is None:
        return ignore("not_waiting")
    if assignment.nobody_left:
        return ignore("nothing_new")
    draft = _draft(news.event_id, unit, incident, situation)
    if assignment.told or assignment.failed_attempts or not unit.contacts:
        return pass_on(draft, assignment, "tidak menjawab lewat jalur mana pun", situation)
    if held_by(AlertKind.UNTOLD, incident.incident_id, assignment.unit_id, situation) is not None:
        return ignore("nothing_new")
    draft.drop_timers(assignment.order_id, TimerKind.UNTOLD)
    say_untold(draft, assignment, situation)
    return draft.decision()


def _waited_for(order_id: str, unit: Unit, incident: Incident | None) -> Assignment | None:
    """The silent assignment that the order, or a reminder, is about."""
    if incident is None:
        return None
    found = incident.assignment_of(order_id)
    if found is None and answers(order_id, incident, unit):
        found = incident.assignment_of(unit.order_id)
    return found if found is not None and found.active and found.silent else None


def _leaves(incident: Incident, assignment: Assignment) -> bool:
    """Whether the next unit goes by itself before long."""
    kind = TimerKind.ACKNOWLEDGE_NEXT
    return any(timer.kind == kind and timer.subject == assignment.order_id for timer in incident.timers)


def _draft(cause_id: str, unit: Unit, incident: Incident, situation: Situation) -> Draft:
    draft = Draft(incident, incident, cause_id, situation.now, "notifier")
    draft.know((unit, *situation.units))
    return draft
