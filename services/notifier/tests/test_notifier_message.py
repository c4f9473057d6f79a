from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_notifier.core.gsm7 import SMS_SEPTETS, cut, decode, encode, septets, transliterate
from siaga_notifier.core.message import DEFAULT_TEMPLATES, LONGEST_CODE, Words, compose
from siaga_notifier.core.model import Contact, Order, OrderKind

WORDS = Words({}, {"fire_building": "Kebakaran bangunan", "kdrt": "KDRT"})
ORDER = Order(
    order_id="o-1",
    tenant="36.73",
    incident_id="i-1",
    ticket_no="3673-2019-000114",
    unit_id="3673-DMK-01",
    kind=OrderKind.DISPATCH,
    task_code="114",
    type="fire_building",
    priority="P1",
    confidential=False,
    address="Jl. Raya Pandeglang 12",
    lat=-6.13261,
    lon=106.19512,
    text="",
    callback_number="081234567890",
    contacts=(Contact("sms", "+6281100000001"),),
    event_at_ms=1_549_818_004_000,
)


def test_a_dispatch_says_all_that_a_crew_needs() -> None:
    text = compose(ORDER, WORDS)
    for part in ("#114", "P1", "Kebakaran bangunan", "Jl. Raya Pandeglang 12", "106.1951", "081234567890"):
        assert part in text
    assert septets(text) <= SMS_SEPTETS


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            OrderKind.STAND_DOWN,
            "#114 DIBATALKAN: Jl. Raya Pandeglang 12. Tidak perlu ke lokasi, kembali siaga. Balas OK #114",
        ),
        (
            OrderKind.UPDATE,
            "#114 PERUBAHAN P1 Kebakaran bangunan: Jl. Raya Pandeglang 12 maps.google.com/?q=-6.1326,106.1951 HP 081234567890",
        ),
    ],
)
def test_other_kinds(kind: OrderKind, expected: str) -> None:
    assert compose(replace(ORDER, kind=kind), WORDS) == expected


def test_a_repeat_says_so_first() -> None:
    assert compose(ORDER, WORDS, repeat=True).startswith("ULANG #114 ")


def test_a_reminder_is_the_same_task_again_and_never_a_new_alarm() -> None:
    first = compose(ORDER, WORDS)
    assert compose(replace(ORDER, kind=OrderKind.REMIND, about_order_id="o-1"), WORDS) == f"ULANG {first}"
    secret = replace(ORDER, kind=OrderKind.REMIND, about_order_id="o-1", type="kdrt", confidential=True)
    assert "KDRT" not in compose(secret, WORDS)
    stand_down = replace(ORDER, kind=OrderKind.STAND_DOWN, about_order_id="o-1")
    assert compose(stand_down, WORDS).startswith("ULANG #114 DIBATALKAN")


def test_a_crew_that_is_diverted_reads_first_what_this_takes_the_place_of() -> None:
    text = compose(replace(ORDER, reason="DIALIHKAN dari tugas 098 (3673-2019-000098)"), WORDS)
    assert text.startswith("DIALIHKAN dari tugas 098 (3673-2019-000098). #114 P1 ")
    assert "Jl. Raya Pandeglang 12" in text
    assert septets(text) <= SMS_SEPTETS
    assert compose(replace(ORDER, kind=OrderKind.REMIND, reason="belum dijawab"), WORDS).startswith("ULANG #114")
    assert septets(compose(replace(ORDER, reason="x" * 500, address="Jl. " + "y" * 300), WORDS)) <= SMS_SEPTETS


def test_a_label_without_a_value_is_left_out() -> None:
    assert " HP " not in compose(replace(ORDER, callback_number=""), WORDS)


def test_what_does_not_fit_goes_in_order() -> None:
    def with_address(length: int) -> str:
        return compose(replace(ORDER, address="x" * length), WORDS)

    def parts(length: int) -> list[str]:
        text = with_address(length)
        return [part for part in ("3673-2019-000114", "maps.google.com", "geo:", "081234567890") if part in text]

    assert parts(12) == ["3673-2019-000114", "maps.google.com", "081234567890"]
    assert parts(40) == ["maps.google.com", "081234567890"]
    assert parts(50) == ["geo:", "081234567890"]
    assert parts(70) == ["geo:"]
    trimmed = with_address(150)
    assert "geo:" in trimmed
    assert "081234567890" not in trimmed
    assert trimmed.startswith("#114 P1 Kebakaran bangunan: xxxx")


def test_the_typed_address_is_kept_verbatim_while_it_fits() -> None:
    address = "gg. Mawar no.7B (blkg masjid)"
    assert address in compose(replace(ORDER, address=address), WORDS)


def test_the_note_fills_what_room_is_left() -> None:
    order = replace(ORDER, kind=OrderKind.UPDATE, lat=None, lon=None, text="ular kobra di dapur, dua ekor " * 9)
    text = compose(order, WORDS)
    assert "ular kobra di dapur" in text
    assert septets(text) > SMS_SEPTETS - 3


