"""The fold is a join-semilattice: order, repetition and batching of events change nothing."""

from dataclasses import fields, replace
from functools import reduce

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.adapters.state_codec import Published, SavedCall, StateError, decode, encode
from siaga_classifier.core.events import CallEvent, Fix, Form
from siaga_classifier.core.fold import MAX_DIGITS, MAX_MESSAGES, MAX_REPORTED, fold, join, state_of
from siaga_classifier.core.state import Callback, CallState, FormState, Mark
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

WORDS = st.sampled_from(["", "kebakaran rumah", "suami saya di sebelah", "wkwk", "Jl. Veteran"])
FIXES = st.none() | st.builds(
    Fix,
    st.sampled_from([-6.1, -6.12, 91.0, float("nan")]),
    st.sampled_from([106.1, 106.2]),
    st.sampled_from([0.0, 20.0, 500.0, 5_000.0, float("inf")]),
    st.sampled_from([0, 1, 1_050, 10**15]),
    st.sampled_from(["aml", "app", "operator", "cell"]),
    st.sampled_from(["", "GNSS", "Cell"]),
    st.sampled_from([0.0, 95.0, float("nan")]),
    st.sampled_from(["", "12"]),
)
FORMS = st.builds(
    Form, st.sampled_from(["", "op-01", "op-02"]), WORDS, WORDS, FIXES, st.sampled_from(["", "kdrt", "injury"]),
    st.sampled_from(Priority), st.sampled_from(Disposition), st.sampled_from(CallbackResult), WORDS,
    st.sampled_from([(), (CallerTag.CHILD,)]), st.booleans(),
)  # fmt: skip
TIMES = st.integers(1_000, 1_100)


@st.composite
def events(draw: st.DrawFn) -> CallEvent:
    kind = draw(st.sampled_from(EventKind))
    number = draw(st.sampled_from(["", "+6281", "+6282"]))
    return CallEvent(
        event_id=f"e{draw(st.integers(0, 10**6))}",
        call_id="c",
        tenant="36.73",
        kind=kind,
        event_at_ms=draw(TIMES),
        source="asterisk/pbx1",
        channel=draw(st.sampled_from(Channel)),
        caller_key=number and f"key{number[-1]}",
        caller_number=number,
        identity_trust=draw(st.sampled_from(IdentityTrust)),
        queue_left=draw(st.sampled_from(QueueLeft)),
        hangup_by=draw(st.sampled_from(HangupBy)),
        q850=draw(st.sampled_from([0, 16, 34])),
        operator=draw(st.sampled_from(["", "op-01", "op-03"])),
        digits=draw(st.sampled_from(["", "5", "1"])),
        text=draw(WORDS) if kind == EventKind.MESSAGE else "",
        form=draw(FORMS) if kind == EventKind.FORM else None,
        position=draw(FIXES),
        backfilled=draw(st.booleans()),
        test=draw(st.booleans()),
        civic=draw(st.sampled_from(["", "Jl. Mawar No. 3, Cipare, Kota Serang"])),
    )


# Ids tell events apart, so a stream has each id once; duplicates are the same event again.
STREAMS = st.lists(events(), min_size=1, max_size=12, unique_by=lambda event: event.event_id)


@given(events(), events(), events())
def test_join_is_commutative_associative_and_idempotent(one: CallEvent, two: CallEvent, three: CallEvent) -> None:
    a, b, c = state_of(one), state_of(two), state_of(three)
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c))
    assert join(a, a) == a


@given(STREAMS, st.data())
def test_any_order_duplication_and_cut_gives_the_same_state(stream: list[CallEvent], data: st.DataObject) -> None:
    expected = fold(None, stream)
    again = stream + data.draw(st.lists(st.sampled_from(stream), max_size=6))
    shuffled = data.draw(st.permutations(again))
    cuts = sorted(data.draw(st.lists(st.integers(1, len(shuffled)), max_size=3)))
    state: CallState | None = None
    for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True):
        if shuffled[start:end]:
            state = fold(state, shuffled[start:end])
            state = decode(encode(SavedCall(state))).state
    assert state == expected


@given(STREAMS, st.integers(0, 2**32 - 1), st.binary(max_size=12))
def test_a_saved_call_reads_back_as_it_was(stream: list[CallEvent], revision: int, digest: bytes) -> None:
    saved = SavedCall(fold(None, stream), Published(revision, digest, digest[::-1]))
    assert decode(encode(saved)) == saved


