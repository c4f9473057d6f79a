"""The words of the field: how urgent, where an incident and a unit stand, what a unit is asked, what comes due."""

from enum import IntEnum, StrEnum


class Priority(IntEnum):
    """P0 (crew mayday, mass casualty) is the most urgent; lower number = sooner."""

    P0 = 0
    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    RECEIVED = "received"
    CLASSIFIED = "classified"
    VERIFIED = "verified"
    QUEUED = "queued"
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    UNDER_CONTROL = "under_control"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"
    HANDED_OVER = "handed_over"
    REOPENED = "reopened"


class UnitStatus(StrEnum):
    """What a unit does, and where it stands with a task."""

    OFF_DUTY = "off_duty"
    AVAILABLE = "available"
    AVAILABLE_MOBILE = "available_mobile"
    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    STAGING = "staging"
    ON_SCENE = "on_scene"
    PATIENT_CONTACT = "patient_contact"
    TRANSPORTING = "transporting"
    AT_HOSPITAL = "at_hospital"
    CLEAR = "clear"
    DELAYED = "delayed"
    DECLINED = "declined"
    OUT_OF_SERVICE = "out_of_service"
    MAYDAY = "mayday"


class LinkKind(StrEnum):
    """How an incident belongs to another. `dismissed` keeps a pair from being suggested again."""

    MERGED_INTO = "merged_into"
    MERGED_FROM = "merged_from"
    SPLIT_INTO = "split_into"
    SPLIT_FROM = "split_from"
    RELATED = "related"
    SUGGESTED = "suggested"
    DISMISSED = "dismissed"


class OrderKind(StrEnum):
    """What a unit is asked."""

    DISPATCH = "dispatch"
    STAND_DOWN = "stand_down"
    UPDATE = "update"
    REMIND = "remind"


class MessageState(StrEnum):
    """How far a message to a crew got, in rising rank."""

    # Handed to a channel, whether or not that ever confirms.
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"


class TimerKind(StrEnum):
    """What happens by itself when nobody says anything; the subject of each is an assignment's order."""

    ACKNOWLEDGE_REMIND = "acknowledge_remind"
    ACKNOWLEDGE_NEXT = "acknowledge_next"
    # No message has left yet: the crew is not silent, it knows of nothing.
    UNTOLD = "untold"
    STAND_DOWN_REMIND = "stand_down_remind"
    STAND_DOWN_ALERT = "stand_down_alert"
    CREW_SAFETY = "crew_safety"


class AlertKind(StrEnum):
    """What a supervisor has to see."""

    UNACKNOWLEDGED = "unacknowledged"
    NOBODY_LEFT = "nobody_left"
    UNTOLD = "untold"
    STAND_DOWN_UNCONFIRMED = "stand_down_unconfirmed"
    CREW_OVERDUE = "crew_overdue"
    MAYDAY = "mayday"
    MERGE_SUGGESTED = "merge_suggested"


class Ending(StrEnum):
    """Why a unit left an incident."""

    CLEAR = "clear"
    DECLINED = "declined"
    UNACKNOWLEDGED = "unacknowledged"
    DIVERTED = "diverted"
    STOOD_DOWN = "stood_down"
    OUT_OF_SERVICE = "out_of_service"
    # It goes on with the same order for another incident, and has served none of this one's needs.
    MOVED = "moved"
