"""Who calls, and how far the number can be believed; and the sources' names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
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
        # Every way of writing an Indonesian number.
        (Identity("+62 (0)812 3456 7890"), NUMBER, Trust.ASSERTED),
        (Identity("0812.3456.7890"), NUMBER, Trust.ASSERTED),
        (Identity("8" + NUMBER[4:]), NUMBER, Trust.ASSERTED),
        (Identity("021-5550112"), "+62215550112", Trust.ASSERTED),
        (Identity("(021) 555 0112"), "+62215550112", Trust.ASSERTED),
        (Identity("00" + NUMBER[1:]), NUMBER, Trust.ASSERTED),
        # A tel address says where a number belongs that is not whole.
        (Identity("tel:5550112;phone-context=+6221"), "+62215550112", Trust.ASSERTED),
        (Identity("tel:81234567890;phone-context=+62"), NUMBER, Trust.ASSERTED),
        (Identity("<tel:081234567890;phone-context=+62>"), NUMBER, Trust.ASSERTED),
        (Identity("tel:100;phone-context=pbx.example"), "", Trust.UNVERIFIED),
        (Identity("tel:+6281234567890,tel:+628111111111"), NUMBER, Trust.ASSERTED),
        (Identity("sip:+6281234567890:secret@trunk.example"), NUMBER, Trust.ASSERTED),
        (Identity("+6281234567890;user=phone"), NUMBER, Trust.ASSERTED),
        # Of other countries.
        (Identity("+14155552671"), "+14155552671", Trust.ASSERTED),
        (Identity("0060123456789"), "+60123456789", Trust.ASSERTED),
        (Identity("00162812345678"), "+62812345678", Trust.ASSERTED),
        (Identity("0014155552671"), "+14155552671", Trust.ASSERTED),
        # Extensions, agents and services are nobody's number.
        (Identity("100"), "", Trust.UNVERIFIED),
        (Identity("op03"), "", Trust.UNVERIFIED),
        (Identity("112"), "", Trust.UNVERIFIED),
        (Identity("+62112"), "", Trust.UNVERIFIED),
        (Identity("62112"), "", Trust.UNVERIFIED),
        (Identity("14022"), "", Trust.UNVERIFIED),
        (Identity("PJSIP/100"), "", Trust.UNVERIFIED),
        # Whoever withholds the number withholds it from the called, not from the emergency centre: the network still says.
        (Identity("sip:anonymous@anonymous.invalid"), "", Trust.ANONYMOUS),
        (Identity("Private Number"), "", Trust.ANONYMOUS),
        (Identity("anonymous", f"<tel:{NUMBER}>", "sip:anonymous@anonymous.invalid"), NUMBER, Trust.ASSERTED),
        (Identity("anonymous", "<sip:unavailable@unknown.invalid>", "anonymous"), "", Trust.ANONYMOUS),
        # A device without a SIM, in the spellings of networks; a number beside a device's name is the caller's.
        (Identity("<urn:gsma:imei:35347210-434354-0>"), "", Trust.NO_SIM),
        (Identity("URN:GSMA:IMEI:35347210-434354-0;svn=42"), "", Trust.NO_SIM),
        (Identity("sip:urn%3Agsma%3Aimei%3A35347210-434354-0@sos.example"), "", Trust.NO_SIM),
        (Identity("imei:353472104343540"), "", Trust.NO_SIM),
        (Identity("sip:510101234567890@ims.mnc010.mcc510.3gppnetwork.org"), "", Trust.NO_SIM),
        (Identity(f'<sip:{NUMBER}@x>;+sip.instance="<urn:gsma:imei:35347210-434354-0>"'), NUMBER, Trust.ASSERTED),
        # What the network found when it checked.
        (Identity(NUMBER, verstat="TN-Validation-Passed"), NUMBER, Trust.VERIFIED),
        (Identity(NUMBER, verstat="tn-validation-passed-A"), NUMBER, Trust.VERIFIED),
        (Identity(NUMBER, verstat="TN-Validation-Passed-B"), NUMBER, Trust.ASSERTED),
        (Identity(NUMBER, verstat="TN-Validation-Passed-C"), NUMBER, Trust.ASSERTED),
        (Identity(NUMBER, verstat="No-TN-Validation"), NUMBER, Trust.ASSERTED),
        (Identity(NUMBER, verstat="TN-Validation-Failed"), NUMBER, Trust.UNVERIFIED),
        (Identity(NUMBER, verstat="TN-Validation-Failed-A"), NUMBER, Trust.UNVERIFIED),
        (Identity(NUMBER, NUMBER, "+628111111111", verstat="TN-Validation-Passed"), NUMBER, Trust.VERIFIED),
        (Identity(NUMBER, NUMBER, "+628111111111", verstat="No-TN-Validation"), NUMBER, Trust.UNVERIFIED),
        (Identity("anonymous", verstat="TN-Validation-Passed"), "", Trust.ANONYMOUS),
    ],
)
def test_caller(identity: Identity, number: str, trust: Trust) -> None:
    found = caller(identity, "36.73", SECRET)
    assert (found.number, found.trust) == (number, trust)
    assert found.key == (callers.caller_key(SECRET, "36.73", number) if number else "")


ADDRESSES = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"\A(\"[^\"]{0,5}\" )?<?(sips?|tel|urn):[+0-9a-z%:;,@.=-]{0,40}>?\Z"),
    st.from_regex(r"\A[+0(]{0,3}[0-9][0-9 ().-]{3,20}\Z"),
)


@given(st.builds(Identity, ADDRESSES, ADDRESSES, ADDRESSES, st.booleans(), st.booleans(), st.text(max_size=30)))
def test_any_identity_gives_a_caller_whose_key_does_not_hold_the_number(identity: Identity) -> None:
    found = caller(identity, "36.73", SECRET)
    assert bool(found.key) == bool(found.number)
    assert found.number == "" or re.fullmatch(r"\+[1-9][0-9]{5,14}", found.number)
    if found.number:
        assert re.fullmatch(r"[0-9a-f]{32}", found.key)
        assert found.number.lstrip("+") not in found.key
        assert found.trust in (Trust.VERIFIED, Trust.ASSERTED, Trust.UNVERIFIED)


def test_every_spelling_of_a_number_has_the_same_key() -> None:
    spellings = ("081234567890", "+62 812-3456-7890", "6281234567890", "<tel:+6281234567890>", "006281234567890")
    assert len({caller(Identity(each), "36.73", SECRET).key for each in spellings}) == 1


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


@pytest.mark.parametrize(
    ("identity", "contradicted"),
    [
        (Identity("08111", "tel:+6281234567890", "+628111111111"), True),
        (Identity(NUMBER, "tel:+6281234567890", NUMBER), False),
        (Identity(NUMBER, "tel:+6281234567890", "anonymous"), False),
        (Identity(NUMBER, self_declared=True), False),
        # The network checked the number: what else is shown does not matter.
        (Identity(NUMBER, "tel:+6281234567890", "+628111111111", verified=True), False),
    ],
)
def test_two_numbers_for_one_caller_are_told(identity: Identity, *, contradicted: bool) -> None:
    assert caller(identity, "36.73", SECRET).contradicted is contradicted
