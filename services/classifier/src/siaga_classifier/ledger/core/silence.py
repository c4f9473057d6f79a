"""Ghost calls: never abuse, but again and again within an hour they may be somebody in need who cannot speak."""

from dataclasses import replace

from siaga_classifier.ledger.core.entries import GHOST, Entry
from siaga_classifier.ledger.core.model import Mark, Silence, Standing, State
from siaga_classifier.ledger.core.passing import is_shared
from siaga_classifier.ledger.core.policy import GHOST_WINDOW_MS, Policy


def heard_nothing(standing: Standing, entry: Entry, policy: Policy) -> Standing:
    """The standing after a call that may be a ghost call.

    From the policy's number of them in an hour on: screened until the centre's midnight, so that the prompt for the
    silent (any key, a cough) is played, and a supervisor is told to look after the caller.
    """
    rules = policy.at(entry.event_at_ms)
    if entry.outcome != GHOST or not rules.ghost_screen_at:
        return standing
    silence = standing.silence
    start_ms = entry.event_at_ms - GHOST_WINDOW_MS
    ghosts_ms = (*[at_ms for at_ms in silence.ghosts_ms if at_ms > start_ms], entry.event_at_ms)
    # No more are needed to know that it is enough.
    silence = replace(silence, ghosts_ms=ghosts_ms[-rules.ghost_screen_at :])
    if len(silence.ghosts_ms) < rules.ghost_screen_at:
        return replace(standing, silence=silence)
    welfare = silence.welfare if silence.welfare.at_ms else Mark(entry.event_at_ms, entry.call_id)
    screened = not (entry.backfilled or is_shared(standing, policy) or standing.state is State.LIFTED)
    until_ms = policy.day_end_ms(entry.event_at_ms) if screened else silence.screen_until_ms
    return replace(standing, silence=replace(silence, welfare=welfare, screen_until_ms=until_ms))


def heard(silence: Silence) -> Silence:
    """After somebody was helped, or asked in confidence, nothing of the silence before is acted on."""
    return silence if silence == Silence() else Silence()