LINK = "https://112.kota.go.id/a/8zq3vK2nT5wXyB7cD4eF6gH9"


def test_the_link_to_answer_by_is_there_while_it_fits() -> None:
    short = replace(ORDER, ticket_no="", address="Jl. Melati 3", type="")
    assert LINK in compose(
        short, Words({"sms_dispatch": "#{task} {type} {address} {map} HP {callback} {link}"}, {}), link=LINK
    )
    crowded = compose(replace(ORDER, address="x" * 45), WORDS, link=LINK)
    assert "https" not in crowded
    assert "geo:" in crowded
    assert "081234567890" in crowded
    assert compose(ORDER, WORDS, link="") == compose(ORDER, WORDS)
    stand_down = replace(ORDER, kind=OrderKind.STAND_DOWN)
    assert compose(stand_down, WORDS, link=LINK) == compose(stand_down, WORDS)


CONFIDENTIAL = replace(ORDER, confidential=True, type="kdrt", text="")


@pytest.mark.parametrize("kind", list(OrderKind))
def test_confidential_orders_show_no_type_no_number(kind: OrderKind) -> None:
    order = replace(CONFIDENTIAL, kind=kind, address="Jl. Melati 3 (KDRT, korban dianiaya suami)")
    text = compose(order, WORDS).lower()
    for word in ("kdrt", "dianiaya", "081234567890"):
        assert word not in text
    # A trial is of no place: nobody may drive there.
    assert ("jl. melati 3" in text) is (kind is not OrderKind.TRIAL)
    if kind not in (OrderKind.STAND_DOWN, OrderKind.TRIAL):
        assert "gunakan pendekatan senyap" in text


def test_confidential_even_where_the_template_asks_for_the_type() -> None:
    words = Words({"sms_confidential": "#{task} {type} {address} {callback} {map}"}, WORDS.type_labels)
    assert "KDRT" not in compose(CONFIDENTIAL, words)


@pytest.mark.parametrize("code", ["", "é" * 40, "1" * (LONGEST_CODE + 1)])
def test_an_order_without_a_usable_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="task code"):
        compose(replace(ORDER, task_code=code), WORDS)


any_text = st.text(max_size=400)
templates = st.sampled_from(
    [
        {},
        {"sms_dispatch": "Tugas {type} di {address}: {map}"},
        {"sms_dispatch": "{address} #{task} " + "panjang " * 19},
        {"sms_dispatch": "#{task} {address} {address} {ticket} {callback}"},
    ]
)


@given(
    changes=st.fixed_dictionaries(
        {
            "address": any_text,
            "text": any_text,
            "ticket_no": st.text(max_size=40),
            "callback_number": st.text(max_size=30),
            "type": st.sampled_from(["fire_building", "kdrt", "unclear"]) | st.text(max_size=60),
            "task_code": st.text(alphabet="0123456789AB-", min_size=1, max_size=LONGEST_CODE),
            "confidential": st.booleans(),
            "kind": st.sampled_from(list(OrderKind)),
            "lat": st.none() | st.floats(-90, 90),
            "lon": st.none() | st.floats(-180, 180),
        }
    ),
    repeat=st.booleans(),
    chosen=templates,
    link=st.sampled_from(["", LINK]),
)
def test_always_one_sms_with_the_code(changes: dict[str, Any], repeat: bool, chosen: dict[str, str], link: str) -> None:
    order = replace(ORDER, **changes)
    text = compose(order, Words(chosen, WORDS.type_labels), repeat=repeat, link=link)
    assert len(encode(text)) == septets(text) <= SMS_SEPTETS
    assert f"#{order.task_code}" in text
    # Whole or not at all: half a link leads nowhere.
    assert "https://112" not in text or LINK in text


def test_default_templates_need_only_what_is_given() -> None:
    for template in DEFAULT_TEMPLATES.values():
        assert template.startswith("#{task} ")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Jl. “Merdeka” \u2013 no. 5…", 'Jl. "Merdeka" - no. 5...'),
        ("Ciştí", "Cisti"),
        ("dua\n baris\t teks", "dua baris teks"),
        ("火事 di ruko", "di ruko"),
        ("tanda €[5]", "tanda €[5]"),
    ],
)
def test_transliterate(typed: str, sent: str) -> None:
    assert transliterate(typed) == sent


@given(st.text())
def test_transliterated_text_survives_the_wire(text: str) -> None:
    sent = transliterate(text)
    assert decode(encode(sent)) == sent


@given(st.text(), st.integers(0, 160))
def test_cut_keeps_what_fits(text: str, room: int) -> None:
    plain = transliterate(text)
    kept = cut(plain, room)
    assert plain.startswith(kept)
    assert septets(kept) <= room
    assert kept == plain or septets(plain[: len(kept) + 1]) > room
