"""Reports of SP4N-LAPOR and of a regency's own complaint service (PISA and the like): one row of an export or feed."""

from typing import Final

from siaga_intake.core.channels.aliases import Aliases, own_names
from siaga_intake.core.channels.references import media_of
from siaga_intake.core.events import AdditionalData, Channel, Civic, Defect, Kind
from siaga_intake.core.fields import Payload, Refused, cut, flag, located, needed
from siaga_intake.core.happening import Desk, Happening, Identity, Read, Reading
from siaga_intake.core.local_times import sent_at

ALIASES: Final[Aliases] = {
    "id": (
        "nomorlaporan", "nolaporan", "trackingid", "idlaporan", "kodelaporan", "nomortracking", "notracking", "tracking",
        "nomortiket", "notiket", "nomoraduan", "ticketid", "nomor", "id",
    ),
    "title": ("judul", "judullaporan", "juduladuan", "perihal", "subjek", "title", "subject"),
    "text": ("isilaporan", "isiaduan", "isi", "uraian", "deskripsi", "laporan", "aduan", "pesan", "description", "content", "text"),
    "at": ("tanggal", "tanggallaporan", "tanggallaporanmasuk", "tanggalmasuk", "tgllaporan", "tgl", "waktu", "createdat", "date"),
    "place": ("lokasi", "lokasikejadian", "alamat", "tempat", "location", "address"),
    "lat": ("lat", "latitude", "lintang"),
    "lon": ("lon", "lng", "long", "longitude", "bujur"),
    "category": ("kategori", "topik", "kategorilaporan", "klasifikasi", "category"),
    "agency": ("instansi", "instansitujuan", "instansiterdisposisi", "opd", "dinas", "disposisi", "agency"),
    "reporter": ("pelapor", "namapelapor", "nama", "reporter"),
    "phone": ("telepon", "nomortelepon", "notelepon", "notelp", "telp", "nohp", "hp", "handphone", "kontak", "phone"),
    "media": ("lampiran", "foto", "gambar", "attachments", "photos"),
    "backfilled": ("backfilled",),
    "test": ("test",),
}  # fmt: skip
# How a report says that its author wants no name on it.
_NAMELESS: Final = frozenset({"", "anonim", "anonymous", "rahasia", "-"})


def read(row: Payload, desk: Desk) -> Read:
    """Read one report; its number, and its words or its place are needed."""
    names = own_names(row, ALIASES)
    report_id = needed(row, names["id"], "call_ref")
    said, defects = _said(row, names)
    at_ms, late = sent_at(row, names["at"], desk)
    point = {"lat": row.get(names["lat"]), "lon": row.get(names["lon"])}
    where, misplaced = located(point, "lapor", at_ms)
    place, _ = cut(row, names["place"], "address")
    if not said and not place and where is None:
        raise Refused(names["text"], "missing, and there is no place either")
    happening = Happening(
        Kind.MESSAGE,
        report_id,
        at_ms,
        Identity(cut(row, names["phone"], "number")[0], self_declared=True),
        text=said,
        position=where,
        civic=Civic(written=place) if place else None,
        additional=_beside(row, names),
        media=media_of(row.get(names["media"])),
    )
    return Reading(
        (happening,),
        channel=Channel.LAPOR,
        native_id=f"laporan:{report_id}",
        backfilled=flag(row, names["backfilled"]),
        test=flag(row, names["test"]),
        defects=(*defects, *late, *misplaced),
    )


def _said(row: Payload, names: dict[str, str]) -> tuple[str, tuple[Defect, ...]]:
    """Title, report and place as people read them; what stands in the report already is not said twice."""
    said, defects = cut(row, names["text"])
    title, place = cut(row, names["title"], "address")[0], cut(row, names["place"], "address")[0]
    lines = [title] if title and title not in said else []
    lines += [said] if said else []
    lines += [f"Lokasi: {place}"] if place and place not in said else []
    whole, more = cut({names["text"]: "\n".join(lines)}, names["text"])
    return whole, defects or more


def _beside(row: Payload, names: dict[str, str]) -> AdditionalData | None:
    """Who reports, and how the service has filed it: beside the words, for "Dinas Pemadam Kebakaran" is no fire."""
    reporter, _ = cut(row, names["reporter"], "name")
    filed = tuple(
        f"{field}: {value}" for field in ("category", "agency") if (value := cut(row, names[field], "address")[0])
    )
    reporter = "" if reporter.lower() in _NAMELESS else reporter
    return AdditionalData(subscriber_name=reporter, comments=filed) if reporter or filed else None
