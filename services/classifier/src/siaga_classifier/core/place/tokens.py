"""From an address or a text to words in one spelling, and what each says about the name that follows it."""

import re
import unicodedata
from enum import Enum, auto
from typing import Final

# An address is a line or two, a chat message rarely more than this; a paste must not cost a thousand look-ups.
MAX_WORDS: Final = 80
MAX_CHARS: Final = 600

_WORD_OR_BREAK: Final = re.compile(r"[a-z]+|[0-9]+|[,;()\n]")
_RT: Final = re.compile(
    r"\brt[\W_]{0,3}0*([0-9]{1,3})(?:[\W_]{0,3}rw[\W_]{0,3}0*([0-9]{1,3})|\s?/\s?(?:rw)?[\W_]{0,2}0*([0-9]{1,3}))?"
)
_RW: Final = re.compile(r"\brw[\W_]{0,3}0*([0-9]{1,3})")


class Role(Enum):
    """What a word tells of the name after it."""

    DESA = auto()
    KECAMATAN = auto()
    KABUPATEN = auto()
    KOTA = auto()
    # Part of a desa, often of the desa's name: kampung, dusun, lingkungan.
    HAMLET = auto()
    # Named as its builder liked: perumahan, komplek, blok.
    ESTATE = auto()
    STREET = auto()
    # Where the name of a street ends.
    STREET_END = auto()
    # "di", in the languages spoken here.
    AT = auto()
    # "dekat", "depan": at, and not quite there.
    NEAR = auto()
    # From, to, towards: a direction is no place.
    AWAY = auto()
    # An office named after the whole regency: "damkar Liwa", "ini 112 Serang ya".
    OFFICE = auto()
    # A market, school or station, usually in what it is named after.
    FACILITY = auto()
    NOT = auto()
    # Stands between a role and its name and changes nothing.
    FILLER = auto()


_SPELLINGS: Final = {
    "kampung": "kp kmp kamp kmpg kampong kampoeng kpg kpung", "kelurahan": "kel klurahan kelrahan kelurhan klrhn kelur",
    "desa": "ds dsa deso", "pekon": "pkn", "kecamatan": "kec kcmtn kecmatan kecamtan kcamatan kecmtn kecam",
    "kabupaten": "kab kabupten kabupatn", "jalan": "jl jln jlan jalam dalan", "gang": "gg ggg",
    "lorong": "lr lrg lrng", "perumahan": "perum prum prmh perumhan perumnas permahan", "komplek": "komp kompleks kompl kmplk",
    "dusun": "dsn dsun", "lingkungan": "link lingk lingkungn lk ling lingk", "nomor": "no nmr nomer",
    "puskesmas": "pkm pusk puskes pskms", "pasar": "psr pasr", "tanjung": "tj tjg tjung", "gunung": "gn gunng",
    "simpang": "sp spg smpg simp", "bandar": "bdr", "rumahsakit": "rs rsu", "stasiun": "sta stsiun",
    "terminal": "term", "depan": "dpn dpan", "belakang": "blkg blkng blakang", "samping": "smpg smping",
    "dekat": "dkt deket dket", "masjid": "mesjid mjd msjid", "sebelah": "sblh", "dari": "dr dri", "daerah": "drh",
    "alamat": "almt alamt", "perbatasan": "perbts",
}  # fmt: skip
_CANONICAL: Final = {short: full for full, shorts in _SPELLINGS.items() for short in shorts.split()}
_WORDS: Final = {
    Role.DESA: "kelurahan desa pekon", Role.KECAMATAN: "kecamatan", Role.KABUPATEN: "kabupaten", Role.KOTA: "kota kotamadya kodya",
    Role.HAMLET: "kampung dusun lingkungan lembur umbul pemangku", Role.ESTATE: "perumahan komplek blok cluster griya pondok btn bumi graha",
    Role.STREET: "jalan gang lorong lintas tol jembatan", Role.STREET_END: "nomor km rt rw",
    Role.AT: "di ning nang neng ing teng ten wonten nok dek pado daerah wilayah sekitar seputaran lokasi alamat tkp posisi lokasine alamate",
    Role.NEAR: "dekat depan belakang samping sebelah seberang dekek dakek parek deukeut gigireun hareupeun tukangeun cedak cedhak cerak ngarep mburi",
    Role.AWAY: "arah dari ke menuju jurusan perbatasan asal tujuan mit ka kanggo rujuk dirujuk saka soko jak anjak haga ti lewat via",
    Role.OFFICE: "damkar polres polresta polda pemkot pemkab pemda bupati walikota dinas dishub dinkes dinsos disdukcapil bpbd pln pdam rsud satpol kodim kejari imigrasi samsat bpjs universitas persatuan warga wong urang orang jelema jelma",
    Role.FACILITY: "pasar stasiun terminal sdn sd smp smpn sma sman smk mts masjid mushola balai kantor camat polsek koramil puskesmas klinik lapangan stadion pertigaan simpang perempatan pom spbu pabrik rumahsakit sungai kali danau pantai hotel toko tpu makam bank",
    # Also where the call went: "nyambungnya ke kota Serang" says that the event is elsewhere.
    Role.NOT: "bukan bukannya dudu sanes lain lainnya mboten sanesna nyambung nyambunge nyambungnya nyambungna nyambungke tersambung tasambuang kesambung sambung nyasar kesasar nyasab",
    Role.FILLER: "ini itu pak bu yang nya sana sini alun aja deh",
}  # fmt: skip
ROLES: Final = {word: role for role, words in _WORDS.items() for word in words.split()}


def words_of(text: str) -> list[str]:
    """Lower-case words in one spelling each, numbers, and the breaks between parts of an address."""
    words = _WORD_OR_BREAK.findall(plain(text).replace("'", ""))[:MAX_WORDS]
    return [_CANONICAL.get(word, word) for word in words]


def squeezed(name: str) -> str:
    """A name as it is compared: words in one spelling, without spaces; people write Sumurpecung and Sumur Pecung."""
    return "".join(word for word in words_of(name) if word.isalpha())


def neighbourhood(text: str) -> str:
    """`RT 3 RW 2` as far as the text tells them, whatever it writes."""
    flat = plain(text)
    found = _RT.search(flat)
    rt, rw = (found[1], found[2] or found[3]) if found else (None, None)
    if rw is None:
        alone = _RW.search(flat)
        rw = alone[1] if alone else None
    return " ".join(f"{name} {number}" for name, number in (("RT", rt), ("RW", rw)) if number)


def plain(text: str) -> str:
    """The beginning of a text, lower case and without accents."""
    return unicodedata.normalize("NFKD", text[:MAX_CHARS]).encode("ascii", "ignore").decode().lower()
