"""What a person may command, and how a command is refused."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from siaga_dispatcher.core.values import Priority

# Closing needs one of these; `false_report` is not a prank: a false alarm in good faith is never abuse.
DISPOSITIONS: Final = (
    "handled", "transported", "false_report", "duplicate", "cancelled_before_arrival",
    "referred", "no_action", "patient_refused", "died_on_scene",
)  # fmt: skip


class Action(StrEnum):
    """What may be commanded."""

    SET_PRIORITY = "set_priority"
    UNDER_CONTROL = "under_control"
    RESOLVE = "resolve"
    CLOSE = "close"
    CANCEL = "cancel"
    REOPEN = "reopen"
    ASSIGN = "assign"
    STAND_DOWN = "stand_down"
    MERGE = "merge"
    UNMERGE = "unmerge"
    SPLIT = "split"
    LINK = "link"
    UNLINK = "unlink"
    DISMISS = "dismiss"
    CLASSIFY = "classify"
    HAND_OVER = "hand_over"


class CommandRefused(Exception):  # noqa: N818  (an answer to whoever asked, not a fault)
    """The command cannot be done now; `code` is for programs, the text for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Command:
    """One command, its fields already validated. `unit_id` empty = the nearest suitable unit, or of `unit_kind` if that is said.

    `call_ids` are those to split off, `type` is that of CLASSIFY or of the incident that SPLIT opens.
    """

    command_id: str
    action: Action
    actor: str
    reason: str = ""
    disposition: str = ""
    priority: Priority | None = None
    unit_id: str = ""
    target_incident_id: str = ""
    call_ids: tuple[str, ...] = ()
    type: str = ""
    unit_kind: str = ""
