"""Canonical call events as the core sees them."""

from dataclasses import dataclass

from siaga_classifier.core.vocabulary import (
    CallbackResult,
    CallerTag,
    Channel,
    Disposition,
    EventKind,
    HangupBy,
    IdentityTrust,
    Priority,
    QueueLeft,
)


@dataclass(frozen=True, slots=True)
class Fix:
    """One position as one source gave it. `radius_m` 0 = uncertainty not stated."""

    lat: float
    lon: float
    radius_m: float = 0.0
    fixed_at_ms: int = 0
    source: str = ""
    # In the words of RFC 4119 (GNSS, Cell, Wifi, …).
    method: str = ""
    # Probability that the true place lies within the radius; 0 = not told.
    confidence_percent: float = 0.0
    # As told: in a high-rise many are at one point.
    floor: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The operator's form; an empty field says nothing."""

    operator: str = ""
    text: str = ""
    address: str = ""
    position: Fix | None = None
    type: str = ""
    priority: Priority = Priority.UNSPECIFIED
    disposition: Disposition = Disposition.UNSPECIFIED
    callback: CallbackResult = CallbackResult.UNSPECIFIED
    callback_reason: str = ""
    caller_tags: tuple[CallerTag, ...] = ()
    safe_to_contact: bool = False


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One thing that happened on a call."""

    event_id: str
    call_id: str
    tenant: str
    kind: EventKind
    event_at_ms: int
    source: str = ""
    channel: Channel = Channel.UNSPECIFIED
    caller_key: str = ""
    caller_number: str = ""
    identity_trust: IdentityTrust = IdentityTrust.UNSPECIFIED
    queue_left: QueueLeft = QueueLeft.UNSPECIFIED
    hangup_by: HangupBy = HangupBy.UNSPECIFIED
    q850: int = 0
    operator: str = ""
    digits: str = ""
    text: str = ""
    form: Form | None = None
    position: Fix | None = None
    backfilled: bool = False
    test: bool = False
    # The caller's address in Indonesia as the network states it, in one line.
    civic: str = ""
    # Two different numbers were shown for the caller.
    caller_contradicted: bool = False
