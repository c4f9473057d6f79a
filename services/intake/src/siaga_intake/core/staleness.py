"""A written conversation that has gone quiet: it is said to be stale, so that somebody looks, and is never closed for it.

The wall clock only says when to look. What is said follows from the last message alone, so that several processes of intake,
or one after a restart, say the same thing, which is one event.
"""

from dataclasses import dataclass
from typing import Final

from siaga_contracts import ids

from siaga_intake.core.events import CallEvent, Channel, Kind

# Where people write to and fro. A report from the app or of SP4N-LAPOR is said in one piece and waits for no answer.
CONVERSATIONS: Final = frozenset({Channel.WHATSAPP, Channel.SMS})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation under way: its latest message, and when it will be stale if no other comes."""

    tenant: str
    source: str
    call_ref: str
    call_id: str
    channel: Channel
    # The latest message.
    event_id: str
    at_ms: int
    stale_after_ms: int
    # By the wall clock.
    due_ms: int
    test: bool = False


def waiting(event: CallEvent, stale_after_ms: int, now_ms: int) -> Waiting | None:
    """The wait that an event begins; None when it is no message of a conversation."""
    if event.kind is not Kind.MESSAGE or event.channel not in CONVERSATIONS or event.backfilled:
        return None
    return Waiting(
        event.tenant,
        event.source,
        event.call_ref,
        event.call_id,
        event.channel,
        event.event_id,
        event.event_at_ms,
        stale_after_ms,
        now_ms + stale_after_ms,
        event.test,
    )


def stale(quiet: Waiting, now_ms: int) -> CallEvent:
    """That this conversation is stale, in event time: so long after its latest message."""
    return CallEvent(
        event_id=ids.event_id(quiet.tenant, quiet.source, f"{quiet.event_id}:{Kind.SESSION_STALE.name}"),
        call_id=quiet.call_id,
        tenant=quiet.tenant,
        source=quiet.source,
        call_ref=quiet.call_ref,
        channel=quiet.channel,
        kind=Kind.SESSION_STALE,
        event_at_ms=quiet.at_ms + quiet.stale_after_ms,
        received_at_ms=now_ms,
        caller=None,
        called="",
        queue=None,
        hangup=None,
        operator="",
        digits="",
        form=None,
        text="",
        position=None,
        backfilled=False,
        test=quiet.test,
    )
