"""What an operator's form may say beyond the call itself: calls back, tags, whether a number is safe."""

from collections.abc import Callable
from typing import Any

import pytest
from siaga.v1 import call_pb2
from siaga_intake.adapters import codec
from siaga_intake.core import doors
from siaga_intake.core.doors import Door
from siaga_intake.core.events import CallbackResult, CallerTag, Refusal

CALL = {"source": "asterisk/pbx1", "call_ref": "1"}


def test_it_survives_the_wire(events: Callable[..., Any]) -> None:
    told = {
        "callback": "not_needed",
        "callback_reason": "sudah dijemput",
        "caller_tags": ["child", "CHILD", "mental_health"],
    }
    (event,) = events("form", {**CALL, **told, "safe_to_contact": True})
    wire = call_pb2.CallEvent.FromString(codec.message(event).SerializeToString()).form
    assert (wire.callback, wire.callback_reason) == (call_pb2.CALLBACK_RESULT_NOT_NEEDED, "sudah dijemput")
    assert list(wire.caller_tags) == [call_pb2.CALLER_TAG_CHILD, call_pb2.CALLER_TAG_MENTAL_HEALTH]
    assert wire.safe_to_contact


def test_left_out_it_says_nothing(events: Callable[..., Any]) -> None:
    (event,) = events("form", {**CALL, "text": "ular"})
    assert (event.form.callback, event.form.caller_tags) == (CallbackResult.UNSPECIFIED, ())
    assert not event.form.safe_to_contact


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"callback": "not_needed"}, "callback_reason"),
        ({"callback": "later"}, "callback"),
        ({"caller_tags": ["rich"]}, "caller_tags"),
        ({"caller_tags": "child"}, "caller_tags"),
        ({"caller_tags": ["child"] * (len(CallerTag) + 1)}, "caller_tags"),
    ],
)
def test_what_cannot_be_taken_is_named(
    wrong: dict[str, object], field: str, door: Callable[[str], Door], origin: Any
) -> None:
    answer = doors.take(door("form"), {**CALL, **wrong}, origin)
    assert isinstance(answer, Refusal)
    assert answer.field == field
