from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_notifier.adapters import hashes
from siaga_notifier.adapters.hashes import Hashes
from siaga_notifier.adapters.link_book import LinkBook
from siaga_notifier.core import links
from siaga_notifier.core.gsm7 import septets
from siaga_notifier.core.links import EPOCH_MS, MINUTE_MS, TOKEN_LENGTH, Signed
from siaga_notifier.core.model import Order, OrderKind

KEY = links.key_of(b"secret of the tests")
REFERENCE = links.reference_of(KEY, "o-1", "u-1")
LATER_MS = EPOCH_MS + 1_234_567 * MINUTE_MS
TOKEN = links.sign(KEY, REFERENCE, LATER_MS)


def test_a_token_says_whose_it_is_and_until_when() -> None:
    assert links.verify(KEY, TOKEN) == Signed(REFERENCE, LATER_MS)
    assert not Signed(REFERENCE, LATER_MS).expired(LATER_MS - 1)
    assert Signed(REFERENCE, LATER_MS).expired(LATER_MS)


def test_it_fits_a_message_and_is_the_same_each_time() -> None:
    link = links.address("https://112.kota.go.id/", TOKEN)
    assert link == f"https://112.kota.go.id/a/{TOKEN}"
    assert len(TOKEN) == TOKEN_LENGTH <= 30
    assert septets(link) == len(link)
    assert links.sign(KEY, links.reference_of(KEY, "o-1", "u-1"), LATER_MS) == TOKEN


def test_each_order_and_unit_has_a_reference_of_its_own() -> None:
    made = {
        links.reference_of(KEY, order, unit) for order in ("o-1", "o-2", "o-1\x1fu") for unit in ("u-1", "u-2", "1")
    }
    assert len(made) == 9


def test_a_token_of_another_secret_is_nobodys() -> None:
    assert links.verify(links.key_of(b"another secret"), TOKEN) is None


@pytest.mark.parametrize("place", range(TOKEN_LENGTH))
def test_one_changed_character_spoils_it(place: int) -> None:
    other = "2" if TOKEN[place] != "2" else "3"
    assert links.verify(KEY, TOKEN[:place] + other + TOKEN[place + 1 :]) is None


@pytest.mark.parametrize("token", ["", "x", "z" * TOKEN_LENGTH, "1" * TOKEN_LENGTH, TOKEN + "1", TOKEN[:-1], "é" * 24])
def test_what_is_no_token(token: str) -> None:
    assert links.verify(KEY, token) is None


@given(st.text(max_size=40))
def test_whatever_is_typed_raises_nothing(token: str) -> None:
    assert token == TOKEN or links.verify(KEY, token) is None


@given(
    st.binary(min_size=1, max_size=40),
    st.integers(EPOCH_MS, EPOCH_MS + 25 * 365 * 24 * 3_600_000),
    st.text(),
    st.text(),
)
def test_made_and_read_again(secret: bytes, expires_at_ms: int, order_id: str, unit_id: str) -> None:
    key = links.key_of(secret)
    reference = links.reference_of(key, order_id, unit_id)
    token = links.sign(key, reference, expires_at_ms)
    signed = links.verify(key, token)
    assert signed is not None
    assert signed.reference == reference
    assert 0 <= signed.expires_at_ms - expires_at_ms < MINUTE_MS
    assert token.isascii()
    assert token.isalnum()


@pytest.mark.parametrize("expires_at_ms", [0, EPOCH_MS - 1, 2**62])
def test_times_out_of_reach_are_held_within_it(expires_at_ms: int) -> None:
    assert links.verify(KEY, links.sign(KEY, REFERENCE, expires_at_ms)) is not None


ORDER = Order(
    order_id="o-1", tenant="36.73", incident_id="i-1", ticket_no="T-1", unit_id="u-1", kind=OrderKind.DISPATCH,
    task_code="114", type="kdrt", priority="P1", confidential=True, address="Jl. Melati 3 (KDRT)", lat=-6.1, lon=106.1,
    text="", callback_number="081234567890", contacts=(), event_at_ms=0,
)  # fmt: skip


def book(public_url: str = "https://112.kota.go.id", hours: float = 12) -> LinkBook:
    return LinkBook(Hashes(hashes.client("redis://127.0.0.1:1")), b"secret", public_url, lambda _: hours)


async def test_a_link_leads_to_its_order_and_a_reminder_has_the_same() -> None:
    made = book()
    link = made.link(ORDER, LATER_MS)
    again = replace(ORDER, order_id="o-2", kind=OrderKind.REMIND, about_order_id="o-1")
    assert made.link(again, LATER_MS) == link
    signed = made.verify(link.rpartition("/")[2])
    assert signed is not None
    assert signed.expires_at_ms == LATER_MS + 12 * 3_600_000
    found = await made.page(signed.reference)
    assert found is not None
    page, said = found
    assert said == {}
    assert (page.order_id, page.unit_id, page.task_code) == ("o-1", "u-1", "114")


async def test_what_is_kept_of_a_confidential_order_names_nothing() -> None:
    made = book()
    signed = made.verify(made.link(ORDER, LATER_MS).rpartition("/")[2])
    assert signed is not None
    kept = str(await made.page(signed.reference))
    assert "Jl. Melati 3" in kept
    assert "kdrt" not in kept.lower()
    assert "081234567890" not in kept


def test_no_door_no_link_and_none_to_stand_down() -> None:
    assert book(public_url="").link(ORDER, 0) == ""
    assert book().link(replace(ORDER, kind=OrderKind.STAND_DOWN), 0) == ""


def test_no_link_outlives_what_is_remembered_of_its_order() -> None:
    made = book(hours=10_000)
    signed = made.verify(made.link(ORDER, LATER_MS).rpartition("/")[2])
    assert signed is not None
    assert signed.expires_at_ms == LATER_MS + 72 * 3_600_000
