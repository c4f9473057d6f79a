"""Everything the dispatcher decides, by what it is told: an assessment, a crew's report, a command, a timer, news of a message.

Each is a pure function of loaded values to a `Decision`: what to write all or nothing, and what becomes known by it.
A decision may ask for a wider `search`; the caller loads more units and asks again with the same arguments.
"""

from siaga_dispatcher.core.assessments import on_assessment
from siaga_dispatcher.core.commands import on_command
from siaga_dispatcher.core.decision import Decision
from siaga_dispatcher.core.messages import on_not_delivered, on_progress, on_unacknowledged
from siaga_dispatcher.core.reports import on_unit_report
from siaga_dispatcher.core.timers import on_timer, with_timers
from siaga_dispatcher.core.waiting import on_unit_free

__all__ = [
    "Decision", "on_assessment", "on_command", "on_not_delivered", "on_progress", "on_timer", "on_unacknowledged",
    "on_unit_free", "on_unit_report", "with_timers",
]  # fmt: skip
