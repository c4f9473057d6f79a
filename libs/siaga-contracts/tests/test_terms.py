"""Our plain words and the contracts' enumerations are the same, name by name and number by number."""

import re
from enum import IntEnum
from typing import Any

import pytest
from siaga.v1 import call_pb2, common_pb2, unit_pb2
from siaga_contracts import terms

PAIRS: list[tuple[type[IntEnum], Any]] = [
    (terms.CallEventKind, call_pb2.CallEventKind),
    (terms.Channel, call_pb2.Channel),
    (terms.IdentityTrust, common_pb2.IdentityTrust),
    (terms.HangupBy, call_pb2.HangupBy),
    (terms.QueueLeftReason, call_pb2.QueueLeftReason),
    (terms.Disposition, call_pb2.Disposition),
    (terms.CallbackResult, call_pb2.CallbackResult),
    (terms.CallerTag, call_pb2.CallerTag),
    (terms.Priority, common_pb2.Priority),
    (terms.UnitStatus, unit_pb2.UnitStatus),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda each: getattr(each, "__name__", ""))
def test_every_word_is_the_contracts_word(ours: type[IntEnum], theirs: Any) -> None:
    prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", ours.__name__).upper()
    assert {f"{prefix}_{word.name}": word.value for word in ours} == dict(theirs.items())


def test_no_word_is_left_out_here() -> None:
    named = {each for each in vars(terms).values() if isinstance(each, type) and issubclass(each, IntEnum)}
    assert named - {IntEnum} == {ours for ours, _ in PAIRS}
