"""How incidents and assignments may move on: two tables, and nothing outside them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from siaga_dispatcher.core.values import IncidentStatus as I
from siaga_dispatcher.core.values import UnitStatus as U


class Trigger(StrEnum):
    """What moves an incident."""

    CLASSIFY = "classify"
    VERIFY = "verify"
    QUEUE = "queue"
    ASSIGN = "assign"
    UNIT_EN_ROUTE = "unit_en_route"
    UNIT_ON_SCENE = "unit_on_scene"
    UNDER_CONTROL = "under_control"
    ALL_CLEAR = "all_clear"
    RESOLVE = "resolve"
    CLOSE = "close"
    CANCEL = "cancel"
    REOPEN = "reopen"
    MERGE = "merge"
    UNMERGE = "unmerge"
    TAKE_IN = "take_in"
    SPLIT = "split"
    LINK = "link"
    HAND_OVER = "hand_over"


T = Trigger
S = TypeVar("S", bound=StrEnum)
W = TypeVar("W", bound=StrEnum)


class IllegalTransition(Exception):  # noqa: N818  (an answer to whoever asked, not a fault)
    """One thing cannot follow another; `legal` lists what can."""

    def __init__(self, what: str, state: str, trigger: str, legal: tuple[str, ...]) -> None:
        super().__init__(f"{what} is {state}: {trigger} is not possible; legal now: {', '.join(legal) or 'nothing'}")
        self.state = state
        self.trigger = trigger
        self.legal = legal


# Whom an incident belongs with may turn out at any time, also long after its end.
_ALWAYS: Final = (T.SPLIT, T.LINK)


def _row(status: I, *stays: Trigger, **moves: I) -> Mapping[Trigger, I]:
    """One row: triggers that leave the incident where it is, and those that move it on, by the trigger's name."""
    return {**dict.fromkeys((*stays, *_ALWAYS), status), **{T(name): after for name, after in moves.items()}}


def _open(status: I, *stays: Trigger, **moves: I) -> Mapping[Trigger, I]:
    """The row of an incident that units may be sent to: it may be classified anew, take others in, and end."""
    return {**_row(status, T.CLASSIFY, T.TAKE_IN, *stays, resolve=I.RESOLVED, **moves), **_ENDINGS}


_ENDINGS: Final[Mapping[Trigger, I]] = {
    T.CANCEL: I.CANCELLED,
    T.MERGE: I.MERGED,
    T.HAND_OVER: I.HANDED_OVER,
}
_STAFFING: Final = {"queue": I.QUEUED, "assign": I.DISPATCHED}
_WORK: Final = {"queue": I.QUEUED, "all_clear": I.RESOLVED}

INCIDENT: Final[Mapping[I, Mapping[Trigger, I]]] = {
    I.RECEIVED: {**_row(I.RECEIVED, classify=I.CLASSIFIED), **_ENDINGS},
    I.CLASSIFIED: {**_row(I.CLASSIFIED, T.CLASSIFY, verify=I.VERIFIED), **_ENDINGS},
    I.VERIFIED: _open(I.VERIFIED, **_STAFFING),
    I.QUEUED: _open(I.QUEUED, **_STAFFING),
    I.DISPATCHED: _open(I.DISPATCHED, T.ASSIGN, unit_en_route=I.EN_ROUTE, unit_on_scene=I.ON_SCENE, **_WORK),
    I.EN_ROUTE: _open(I.EN_ROUTE, T.ASSIGN, T.UNIT_EN_ROUTE, unit_on_scene=I.ON_SCENE, **_WORK),
    I.ON_SCENE: _open(I.ON_SCENE, T.ASSIGN, T.UNIT_EN_ROUTE, T.UNIT_ON_SCENE, under_control=I.UNDER_CONTROL, **_WORK),
    I.UNDER_CONTROL: _open(I.UNDER_CONTROL, T.ASSIGN, T.UNIT_EN_ROUTE, T.UNIT_ON_SCENE, **_WORK),
    I.RESOLVED: _row(I.RESOLVED, close=I.CLOSED, reopen=I.REOPENED),
    I.CLOSED: _row(I.CLOSED, reopen=I.REOPENED),
    # A wrong cancellation of a real incident must be reparable under its own ticket.
    I.CANCELLED: _row(I.CANCELLED, reopen=I.REOPENED),
    # Its calls are the other incident's: nothing but undoing the merge gives them back.
    I.MERGED: {T.UNMERGE: I.VERIFIED, T.LINK: I.MERGED},
    I.HANDED_OVER: _row(I.HANDED_OVER, close=I.CLOSED, reopen=I.REOPENED),
    I.REOPENED: _open(I.REOPENED, **_STAFFING),
}

