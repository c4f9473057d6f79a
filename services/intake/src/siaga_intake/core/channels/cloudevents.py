"""Canonical call events as CloudEvents: one that tells a whole call by its times `t` becomes an event for each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from siaga_intake.core import rules
from siaga_intake.core.events import (
    Channel,
    Defect,
    Disposition,
    Form,
    Hangup,
    HangupBy,
    Ignored,
    Kind,
    LeftReason,
    Position,
    Queue,
)  # fmt: skip
from siaga_intake.core.fields import Payload, Refused, choice, flag, located, needed, part, text, whole
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.times import moment, moment_or

_TYPE_PREFIX: Final = "id.siaga112.call."
_KINDS: Final[Mapping[str, Kind]] = {
    **{kind.name.lower(): kind for kind in Kind if kind},
    "received": Kind.RINGING,
    "started": Kind.RINGING,
}
# Times of a call, in their order, with what each one means.
TIMES: Final[Mapping[str, Kind]] = {
    "ring": Kind.RINGING,
    "ivr_enter": Kind.IVR_ENTERED,
    "ivr_confirm": Kind.IVR_CONFIRMED,
    "talk_detect": Kind.TALK_DETECTED,
    "queue_enter": Kind.QUEUE_JOINED,
    "queue_leave": Kind.QUEUE_LEFT,
    "answer": Kind.ANSWERED,
    "talk_end": Kind.TALK_ENDED,
    "end": Kind.ENDED,
}
# What an outcome claims beyond the times. It is never taken as the outcome itself: that is derived.
_DISPOSITIONS: Final[Mapping[str, Disposition]] = {
    "real": Disposition.EMERGENCY,
    "answered_prank": Disposition.PRANK,
    "ghost": Disposition.GHOST,
    "non_emergency": Disposition.NON_EMERGENCY,
    "misdirected": Disposition.MISDIRECTED,
    "test": Disposition.TEST,
}
_HANGUP_HINTS: Final[Mapping[str, HangupBy]] = {
    "hangup_by_caller": HangupBy.CALLER,
    "hangup_by_centre": HangupBy.CENTRE,
    "hangup_by_system": HangupBy.SYSTEM,
    "queue_timeout": HangupBy.SYSTEM,
}
_TRUSTED: Final = "verified"
_MAX_HINTS: Final = 50


def read(event: Payload, desk: Desk) -> Read:
    """Read one CloudEvent."""
    if text(event, "specversion") != "1.0":
        raise Refused("specversion", "must be 1.0")
    native_id, kind = needed(event, "id", "call_ref"), _kind(event)
    data = part(event, "data")
    if kind is None:
        return Ignored("unknown_event", text(event, "type"))
    if text(data, "direction", path="data.") == "outgoing":
        return Ignored("outgoing_call")
    channel = choice(data, "channel", Channel, "data.") or Channel.VOICE
    switch = part(data, "switch", "data.")
    call_ref = text(switch, "call_ref", "call_ref", "data.switch.") or text(event, "subject", "call_ref")
    if not call_ref:
        raise Refused("data.switch.call_ref", "missing, and there is no subject either")
    call = _Call(event, data, desk, kind, call_ref)
    happenings = tuple(call.happenings())
    source_kind = text(switch, "kind", "code", "data.switch.") or _default_kind(channel)
    return Reading(
        happenings,
        instance=_instance(event, source_kind),
        source_kind=source_kind,
        channel=channel,
        native_id=native_id,
        tenant=text(data, "tenant", "code", "data."),
        backfilled=flag(data, "backfilled"),
        test=flag(data, "test") or text(data, "outcome", "code", "data.") == "test",
        defects=call.located("events", 0)[1],
    )


def _kind(event: Payload) -> Kind | None:
    name = needed(event, "type")
    if not name.startswith(_TYPE_PREFIX):
        return None
    return _KINDS.get(name.removeprefix(_TYPE_PREFIX).partition(".")[0])


def _default_kind(channel: Channel) -> str:
    return "events" if channel is Channel.VOICE else channel.name.lower()


def _instance(event: Payload, kind: str) -> str:
    """`pbx1` of a source like `intake/asterisk/pbx1`."""
    before, found, instance = needed(event, "source").rpartition(f"{kind}/")
    return instance if found and (not before or before.endswith("/")) else ""


@dataclass(frozen=True, slots=True)
class _Call:
    event: Payload
    data: Payload
    desk: Desk
    kind: Kind
    call_ref: str

    def happenings(self) -> Iterator[Happening]:
        at_ms = moment_or(self.event, "time", self.desk.arrived_at_ms)
        times = part(self.data, "t", "data.")
        seen = {
            kind: moment(times, name, self.desk.arrived_at_ms, "data.t.")
            for name, kind in TIMES.items()
            if name in times
        }
        if seen.get(self.kind) is None:
            seen[self.kind] = at_ms
        for kind, when in seen.items():
            if when is not None:
                yield self._happening(kind, when)
        form = self._claimed(at_ms)
        if form is not None and seen.get(Kind.ANSWERED) is not None and self.kind is not Kind.FORM:
            yield Happening(Kind.FORM, self.call_ref, at_ms, form=form, operator=form.operator)

    def _happening(self, kind: Kind, at_ms: int) -> Happening:
        data = self.data
        called, operator = text(data, "called", "number", "data."), text(data, "operator", path="data.")
        queue = self._queue() if kind in (Kind.QUEUE_JOINED, Kind.QUEUE_LEFT, Kind.ANSWERED) else None
        hangup = self._hangup() if kind in (Kind.ENDED, Kind.TALK_ENDED) else None
        digits = text(data, "digits", "digits", "data.") if kind is Kind.IVR_INPUT else ""
        form = self._claimed(at_ms) or Form(operator) if kind is Kind.FORM else None
        # A message or a position belongs to the event that came with it, not to every time it tells.
        own = kind is self.kind
        said = text(data, "text", "text", "data.") if own else ""
        return Happening(
            kind, self.call_ref, at_ms, self._identity(), called, queue, hangup, operator, digits, form, said,
            self.located("events", at_ms)[0] if own else None,
        )  # fmt: skip

    def located(self, source: str, at_ms: int) -> tuple[Position | None, tuple[Defect, ...]]:
        """The position that came along, by the source it names, else by this one."""
        where, path = part(self.data, "position", "data."), "data.position."
        found, defects = located(where, text(where, "source", "code", path) or source, at_ms, path)
        if found is None:
            return None, defects
        method, floor = text(where, "method", "code", path), text(where, "floor", path=path)
        return replace(found, method=method, floor=floor), defects

    def _identity(self) -> Identity | None:
        caller = part(self.data, "caller", "data.")
        if not caller:
            return None
        number, trust = (
            text(caller, "number", "number", "data.caller."),
            text(caller, "identity_trust", "code", "data.caller."),
        )
        if trust in ("no_sim", "anonymous"):
            return Identity(trust)
        verstat = text(caller, "verstat", path="data.caller.")
        return Identity(number, verified=trust == _TRUSTED, self_declared=trust == "unverified", verstat=verstat)

    def _queue(self) -> Queue | None:
        queue = part(self.data, "queue", "data.")
        left = choice(queue, "left_reason", LeftReason, "data.queue.") or LeftReason.UNSPECIFIED
        if left is LeftReason.UNSPECIFIED and text(self.data, "outcome", "code", "data.") == "unserved":
            left = LeftReason.TIMEOUT
        return Queue(
            text(queue, "name", path="data.queue."),
            left,
            whole(queue, "hold_ms", rules.MAX_DURATION_S * 1000, "data.queue."),
        )

    def _hangup(self) -> Hangup:
        hangup = part(self.data, "hangup", "data.")
        by = choice(hangup, "by", HangupBy, "data.hangup.") or self._hinted()
        q850 = whole(hangup, "q850", rules.LARGEST_Q850, "data.hangup.")
        status = whole(hangup, "sip_status", rules.LARGEST_SIP_STATUS, "data.hangup.")
        return Hangup(by, q850, status, text(hangup, "reason", path="data.hangup."))

    def _hinted(self) -> HangupBy:
        basis = self.data.get("outcome_basis")
        for hint in basis[:_MAX_HINTS] if isinstance(basis, list) else ():
            if isinstance(hint, str) and hint in _HANGUP_HINTS:
                return _HANGUP_HINTS[hint]
        unserved = text(self.data, "outcome", "code", "data.") == "unserved"
        return HangupBy.SYSTEM if unserved else HangupBy.UNSPECIFIED

    def _claimed(self, at_ms: int) -> Form | None:
        """What an operator found, as `disposition` says or the outcome implies."""
        told = choice(self.data, "disposition", Disposition, "data.")
        found = told or _DISPOSITIONS.get(text(self.data, "outcome", "code", "data."))
        if found is None:
            return None
        where, _ = located(part(self.data, "position", "data."), "operator", at_ms, "data.position.")
        operator, said = text(self.data, "operator", path="data."), text(self.data, "text", "text", "data.")
        return Form(operator, said, text(self.data, "address", "address", "data."), where, disposition=found)
