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


_ENDINGS: Final[Mapping[Trigger, I]] = {
    T.CANCEL: I.CANCELLED,
    T.MERGE: I.MERGED,
    T.HAND_OVER: I.HANDED_OVER,
}

INCIDENT: Final[Mapping[I, Mapping[Trigger, I]]] = {
    I.RECEIVED: {T.CLASSIFY: I.CLASSIFIED, **_ENDINGS},
    I.CLASSIFIED: {T.VERIFY: I.VERIFIED, **_ENDINGS},
    I.VERIFIED: {T.QUEUE: I.QUEUED, T.ASSIGN: I.DISPATCHED, T.RESOLVE: I.RESOLVED, **_ENDINGS},
    I.QUEUED: {T.QUEUE: I.QUEUED, T.ASSIGN: I.DISPATCHED, T.RESOLVE: I.RESOLVED, **_ENDINGS},
    I.DISPATCHED: {
        T.ASSIGN: I.DISPATCHED,
        T.QUEUE: I.QUEUED,
        T.UNIT_EN_ROUTE: I.EN_ROUTE,
        T.UNIT_ON_SCENE: I.ON_SCENE,
        T.ALL_CLEAR: I.RESOLVED,
        T.RESOLVE: I.RESOLVED,
        **_ENDINGS,
    },
    I.EN_ROUTE: {
        T.ASSIGN: I.EN_ROUTE,
        T.QUEUE: I.QUEUED,
        T.UNIT_EN_ROUTE: I.EN_ROUTE,
        T.UNIT_ON_SCENE: I.ON_SCENE,
        T.ALL_CLEAR: I.RESOLVED,
        T.RESOLVE: I.RESOLVED,
        **_ENDINGS,
    },
    I.ON_SCENE: {
        T.ASSIGN: I.ON_SCENE,
        T.QUEUE: I.QUEUED,
        T.UNIT_EN_ROUTE: I.ON_SCENE,
        T.UNIT_ON_SCENE: I.ON_SCENE,
        T.UNDER_CONTROL: I.UNDER_CONTROL,
        T.ALL_CLEAR: I.RESOLVED,
        T.RESOLVE: I.RESOLVED,
        **_ENDINGS,
    },
    I.UNDER_CONTROL: {
        T.ASSIGN: I.UNDER_CONTROL,
        T.QUEUE: I.QUEUED,
        T.UNIT_EN_ROUTE: I.UNDER_CONTROL,
        T.UNIT_ON_SCENE: I.UNDER_CONTROL,
        T.ALL_CLEAR: I.RESOLVED,
        T.RESOLVE: I.RESOLVED,
        **_ENDINGS,
    },
    I.RESOLVED: {T.CLOSE: I.CLOSED, T.REOPEN: I.REOPENED},
    I.CLOSED: {T.REOPEN: I.REOPENED},
    # A wrong cancellation of a real incident must be reparable under its own ticket.
    I.CANCELLED: {T.REOPEN: I.REOPENED},
    I.MERGED: {},
    I.HANDED_OVER: {T.CLOSE: I.CLOSED, T.REOPEN: I.REOPENED},
    I.REOPENED: {T.QUEUE: I.QUEUED, T.ASSIGN: I.DISPATCHED, T.RESOLVE: I.RESOLVED, **_ENDINGS},
}

# Crews may skip steps forward (a crew that types only "arrived" has arrived); none may go back.
_ARRIVED: Final = {status: status for status in (U.PATIENT_CONTACT, U.TRANSPORTING, U.AT_HOSPITAL, U.CLEAR)}
_LEAVE: Final = {status: status for status in (U.DECLINED, U.OUT_OF_SERVICE, U.CLEAR, U.MAYDAY)}
_ON_THE_WAY: Final = {U.STAGING: U.STAGING, U.ON_SCENE: U.ON_SCENE, U.DELAYED: U.DELAYED, **_ARRIVED, **_LEAVE}
_AT_WORK: Final = {U.CLEAR: U.CLEAR, U.OUT_OF_SERVICE: U.OUT_OF_SERVICE, U.MAYDAY: U.MAYDAY}

ASSIGNMENT: Final[Mapping[U, Mapping[U, U]]] = {
    U.DISPATCHED: {U.ACKNOWLEDGED: U.ACKNOWLEDGED, U.EN_ROUTE: U.EN_ROUTE, **_ON_THE_WAY},
    U.ACKNOWLEDGED: {U.EN_ROUTE: U.EN_ROUTE, **_ON_THE_WAY},
    U.EN_ROUTE: dict(_ON_THE_WAY),
    U.DELAYED: {U.EN_ROUTE: U.EN_ROUTE, U.STAGING: U.STAGING, U.ON_SCENE: U.ON_SCENE, **_ARRIVED, **_LEAVE},
    U.STAGING: {U.EN_ROUTE: U.EN_ROUTE, U.ON_SCENE: U.ON_SCENE, **_ARRIVED, **_LEAVE},
    U.ON_SCENE: {**_ARRIVED, **_AT_WORK},
    U.PATIENT_CONTACT: {U.TRANSPORTING: U.TRANSPORTING, U.AT_HOSPITAL: U.AT_HOSPITAL, **_AT_WORK},
    U.TRANSPORTING: {U.AT_HOSPITAL: U.AT_HOSPITAL, **_AT_WORK},
    U.AT_HOSPITAL: dict(_AT_WORK),
    # A crew in distress may recover to any stage of its work.
    U.MAYDAY: {U.EN_ROUTE: U.EN_ROUTE, U.ON_SCENE: U.ON_SCENE, **_ARRIVED, U.OUT_OF_SERVICE: U.OUT_OF_SERVICE},
    U.CLEAR: {},
    U.DECLINED: {},
}

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