def test_every_field_of_the_state_survives_saving() -> None:
    fix = (1.0, 2.0, 3.0, 4, "s", "GNSS", 95.0, "12")
    said = ("op", "t", "a", fix, "kdrt", 2, 3, 3, 1)
    form = FormState(*[(1, "e", value) for value in said])
    numbers = range(5, 17)
    state = CallState(
        "36.73", "asterisk/pbx1", Channel.APP, *numbers, (11, 1, "+62", "k"), ((1, "5"),), ((1, "e", "x"),), (1, "op"),
        form, (3, 2, -3.0, fix), 18, 19, 20, ((21, "e", 1, "keliru", "op"),),
    )  # fmt: skip
    assert all(getattr(state, field.name) != field.default for field in fields(CallState))
    assert decode(encode(SavedCall(state))).state == state


@pytest.mark.parametrize(
    "value", [b"", b"\x00", encode(SavedCall(CallState("t"))).replace(b"\x96\x04", b"\x96\x05", 1)]
)
def test_bytes_of_another_kind_or_version_are_refused(value: bytes) -> None:
    with pytest.raises(StateError):
        decode(value)


def test_states_of_earlier_versions_are_read() -> None:
    fix = (-6.1, 106.1, 20.0, 5, "aml", "", 0.0, "")
    form = FormState(operator=(1, "e", "op-3"), position=(2, "e", fix), disposition=(2, "e", 1))
    state = CallState(
        "36.73", "asterisk/pbx1", Channel.APP, ringing_at_ms=7, marks=Mark.CALLED.value, form=form, fix=(2, 5, -20.0, fix),
        messaged_at_ms=8,
    )  # fmt: skip
    told = Published(3, b"a", b"b")
    _, wire, added, *published = msgspec.msgpack.decode(encode(SavedCall(state, told)))
    # No version before the fourth knew what a call is, nor of a fix more than five things.
    wire[14], wire[-1][3], wire[-2][3][2], third = 0, wire[-1][3][:5], wire[-2][3][2][:5], wire[-2]
    wire[-2] = third[:7]
    second = msgspec.msgpack.encode([2, wire, added[:2], *published])
    assert decode(second) == SavedCall(state, told)
    first = msgspec.msgpack.encode([1, wire, *published])
    assert decode(first) == SavedCall(replace(state, messaged_at_ms=0), told)
    wire[-2] = [*third[:7], (9, "f", 2), (9, "f", "sibuk"), (9, "f", 3), (9, "f", 1)]
    form = replace(form, caller_tags=(9, "f", 3), safe_to_contact=(9, "f", 1))
    state = replace(state, form=form, reported=((9, "f", 2, "sibuk", "op-3"),))
    assert decode(msgspec.msgpack.encode([3, wire, added[:2], *published])) == SavedCall(state, told)


def test_a_conversation_is_stale_until_the_next_message_in_any_order() -> None:
    def at(kind: EventKind, at_ms: int) -> CallEvent:
        return CallEvent(f"e{at_ms}", "c", "t", kind, at_ms, channel=Channel.WHATSAPP)

    first, quiet = at(EventKind.MESSAGE, 1_000), at(EventKind.SESSION_STALE, 1_300)
    later, again = at(EventKind.MESSAGE, 2_000), at(EventKind.SESSION_STALE, 2_300)
    assert not fold(None, [first]).is_stale
    assert fold(None, [quiet, first]).is_stale
    assert not fold(None, [later, quiet, first]).is_stale
    assert fold(None, [again, first, later, quiet]).is_stale
    assert fold(None, [quiet]).began_at_ms == 0


def test_the_state_stays_bounded_in_any_order() -> None:
    def keys(start: int) -> list[CallEvent]:
        return [
            CallEvent(f"e{at}", "c", "t", EventKind.MESSAGE, at, digits="1", text=f"pesan {at}")
            for at in range(start, start + 100)
        ]

    forward = reduce(join, map(state_of, keys(1) + keys(101)))
    backward = reduce(join, map(state_of, reversed(keys(1) + keys(101))))
    assert forward == backward
    assert len(forward.digits) == MAX_DIGITS
    assert forward.digits[0][0] == 1
    assert len(forward.messages) == MAX_MESSAGES
    assert forward.messages[-1][0] == 200


