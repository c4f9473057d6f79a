"""From the place of a call to its advice and its message: asked for, contradicted, or another centre's."""

from pathlib import Path
from typing import Final

import pytest
from siaga_classifier.adapters.codec import assessment_message
from siaga_classifier.core.assess import assess
from siaga_classifier.core.assessment import Assessment
from siaga_classifier.core.events import CallEvent, Fix, Form
from siaga_classifier.core.fold import fold
from siaga_classifier.core.vocabulary import Advice, Channel, Disposition, EventKind
from siaga_classifier.tenants import TenantViews
from siaga_tenants import load_tenants

VIEW: Final = TenantViews(load_tenants(Path(__file__).resolve().parents[3] / "tenants"))["36.73"]
DRANGONG: Final = Fix(-6.098865, 106.134283, 20.0, source="operator")
CILEGON: Final = Fix(-6.0126, 106.0502, 20.0)


def judged(form: Form | None = None, *, phone: Fix | None = None, text: str = "") -> Assessment:
    events = [
        CallEvent("e1", "c1", "36.73", EventKind.RINGING, 1_000, channel=Channel.VOICE),
        CallEvent("e2", "c1", "36.73", EventKind.ANSWERED, 2_000, operator="op-03"),
    ]
    if phone is not None:
        events.append(CallEvent("e3", "c1", "36.73", EventKind.POSITION, 3_000, position=phone))
    if text:
        events.append(CallEvent("e4", "c1", "36.73", EventKind.MESSAGE, 4_000, channel=Channel.WHATSAPP, text=text))
    if form is not None:
        events.append(CallEvent("e5", "c1", "36.73", EventKind.FORM, 5_000, form=form))
    return assess("c1", fold(None, events), None, VIEW)


def emergency(**more: object) -> Form:
    return Form(type="fire_building", disposition=Disposition.EMERGENCY, **more)


CASES: Final = {
    "an address": (judged(emergency(address="Kel. Drangong")), Advice.DISPATCH, "operator_confirmed"),
    "an address with a slip": (judged(emergency(address="kel dragong, taktakan")), Advice.DISPATCH, "operator_confirmed"),
    "a name of two desas": (judged(emergency(address="Kel. Sukawana")), Advice.REVIEW, "ambiguous_place"),
    "no place": (judged(emergency(address="rumah bu Neneng")), Advice.REVIEW, "no_place"),
    "an address beyond the border": (judged(emergency(address="Kec. Kramatwatu")), Advice.REVIEW, "misdirected"),
    "the operator's note beyond the border": (judged(emergency(text="kebakaran di Cilegon")), Advice.REVIEW, "misdirected"),
    "a phone beyond the border": (judged(emergency(), phone=CILEGON), Advice.REVIEW, "misdirected"),
    "a phone here": (judged(emergency(), phone=Fix(-6.12, 106.15, 20.0)), Advice.DISPATCH, "operator_confirmed"),
    "a phone elsewhere": (
        judged(emergency(address="Kel. Drangong"), phone=Fix(-6.0591, 106.1851, 20.0)), Advice.REVIEW, "words_elsewhere",
    ),
    "an operator's pin elsewhere": (
        judged(emergency(address="Kel. Sawah Luhur", position=DRANGONG)), Advice.DISPATCH, "operator_confirmed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_advice_follows_the_place(name: str) -> None:
    found, advice, basis = CASES[name]
    assert (found.advice, found.reasons[-1].rule) == (advice, f"advice.{basis}")


def test_candidates_and_centre_are_told() -> None:
    asked = assessment_message(CASES["a name of two desas"][0])
    assert [one.place.area_code for one in asked.place_candidates] == ["36.73.01.1008", "36.73.04.1007"]
    assert asked.place_candidates[0].place.area_name == "Kelurahan Sukawana, Kecamatan Serang"
    assert asked.place_candidates[0].place.position.radius_m > 0
    assert (asked.place_candidates[0].basis, asked.place.HasField("position")) == ("desa", False)
    assert not asked.HasField("misdirected_to")

    other = CASES["a phone beyond the border"][0]
    message = assessment_message(other)
    assert (message.misdirected_to.tenant, message.misdirected_to.name) == ("36.72", "Kota Cilegon")
    assert "place.misdirected_to" in [reason.rule for reason in message.reasons]

    elsewhere = assessment_message(CASES["a phone elsewhere"][0])
    assert elsewhere.place.position.lat == pytest.approx(-6.0591)
    assert [one.place.area_code for one in elsewhere.place_candidates] == ["36.73.06.1008"]
    assert not assessment_message(CASES["an address"][0]).place_candidates


def test_a_misdirected_call_is_never_only_recorded_when_it_tells_an_event() -> None:
    form = Form(text="kebakaran gudang di Cilegon", disposition=Disposition.MISDIRECTED)
    found = judged(form)
    assert (found.advice, found.place.misdirected_to is not None) == (Advice.REVIEW, True)


def test_a_written_report_of_another_regency_goes_to_a_person() -> None:
    found = judged(text="tolong pak rumah mertua saya kebakaran di Kota Cilegon")
    assert (found.advice, found.place.fix) == (Advice.REVIEW, None)
    assert assessment_message(found).misdirected_to.tenant == "36.72"
