"""Who calls, and how far the number can be believed; and the sources' names."""

import pytest
from siaga_contracts import callers
from siaga_intake.core.centre import Centre, plain
from siaga_intake.core.events import Trust
from siaga_intake.core.happening import Identity
from siaga_intake.core.identity import caller

SECRET = b"secret of the tests"
NUMBER = "+6281234567890"


@pytest.mark.parametrize(
    ("identity", "number", "trust"),
    [
        (Identity(NUMBER), NUMBER, Trust.ASSERTED),
        (Identity("081234567890"), NUMBER, Trust.ASSERTED),
        (Identity("6281234567890"), NUMBER, Trust.ASSERTED),
        (Identity("0254-200112"), "+62254200112", Trust.ASSERTED),
        (Identity("anonymous", "<tel:+6281234567890>"), NUMBER, Trust.ASSERTED),
        (Identity("", '"Budi" <sip:+6281234567890@trunk.example;user=phone>'), NUMBER, Trust.ASSERTED),
        (Identity("sip:%2B6281234567890@10.0.0.5"), NUMBER, Trust.ASSERTED),
        (Identity(NUMBER, "tel:+6281234567890", NUMBER), NUMBER, Trust.ASSERTED),
        (Identity(NUMBER, "tel:+6281234567890", "anonymous"), NUMBER, Trust.ASSERTED),
        (Identity("08111", "tel:+6281234567890", "+628111111111"), NUMBER, Trust.UNVERIFIED),
        (Identity(NUMBER, self_declared=True), NUMBER, Trust.UNVERIFIED),
        (Identity(NUMBER, verified=True), NUMBER, Trust.VERIFIED),
        (Identity(""), "", Trust.ANONYMOUS),
        (Identity("Anonymous"), "", Trust.ANONYMOUS),
        (Identity("<unknown>"), "", Trust.ANONYMOUS),
        (Identity("353472104343540"), "", Trust.NO_SIM),
        (Identity("861234567890123"), "", Trust.NO_SIM),
        (Identity("urn:gsma:imei:35347210-434354-0"), "", Trust.NO_SIM),
        (Identity("sip:353472104343540@trunk.example"), "", Trust.NO_SIM),
        (Identity("no-sim"), "", Trust.NO_SIM),
        (Identity("1017"), "", Trust.UNVERIFIED),
        (Identity("7trunk"), "", Trust.UNVERIFIED),
    ],
)
def test_caller(identity: Identity, number: str, trust: Trust) -> None:
    found = caller(identity, "36.73", SECRET)
    assert (found.number, found.trust) == (number, trust)
    assert found.key == (callers.caller_key(SECRET, "36.73", number) if number else "")


def test_keys_differ_by_tenant_and_secret() -> None:
    keys = {
        caller(Identity(NUMBER), *where).key for where in (("36.73", SECRET), ("32.14", SECRET), ("36.73", b"other"))
    }
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("configured", "named", "source"),
    [
        (("pbx1",), "", "asterisk/pbx1"),
        (("pbx1",), "pbx1", "asterisk/pbx1"),
        (("pbx1",), "asterisk/pbx1", "asterisk/pbx1"),
        (("pbx1",), "some-host", "asterisk/pbx1"),
        (("pbx1", "pbx2"), "pbx2", "asterisk/pbx2"),
        (("pbx1", "pbx2"), "", "asterisk/pbx1"),
        (("pbx1", "pbx2"), "pbx9", "asterisk/pbx9"),
        ((), "pbx9", "asterisk/pbx9"),
        ((), "", "asterisk/1"),
    ],
)
def test_source_of_a_name(configured: tuple[str, ...], named: str, source: str) -> None:
    assert Centre("36.73", {"asterisk": configured}).source("asterisk", named) == source


def test_plain_names() -> None:
    assert plain("op-03") == plain("OP03") == plain("op 03") == "op03"
