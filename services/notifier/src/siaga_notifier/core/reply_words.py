"""The words crews answer with: what each says, what may stand beside it, and which slips of the thumb are forgiven."""

from collections.abc import Mapping
from typing import Final

from siaga_notifier.core.model import UnitStatus


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DIGITS: Final[Mapping[str, UnitStatus]] = {
    "1": UnitStatus.EN_ROUTE,
    "2": UnitStatus.ON_SCENE,
    "3": UnitStatus.CLEAR,
    "0": UnitStatus.DECLINED,
}
_SAID: Final[Mapping[UnitStatus, str]] = {
    UnitStatus.ACKNOWLEDGED: (
        "OK|OKE|OKEY|OKAY|SIAP|SIP|TERIMA|DITERIMA|MENGERTI|DIMENGERTI|PAHAM|MONITOR|LAKSANAKAN|ROGER|COPY"
        # They go soon, but not yet.
        "|SEGERA MELUNCUR|SEGERA BERANGKAT|SEGERA JALAN|ON DUTY"
    ),
    UnitStatus.EN_ROUTE: (
        "MELUNCUR|LUNCUR|JALAN|JLN|OTW|OTEWE|BERANGKAT|BRGKT|MENUJU|BERGERAK|GERAK|ENROUTE|EN ROUTE|ON THE WAY|ON MY WAY"
        "|DALAM PERJALANAN|DI JALAN|DIJALAN|KE LOKASI|KE TKP|ROLLING|RESPONDING"
    ),
    UnitStatus.ON_SCENE: (
        "TIBA|SAMPAI|SAMPE|NYAMPE|SMP|DI LOKASI|DILOKASI|DI TKP|ARRIVED|ON SCENE|ONSCENE|ON SITE|AT SCENE"
    ),
    UnitStatus.CLEAR: "SELESAI|SLS|SLESAI|BERES|TUNTAS|RAMPUNG|CLEAR|DONE|FINISHED|COMPLETED",
    UnitStatus.DECLINED: (
        "TOLAK|TLK|TLAK|MENOLAK|TIDAK|TDK|NO|TIDAK BISA|TDK BISA|TAK BISA|GAK BISA|GA BISA|NGGAK BISA|ENGGAK BISA"
        "|TIDAK DAPAT|TDK DAPAT|TIDAK SANGGUP|TDK SANGGUP|TIDAK SIAP|TDK SIAP|DECLINE|DECLINED|REJECT|UNABLE|CANNOT|CAN T"
    ),
    UnitStatus.MAYDAY: "MAYDAY|TOLONG|DARURAT|SOS",
}
# What else of a task crews say in so many words, and nothing beside them but its code.
FURTHER: Final[Mapping[tuple[str, ...], UnitStatus]] = {
    tuple(phrase.split()): status
    for status, phrases in {
        UnitStatus.DELAYED: "MACET|TERJEBAK MACET|TERHAMBAT|TERHAMBAT MACET|KENA MACET",
        UnitStatus.PATIENT_CONTACT: "KONTAK KORBAN|KONTAK PASIEN",
        UnitStatus.TRANSPORTING: "BAWA PASIEN|MEMBAWA PASIEN|BAWA KORBAN|MEMBAWA KORBAN|MENUJU RS|KE RS|MENUJU PUSKESMAS",
        UnitStatus.AT_HOSPITAL: "DI RS|TIBA DI RS|SAMPAI RS|SAMPAI DI RS|DI PUSKESMAS|TIBA DI PUSKESMAS",
        UnitStatus.OUT_OF_SERVICE: "RUSAK|MOGOK|KENDARAAN RUSAK|MOBIL RUSAK|MOBIL MOGOK",
    }.items()
    for phrase in phrases.split("|")
}
# What says a status, word by word.
PHRASES: Final[Mapping[tuple[str, ...], UnitStatus]] = {
    tuple(phrase.split()): status for status, phrases in _SAID.items() for phrase in phrases.split("|")
}
LONGEST_PHRASE: Final = max(len(phrase) for phrase in PHRASES)
# Single words; digits among them.
WORDS: Final[Mapping[str, UnitStatus]] = {
    **DIGITS,
    **{phrase[0]: status for phrase, status in PHRASES.items() if len(phrase) == 1},
}
_PARTS: Final = frozenset(word for phrase in PHRASES for word in phrase)

