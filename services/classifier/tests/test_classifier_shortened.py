"""Words typed without their vowels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.words.shortened import by_consonants, full_word
from siaga_classifier.core.words.text import words_of

KNOWN = by_consonants(["kejang", "sadar", "keringat", "kebakaran", "nenek", "jatuh", "jatoh", "pingsan", "struk"])


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        ("kjng", "kejang"),
        ("sdar", "sadar"),
        ("kringt", "keringat"),
        ("kebkran", "kebakaran"),
        ("nenk", "nenek"),
        ("jtoh", "jatoh"),
        ("pngsn", "pingsan"),
    ],
)
def test_it_stands_for_the_known_word_with_its_consonants(typed: str, full: str) -> None:
    assert full_word(typed, KNOWN) == full


@pytest.mark.parametrize(
    "typed",
    [
        "struk",  # spoken as it is
        "pasar",
        "kjn",  # too short: it may be anything
        "bcdfg",  # nothing known
        "sdir",  # another vowel was typed than the word has
        "sdar1",
        "",
    ],
)
def test_what_can_be_spoken_or_is_nothing_known_stays(typed: str) -> None:
    assert full_word(typed, KNOWN) is None


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0", max_size=20))
def test_it_never_fails_and_only_leaves_letters_out(typed: str) -> None:
    full = full_word(typed, KNOWN)
    if full is not None:
        letters = iter(full)
        assert all(letter in letters for letter in typed)


def test_a_cry_typed_in_a_hurry_is_read() -> None:
    lexicon = load_pack().lexicon
    words = words_of("ank sya kjng gk sdar, kringt dngin", lexicon).words
    assert {"anak", "kejang", "tidak", "sadar", "keringat", "dingin"} <= set(words)
