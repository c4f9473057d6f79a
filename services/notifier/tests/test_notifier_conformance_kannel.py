"""The conformance suite through Kannel: where it does by itself what a case is about, the same must come of it for the crew."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest
from sms_conformance.cases import CASES, Case
from sms_conformance.kannel_peer import KannelPeer
from sms_conformance.running import run_all

pytestmark = [pytest.mark.peers, pytest.mark.timeout(180)]

# Kannel forgets a receipt that overtakes the answer to its message: the SMS arrives, and stays `submitted`.
RECEIPT_FORGOTTEN: Final[Mapping[str, Any]] = {"fate": None}
OTHERWISE: Final[Mapping[str, Mapping[str, Any]]] = {
    "receipt before the answer": RECEIPT_FORGOTTEN,
    "receipts of parts before the answers": RECEIPT_FORGOTTEN,
    # The line may end before Kannel has read the answer, and it sends what it knows no answer to once more.
    "late receipt, on another line": {"copies": (1, 2)},
    # It passes over commands that it does not know, where the standard asks for a refusal; what it has to send goes out.
    "command of no list": {"answers": ()},
}


def _cases() -> tuple[Case, ...]:
    return tuple(replace(case, **OTHERWISE.get(case.name, {})) for case in CASES)


@pytest.fixture(scope="module")
def results() -> dict[str, BaseException | None]:
    """What came of each case; they run side by side, for most of each is waiting."""
    return asyncio.run(run_all(KannelPeer(), _cases()))


def test_what_is_otherwise_is_a_case_of_the_suite() -> None:
    names = {case.name for case in CASES}
    assert set(OTHERWISE) <= names
    assert len(_cases()) >= 25


@pytest.mark.parametrize("name", [case.name for case in _cases()])
def test_through_kannel(results: dict[str, BaseException | None], name: str) -> None:
    failure = results[name]
    if failure is not None:
        raise failure