# Means nothing else in any sentence; "tolong" alone is a cry for help, with more words it is only "please".
DISTRESS: Final = "MAYDAY"
# "Dimengerti" by radio, everywhere in the country; but also a task code, so not where one such is open.
UNDERSTOOD_BY_RADIO: Final = "86"
# After these a stand-down has been read, where nothing else is open.
STOOD_DOWN: Final = _words("OK OKE SIAP BATAL DIBATALKAN KEMBALI SIAGA BALIK")

# What people add out of politeness; anything else may change the meaning ("1 korban" is a victim, not a departure).
COURTESIES: Final = _words(
    "PAK BPK BAPAK BU IBU MIN ADMIN BANG BANGJEK MAS MBAK KAK BOS NDAN DAN KOMANDAN DANRU TERIMAKASIH MAKASIH TRIMS THX"
    " THANKS YA YAH IYA SIR IZIN IJIN LAPOR"
)
# Of several words; each as a whole.
COURTEOUS: Final = (
    "TERIMA KASIH", "TERIMA KASI", "MAKASI BANYAK", "TRIMA KASIH", "MOHON IZIN", "MOHON IJIN", "THANK YOU",
    "SELAMAT PAGI", "SELAMAT SIANG", "SELAMAT SORE", "SELAMAT MALAM",
)  # fmt: skip
# Add nothing to a status.
FILLERS: Final = _words("SUDAH SDH UDAH UDH TELAH KAMI SEKARANG SKRG LANGSUNG TUGAS KODE NOMOR NOMER NMR TASK CODE")
# The same, but before a number they name a crew: "unit 2 tiba" does not say which task.
CREW: Final = frozenset({"TIM", "UNIT", "REGU"})
# Say where, of a crew that goes somewhere or is there.
PLACES: Final = _words("DI KE LOKASI TKP SANA TEMPAT TUJUAN")
GOING: Final = frozenset({UnitStatus.EN_ROUTE, UnitStatus.ON_SCENE})

# Typed in haste more often than anything, and long enough that one slip leaves them what they are.
FORGIVEN: Final = _words(
    "SIAP TERIMA DITERIMA DIMENGERTI MELUNCUR LUNCUR JALAN BERANGKAT MENUJU BERGERAK ENROUTE TIBA SAMPAI ARRIVED SELESAI"
    " FINISHED COMPLETED TOLAK TIDAK DECLINED MAYDAY TOLONG DARURAT"
)
SHORTEST_FORGIVEN: Final = 4
# Words of the language, and names, that are one letter away from those and mean something else.
CONFUSABLE: Final = _words(
    "SIAPA SIKAP SIGAP SUAP SIAL SIAR SIAM SIAK SIAU SIRAP SOAP TIGA TABA TOBA TEBA TUBA TINA TIKA TIMBA TIWA TIRA TIBET"
    " TIDAR TIDAL TINDAK TOLOK TOLAN TOPONG JALA JAMAN JAJAN JALAK JALAR JALANG JUALAN JAPAN JARAN JANAN SAMPAH SAMPAN"
    " SAMBAI MANDAY"
)


def corrected(word: str) -> str | None:
    """The word of ours that was meant; None when none was, or when it may be one or another.

    Forgiven are letters said long ("siaaap") and one slip (a letter too many, too few, another, or two swapped) behind
    the first letter of a word of four or more.
    """
    if word in _PARTS or word in FILLERS or word in CREW or word in PLACES:
        return word
    squeezed = "".join(letter for at, letter in enumerate(word) if at == 0 or letter != word[at - 1])
    if squeezed in WORDS:
        return squeezed
    if word in CONFUSABLE or len(word) < SHORTEST_FORGIVEN:
        return None
    near = [ours for ours in sorted(FORGIVEN) if ours[0] == word[0] and _one_slip(word, ours)]
    return near[0] if len({WORDS[ours] for ours in near}) == 1 else None


def _one_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    at = next((place for place, letter in enumerate(one) if letter != other[place]), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return swapped or one[at + 1 :] == other[at + 1 :]
