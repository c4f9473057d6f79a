"""How long an SMS centre is waited for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds; other values than these are for tests."""

    connect_s: float = 5.0
    # A centre that has not answered by then has lost it, or us; whether the message went out is then unknown.
    response_s: float = 10.0
    # An idle line that a firewall has forgotten looks like a quiet one: ask, before an order finds out.
    enquire_every_s: float = 15.0
    # The first part of a phone's long message is answered by then, though the others have not come: a centre may offer
    # them one by one.
    part_s: float = 1.0
    # What is there of a long message by then is handed on: half a word of a crew is better than none.
    rest_of_message_s: float = 60.0
