"""Takes out of a text what tells who, whose number and exactly where; what happened stays.

Errs towards masking: a word too many taken out costs a feature of training, a name left in cannot be called back. A word
that the rule pack knows is never taken, for those tell what happened: in "bapak jatuh" somebody falls.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

NAME: Final = "[nama]"
PLACE: Final = "[tempat]"
ADDRESS: Final = "[alamat]"
NUMBER: Final = "[nomor]"
MAIL: Final = "[surel]"
PLATE: Final = "[plat]"

# Words of a name or an address that are looked at behind the word that announces them. A longer one is rare, and more
# would run on into what happened.
_MOST_WORDS: Final = 3
# The longest name of a desa or kecamatan in words.
_PLACE_WORDS: Final = 4

_SHAPES: Final = re.compile(
    r"""
      (?P<mail>[\w.%+-]{1,128}@[\w.-]+|\bhttps?://\S+|\bwww\.\S+|(?<!\w)@\w{3,})
    | (?P<plate>\b[A-Za-z]{1,2}[ ]?\d{3,4}[ ]?[A-Za-z]{1,3}\b|\b[A-Z]{1,2}[ ]\d{1,4}[ ](?!VS\b)[A-Z]{2,3}\b)
    | (?P<number>[+-]?\d{1,3}\.\d{3,}|\+?\d(?:[\s().\-/]{0,2}\d){5,}|\d{5,})
    """,
    re.VERBOSE,
)  # fmt: skip
_WORD: Final = re.compile(r"\[[a-z]+\]|[^\W_][\w'\u2019.-]*(?<![.'\u2019-])|[^\w\s]+|\s+")

# Stand between what announces a name and the name.
_ANNOUNCING: Final = frozenset({".", ":", "=", "/", ".:"})
# Begin a name whose other words may be in small letters.
_BEGINNINGS: Final = frozenset(
    """al an ar as at nur nurul baitul baiturrahman siti muhammad moh abdul""".split()  # noqa: SIM905  (a list of words, for people to read)
)
# Announce a person's name wherever they stand …
_NAMED: Final = frozenset("an nama namanya bernama panggilan atasnama inisial".split())  # noqa: SIM905  (a list of words, for people to read)
# … and these before a word that nobody knows.
_TITLES: Final = frozenset(
    """pak pa pk bpk bapak bp bu ibu ib mas mbak mba kang akang teh teteh ceu mang bang uda uni cik wak haji hajah hj h
    ustad ustadz ustadzah sdr sdri saudara saudari alm almh almarhum almarhumah dr drg kyai ki nyai nyi tn ny nn
    pelapor saksi penelpon penelepon""".split()  # noqa: SIM905  (a list of words, for people to read)
)
_STREETS: Final = frozenset(
    """jl jln jalan gg gang kp kpg kampung perum perumahan komplek kompleks komp blok no nomor rt rw dusun dsn
    lingkungan link linkungan cluster griya residence lorong lrg rumahnya""".split()  # noqa: SIM905  (a list of words, for people to read)
)
# Of these only a number is part of an address: "minta nomor telepon" asks for one.
_NUMBERED: Final = frozenset({"no", "nomor", "rt", "rw"})
_LANDMARKS: Final = frozenset(
    """masjid mesjid mushola musholla musola langgar toko warung rm restoran hotel kos kosan kontrakan pt cv sekolah sd
    sdn smp smpn sma sman smk smkn tk paud mts man min ponpes pesantren pasar terminal klinik rs rsud rsia puskesmas
    apotek bengkel gereja kantor gudang pabrik""".split()  # noqa: SIM905  (a list of words, for people to read)
)
_AREAS: Final = frozenset(
    """kel kelurahan ds desa kec kecamatan kab kabupaten kota nagari pekon""".split()  # noqa: SIM905  (a list of words, for people to read)
)
# Everyday words that are no names; the rule pack's own words come on top.
_EVERYDAY: Final = frozenset(
    """a ada adalah adek adik agar air akan aku anak anaknya and antara apa apakah arah area atas atau ayah bagian
    bahwa baik banget banyak baru bawah bayi bayar begini begitu belakang belum berapa berdua bersama besar besok
    biar biasa bisa boleh buat bukan cara cepat coba cuma dah dalam dan dari darurat dekat dengan depan desa dgn di
    dia diri disini dong dpn dr dua dulu emang enggak ga gak gimana gitu habis halo hamil hanya harus hari hidup
    hilang hp hujan ia ibu ini itu iya izin jadi jalan jam jangan jauh jembatan juga kabur kabar kaki kakak kalau
    kali kalo kami kanan kantor karena kasih kata kayak ke kebun kecil kejadian kemana kemarin kena kenapa kendaraan
    kepala keras keterangan kiri kita km kok korban kota kurang lagi laki lalu lama lantai laporan lapor layanan
    lebih lewat lg lokasi luar lurus maaf mah makan malam malah mana manula masih masuk mau melihat mereka meminta
    mengalami menit merasa minta minum mobil mohon motor mulai muka nah namun nanti nih nya oleh om orang org
    orangtua pada padahal pagi paling panas pas pasar pasien pelapor perempuan perlu pernah pertigaan perempatan
    pinggir pintu posisi pria pula pulang punya raya rumah rmh saat saja saksi sakit salah sama sampai sampe samping
    sana sangat satu saya sby sdh sdg sebelah sebuah sedang sekali sekarang sekitar selama selamat selatan seorang
    seperti sering sekarat setelah siang siapa sih simpang sini situ sore suami sudah sungai supaya tadi tahun tak
    tanpa tapi tdk telah teman tengah tentang tepat terjadi terima terus tetangga tiba tidak tidur timur tiga
    tinggal tkp tlg tol tolong tp tua tuh turun tutup uang udah umur untuk usia utara wanita warga wib woi ya yaitu
    yang yg yth barat rusak macet licin gelap tembus buntu menuju buru mati hancur selat""".split()  # noqa: SIM905  (a list of words, for people to read)
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a centre's texts are masked by: words that tell what happened, and the names of its places."""

    words: frozenset[str]
    # Whether some words together are the name of an area.
    is_place: Callable[[str], bool]


def masked(text: str, known: Known) -> str:
    """The text with names, numbers, addresses, plates and mail addresses replaced by what they were."""
    pieces = _WORD.findall(_SHAPES.sub(_shape, text))
    shown: list[str] = []
    at = 0
    while at < len(pieces):
        mask, length = _named_at(pieces, at, known)
        if length:
            # Two of a kind side by side are one, however many words they had.
            if not (len(shown) >= 2 and shown[-2] == mask and shown[-1].isspace()):
                shown.append(mask)
            elif shown[-1].isspace():
                shown.pop()
            at += length
        else:
            shown.append(pieces[at])
            at += 1
    return re.sub(r"\s+", " ", "".join(shown)).strip()


def _shape(found: re.Match[str]) -> str:
    return {"mail": MAIL, "plate": PLATE}.get(found.lastgroup or "", NUMBER)


def _named_at(pieces: list[str], at: int, known: Known) -> tuple[str, int]:
    """What begins at a piece and over how many it goes; 0 = nothing that needs masking."""
    piece = pieces[at]
    if not piece[0].isalnum():
        return "", 0
    place = _place_at(pieces, at, known)
    if place:
        return PLACE, place
    before = _before(pieces, at)
    further = _before(pieces, at, 2)
    if before in _NAMED or (before == "saya" and further in _NAMED):
        return NAME, _run(pieces, at, known)
    if before in _TITLES and not _is_plain(piece, known):
        return NAME, _run(pieces, at, known, only_capitals=True)
    # `kp sumur putat`: the first word of the name tells of a well elsewhere.
    in_street = before in _STREETS or (further in _STREETS and before in known.words)
    is_number = before in _STREETS and piece[0].isdigit()
    if is_number or (in_street and before not in _NUMBERED and not _is_plain(piece, known)):
        return ADDRESS, _run(pieces, at, known, numbers=True)
    if (before in _LANDMARKS or before in _AREAS) and not _is_plain(piece, known):
        return (ADDRESS if before in _LANDMARKS else PLACE), _run(pieces, at, known, only_capitals=True)
    if (
        _is_proper(piece, known)
        and not _is_cried(pieces)
        and (not _begins_sentence(pieces, at) or _followed_by_proper(pieces, at, known))
    ):
        return NAME, _run(pieces, at, known, only_capitals=True)
    return "", 0


def _run(pieces: list[str], at: int, known: Known, *, only_capitals: bool = False, numbers: bool = False) -> int:
    """Over how many pieces a name goes that begins here: the first word in any case, then what may belong to it."""
    if not numbers and _is_plain(pieces[at], known):
        return 0
    end, words = at + 1, 1
    while words < _MOST_WORDS and end + 1 < len(pieces) and pieces[end].isspace():
        word = pieces[end + 1]
        if not word[0].isalnum() or (word[0].isdigit() and not numbers) or _is_plain(word, known):
            break
        if only_capitals and not word[0].isupper() and not (words == 1 and pieces[at].lower() in _BEGINNINGS):
            break
        end, words = end + 2, words + 1
    return end - at


def _place_at(pieces: list[str], at: int, known: Known) -> int:
    """Over how many pieces the name of an area goes that begins here; the longest counts."""
    for length in range(2 * _PLACE_WORDS - 1, 0, -2):
        words = pieces[at : at + length]
        if len(words) < length or not all(word[0].isalnum() for word in words[::2]):
            continue
        if length == 1 and _is_plain(words[0], known) and _before(pieces, at) not in _AREAS:
            continue
        if known.is_place("".join(words)):
            return length
    return 0


def _before(pieces: list[str], at: int, words: int = 1) -> str:
    """The word before, in small letters without its dots: `a.n.`, `Jl.` and `an :` announce as `an`, `jl`, `an` do."""
    for _ in range(words):
        at -= 1
        while at >= 0 and (pieces[at].isspace() or pieces[at] in _ANNOUNCING):
            at -= 1
    return pieces[at].lower().replace(".", "") if at >= 0 else ""


def _is_plain(word: str, known: Known) -> bool:
    """Whether the word is one of the language, which nobody is named by here."""
    small = word.lower()
    return (
        small in known.words
        or small in _EVERYDAY
        or small in _TITLES
        or small in _STREETS
        or small in _LANDMARKS
        or small in _AREAS
        or word[0].isdigit()
        # Of a word with an ending the stem is known: suaminya, rumahku.
        or any(small.endswith(end) and small.removesuffix(end) in known.words for end in ("nya", "ku", "mu", "an"))
    )


def _is_proper(word: str, known: Known) -> bool:
    """Written like a name: a capital and then small letters; SPBU and RS are not."""
    return len(word) > 1 and word[0].isupper() and word[1:].islower() and not _is_plain(word, known)


def _is_cried(pieces: list[str]) -> bool:
    """Whether every word has a capital, as on notes of some operators: then a capital tells nothing."""
    words = [piece for piece in pieces if piece[0].isalpha()]
    return len(words) > 3 and all(word[0].isupper() for word in words)


def _begins_sentence(pieces: list[str], at: int) -> bool:
    at -= 1
    while at >= 0 and pieces[at].isspace():
        at -= 1
    return at < 0 or pieces[at][-1] in ".!?:;"


def _followed_by_proper(pieces: list[str], at: int, known: Known) -> bool:
    return at + 2 < len(pieces) and pieces[at + 1].isspace() and _is_proper(pieces[at + 2], known)