def test_forms_join_field_by_field_and_the_later_word_holds() -> None:
    early = CallEvent("e1", "c", "t", EventKind.FORM, 10, form=Form(address="Jl. A", disposition=Disposition.PRANK))
    late = CallEvent("e2", "c", "t", EventKind.FORM, 20, form=Form(operator="op-2", disposition=Disposition.EMERGENCY))
    state = fold(None, [late, early])
    assert (state.address, state.operator, state.disposition) == ("Jl. A", "op-2", Disposition.EMERGENCY)


def test_what_came_of_a_call_back_and_what_was_noted_of_the_caller() -> None:
    tried = CallEvent("e1", "c", "t", EventKind.FORM, 10, form=Form(callback=CallbackResult.NO_ANSWER))
    noted = Form(caller_tags=(CallerTag.CHILD, CallerTag.MENTAL_HEALTH), safe_to_contact=True)
    spoke = CallEvent(
        "e2",
        "c",
        "t",
        EventKind.FORM,
        20,
        form=replace(noted, callback=CallbackResult.NOT_NEEDED, callback_reason="salah pencet"),
    )
    state = fold(None, [spoke, tried])
    missed, settled = Callback(CallbackResult.NO_ANSWER, 10), Callback(CallbackResult.NOT_NEEDED, 20, "salah pencet")
    assert state.callbacks == (missed, settled)
    assert state.caller_tags == (CallerTag.CHILD, CallerTag.MENTAL_HEALTH)
    assert state.safe_to_contact
    later = [replace(tried, event_id=f"e{at}", event_at_ms=at) for at in range(30, 60)]
    many = fold(state, later).callbacks
    assert (len(many), many[0], many[-1].at_ms) == (MAX_REPORTED, settled, 59)
    assert not fold(None, [tried]).safe_to_contact


def test_an_address_of_the_network_holds_until_an_operator_says_another() -> None:
    stated = CallEvent("e1", "c", "t", EventKind.POSITION, 30, civic="Jl. Mawar No. 3, Cipare")
    typed = CallEvent("e2", "c", "t", EventKind.FORM, 10, form=Form(address="Jl. Melati"))
    other = CallEvent("e3", "c", "t", EventKind.FORM, 20, form=Form(disposition=Disposition.EMERGENCY))
    assert fold(None, [stated, other]).address == "Jl. Mawar No. 3, Cipare"
    assert fold(None, [stated, other, typed]).address == fold(None, [typed, stated]).address == "Jl. Melati"


def test_a_form_does_not_begin_a_call() -> None:
    assert fold(None, [CallEvent("e1", "c", "t", EventKind.FORM, 10, form=Form(text="x"))]).began_at_ms == 0


def test_the_best_number_is_a_number_then_the_most_trusted() -> None:
    def ring(event_id: str, number: str, trust: IdentityTrust) -> CallEvent:
        return CallEvent(
            event_id, "c", "t", EventKind.RINGING, 1, caller_number=number, caller_key=number and f"k{number}",
            identity_trust=trust,
        )  # fmt: skip

    anonymous = ring("e1", "", IdentityTrust.ANONYMOUS)
    weak, strong = ring("e2", "+629", IdentityTrust.UNVERIFIED), ring("e3", "+621", IdentityTrust.VERIFIED)
    assert fold(None, [anonymous, weak]).caller_number == "+629"
    assert fold(None, [strong, weak, anonymous]).caller_number == "+621"


def test_a_sharp_fix_outlives_a_newer_cell() -> None:
    sharp = CallEvent("e1", "c", "t", EventKind.POSITION, 10, position=Fix(-6.1, 106.1, 20, 10, "aml"))
    cell = CallEvent("e2", "c", "t", EventKind.POSITION, 20, position=Fix(-6.2, 106.2, 8_000, 20, "cell"))
    sharper = CallEvent("e3", "c", "t", EventKind.POSITION, 30, position=Fix(-6.3, 106.3, 30, 30, "aml"))
    found = fold(None, [cell, sharp]).best_fix
    assert found is not None
    assert found.source == "aml"
    assert fold(None, [sharper, cell, sharp]).best_fix == sharper.position


def test_nothing_to_fold_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs a state or an event"):
        fold(None, [])
