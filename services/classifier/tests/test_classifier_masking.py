"""Who, whose number and where exactly is taken out of texts; what happened stays."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.words.masking import Known, masked

PLACES = {"cipare", "banjarsari", "lontar baru", "kota serang"}
KNOWN = Known(load_pack().lexicon.known, lambda name: name.lower() in PLACES)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Pelapor an. Ibu Siti Aminah, ular sanca masuk dapur", "Pelapor an. Ibu [nama], ular sanca masuk dapur"),
        ("a.n. budi santoso pingsan", "a.n. [nama] pingsan"),
        ("nama saya andi, rumah kebakaran", "nama saya [nama], rumah kebakaran"),
        ("rumah pak budi kebakaran", "rumah pak [nama] kebakaran"),
        ("bapak jatuh dari tangga", "bapak jatuh dari tangga"),
        ("ibu hamil mau melahirkan", "ibu hamil mau melahirkan"),
        ("Siti Aminah pingsan", "[nama] pingsan"),
        ("Tolong, rumah Dadang kebakaran", "Tolong, rumah [nama] kebakaran"),
        ("hp 0812-3456-7890 tolong", "hp [nomor] tolong"),
        ("NIK 3673012345678901", "NIK [nomor]"),
        ("+62 812 3456 789", "[nomor]"),
        ("di -6.11987, 106.15123 banjir", "di [nomor], [nomor] banjir"),
        ("umur 60 th jam 10.30, 2 orang", "umur 60 th jam 10.30, 2 orang"),
        ("tulis ke budi@x.co atau @budi99", "tulis ke [surel] atau [surel]"),
        ("mobil A 1234 BC nabrak pohon", "mobil [plat] nabrak pohon"),
        ("laka R2 vs R4", "laka R2 vs R4"),
        ("kebakaran di jl veteran no 10 rt 02", "kebakaran di jl [alamat] no [alamat] rt [alamat]"),
        ("di kp sumur putat banjir", "di kp sumur [alamat] banjir"),
        ("minta nomor telepon operator", "minta nomor telepon operator"),
        ("jalan rusak parah", "jalan rusak parah"),
        ("dekat masjid al mubarok", "dekat masjid [alamat]"),
        ("kel cipare banjir", "kel [tempat] banjir"),
        ("saya dari lontar baru sesak", "saya dari [tempat] sesak"),
        ("Evakuasi di Banjarsari", "Evakuasi di [tempat]"),
        ("LAKA DI SPBU", "LAKA DI SPBU"),
        ("", ""),
    ],
)
def test_identity_goes_and_the_event_stays(text: str, shown: str) -> None:
    assert masked(text, KNOWN) == shown


@given(st.lists(st.sampled_from(sorted(KNOWN.words)), min_size=1, max_size=12))
def test_words_of_the_rules_are_never_taken(words: list[str]) -> None:
    plain = [word for word in words if word.isalpha()]
    text = " ".join(plain)
    assert masked(text, KNOWN) == text


@given(st.text(st.characters(codec="utf-8"), max_size=80), st.integers(8_110_000_000, 8_999_999_999))
def test_no_phone_number_stays_whatever_stands_around_it(text: str, number: int) -> None:
    assert f"0{number}" not in masked(f"{text} 0{number} {text}", KNOWN)


@given(st.text(string.printable, max_size=200))
def test_masking_twice_is_masking_once_for_numbers_and_never_fails(text: str) -> None:
    once = masked(text, KNOWN)
    assert sum(letter.isdigit() for letter in masked(once, KNOWN)) <= sum(letter.isdigit() for letter in text)
