"""The conformance suite against smpp34's server."""

import asyncio

import pytest
from sms_conformance.cases import CASES, Case
from sms_conformance.running import run_all
from sms_conformance.smpp_peers import Smpp34


@pytest.fixture(scope="module")
def results() -> dict[str, BaseException | None]:
    return asyncio.run(run_all(Smpp34(), CASES))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_conformance(case: Case, results: dict[str, BaseException | None]) -> None:
    failure = results[case.name]
    if failure is not None:
        raise failure
