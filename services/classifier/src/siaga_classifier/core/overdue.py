"""After which silence a call is overdue: positions that no call came to, and calls whose end was lost."""

from typing import Final

from siaga_classifier.core.state import CallState, Mark
from siaga_classifier.core.vocabulary import Channel, Disposition

# The network tells a position within half a minute of its call; whoever sent one and is not on the line by now may be
# unable to call. Without it such a position is nobody's for ever.
LONE_POSITION_MS: Final = 3 * 60_000
# No call for help goes on for so long without an event; before it, an end that a spool brings late would find the call
# judged already. Without it a call whose end was lost is under way for ever.
END_LOST_MS: Final = 3 * 3_600_000


def overdue_after_ms(state: CallState) -> int:
    """How long after the latest event the call is overdue; 0 = it waits for nothing."""
    if state.is_drill or state.disposition is not Disposition.UNSPECIFIED or state.ended_at_ms:
        return 0
    # Of written ones intake says when they have gone quiet, and a person looks at them anyway.
    if state.messages or state.channel > Channel.VOICE:
        return 0
    if state.is_position_only:
        return 0 if state.marks & Mark.MERGED or state.overdue_at_ms else LONE_POSITION_MS
    return 0 if state.is_overdue else END_LOST_MS