# Crews may skip steps forward (a crew that types only "arrived" has arrived).
_ARRIVED: Final = {status: status for status in (U.PATIENT_CONTACT, U.TRANSPORTING, U.AT_HOSPITAL, U.CLEAR)}
_LEAVE: Final = {status: status for status in (U.DECLINED, U.OUT_OF_SERVICE, U.CLEAR, U.MAYDAY)}
_ON_THE_WAY: Final = {U.STAGING: U.STAGING, U.ON_SCENE: U.ON_SCENE, U.DELAYED: U.DELAYED, **_ARRIVED, **_LEAVE}
_AT_WORK: Final = {U.CLEAR: U.CLEAR, U.OUT_OF_SERVICE: U.OUT_OF_SERVICE, U.MAYDAY: U.MAYDAY}

ASSIGNMENT: Final[Mapping[U, Mapping[U, U]]] = {
    U.DISPATCHED: {U.ACKNOWLEDGED: U.ACKNOWLEDGED, U.EN_ROUTE: U.EN_ROUTE, **_ON_THE_WAY},
    U.ACKNOWLEDGED: {U.EN_ROUTE: U.EN_ROUTE, **_ON_THE_WAY},
    U.EN_ROUTE: dict(_ON_THE_WAY),
    U.DELAYED: {U.EN_ROUTE: U.EN_ROUTE, U.STAGING: U.STAGING, U.ON_SCENE: U.ON_SCENE, **_ARRIVED, **_LEAVE},
    U.STAGING: {U.EN_ROUTE: U.EN_ROUTE, U.DELAYED: U.DELAYED, U.ON_SCENE: U.ON_SCENE, **_ARRIVED, **_LEAVE},
    U.ON_SCENE: {**_ARRIVED, **_AT_WORK},
    U.PATIENT_CONTACT: {U.TRANSPORTING: U.TRANSPORTING, U.AT_HOSPITAL: U.AT_HOSPITAL, **_AT_WORK},
    U.TRANSPORTING: {U.AT_HOSPITAL: U.AT_HOSPITAL, **_AT_WORK},
    U.AT_HOSPITAL: dict(_AT_WORK),
    # A crew in distress may recover to any stage of its work.
    U.MAYDAY: {U.EN_ROUTE: U.EN_ROUTE, U.ON_SCENE: U.ON_SCENE, **_ARRIVED, U.OUT_OF_SERVICE: U.OUT_OF_SERVICE},
    U.CLEAR: {},
    U.DECLINED: {},
}

_BEFORE_ARRIVAL: Final = frozenset({U.EN_ROUTE, U.STAGING})
_ON_THE_SPOT: Final = _BEFORE_ARRIVAL | {U.ON_SCENE}

# Jumps back that are taken, with a warning in the timeline: the crew is where it says, whatever it typed before, and
# what is shown of it must be true. Times already noted stay. All other words that cannot follow are refused: `available`
# or `declined` from a crew at work would take it off an incident by one wrong key.
STEPS_BACK: Final[Mapping[U, frozenset[U]]] = {
    U.ON_SCENE: _BEFORE_ARRIVAL,
    U.PATIENT_CONTACT: _ON_THE_SPOT,
    U.TRANSPORTING: _ON_THE_SPOT | {U.PATIENT_CONTACT},
    U.AT_HOSPITAL: _ON_THE_SPOT | {U.PATIENT_CONTACT, U.TRANSPORTING},
    U.MAYDAY: frozenset({U.STAGING}),
}
# Refused without a warning: it comes late or says what is known, and means no harm.
LATE_WORDS: Final = frozenset({U.ACKNOWLEDGED, U.DISPATCHED})

# What a unit without a task may say of itself.
OFF_TASK: Final = frozenset({U.OFF_DUTY, U.AVAILABLE, U.AVAILABLE_MOBILE, U.OUT_OF_SERVICE})

# Nothing happens to these any more by itself: no call joins, no unit is sent, no retry is made.
FINISHED: Final = frozenset({I.RESOLVED, I.CLOSED, I.CANCELLED, I.MERGED, I.HANDED_OVER})
# What a list of open incidents leaves out.
ENDED: Final = frozenset({I.CLOSED, I.CANCELLED, I.MERGED})

# What a unit's word means for its incident; other words leave the incident where it is.
UNIT_TRIGGERS: Final[Mapping[U, Trigger]] = {
    U.EN_ROUTE: T.UNIT_EN_ROUTE,
    U.ON_SCENE: T.UNIT_ON_SCENE,
    U.PATIENT_CONTACT: T.UNIT_ON_SCENE,
    U.TRANSPORTING: T.UNIT_ON_SCENE,
    U.AT_HOSPITAL: T.UNIT_ON_SCENE,
}


def next_incident(status: I, trigger: Trigger) -> I:
    """Where the trigger leads; raises IllegalTransition."""
    return _next("incident", INCIDENT, status, trigger)


def next_assignment(status: U, reported: U) -> U:
    """Where the crew's word leads; raises IllegalTransition."""
    return _next("assignment", ASSIGNMENT, status, reported)


def _next(what: str, table: Mapping[S, Mapping[W, S]], state: S, trigger: W) -> S:
    legal = table.get(state, {})
    if trigger not in legal:
        raise IllegalTransition(what, state.value, trigger.value, tuple(sorted(option.value for option in legal)))
    return legal[trigger]
