"""Reports of SP4N-LAPOR by the names that exports and feeds give their fields, and times as offices write them."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.core.events import Accepted, CallEvent, Channel, Kind, Media, Refusal, Trust
from siaga_intake.core.fields import Refused
from siaga_intake.core.local_times import local_moment

Events = Callable[[str, Any], tuple[CallEvent, ...]]
ARRIVED_MS = 1_710_123_600_000
AT_MS = 1_710_123_330_000
ROW: dict[str, Any] = {
    "Nomor Laporan": "5720401", "Judul": "Pohon tumbang", "Isi Laporan": "Menutup jalan sejak subuh", "Tanggal": "11-03-2024 09:15:30",
    "Lokasi": "Jl. Veteran, Cipare", "Kategori": "Lingkungan", "Instansi": "Dinas Pemadam Kebakaran", "Pelapor": "Budi",
    "No HP": "0812-3456-7890", "Lampiran": ["https://example.id/1.jpg"],
}  # fmt: skip
FEED: dict[str, Any] = {
    "tracking_id": 5720401, "title": "Pohon tumbang", "description": "Menutup jalan sejak subuh", "created_at": "2024-03-11T09:15:30+07:00",
    "location": "Jl. Veteran, Cipare", "latitude": "-6.1149", "longitude": 106.1502,
}  # fmt: skip


def test_a_row_of_an_export(events: Events) -> None:
    (event,) = events("lapor", ROW)
    assert (event.kind, event.channel, event.call_ref, event.event_at_ms) == (
        Kind.MESSAGE,
        Channel.LAPOR,
        "5720401",
        AT_MS,
    )
    assert event.text == "Pohon tumbang\nMenutup jalan sejak subuh\nLokasi: Jl. Veteran, Cipare"
    assert event.caller is not None
    assert (event.caller.number, event.caller.trust) == ("+6281234567890", Trust.UNVERIFIED)
    assert event.civic is not None
    assert event.civic.written == "Jl. Veteran, Cipare"
    assert event.additional is not None
    assert event.additional.subscriber_name == "Budi"
    assert event.additional.comments == ("category: Lingkungan", "agency: Dinas Pemadam Kebakaran")
    assert event.media == (Media("https://example.id/1.jpg", "image"),)


def test_a_feed_with_a_point_is_the_same_report(events: Events) -> None:
    (event,) = events("lapor", FEED)
    assert event.position is not None
    assert (event.position.lat, event.position.source, event.event_at_ms) == (-6.1149, "lapor", AT_MS)
    assert event.event_id == events("lapor", ROW)[0].event_id


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"Isi Laporan": "x" * 10_001}, ["Isi Laporan"]),
        ({"Isi Laporan": "x" * 9_999}, ["Isi Laporan"]),
        ({"Tanggal": "31-02-2024"}, ["Tanggal"]),
        ({"lat": 52.5, "lon": 13.4}, ["lat"]),
    ],
)
def test_a_wrong_part_is_left_out_and_told(
    take: Callable[..., Any], changes: dict[str, Any], fields: list[str]
) -> None:
    taken = take("lapor", {**ROW, **changes})
    assert isinstance(taken, Accepted)
    assert [defect.field for defect in taken.defects] == fields
    assert len(taken.events[0].text) <= 10_000


@pytest.mark.parametrize(
    ("row", "field"),
    [({"Judul": "x", "isi": "y"}, "nomorlaporan"), ({"nomor": "1", "kategori": "x"}, "isilaporan")],
)
def test_a_refused_row_names_the_field(take: Callable[..., Any], row: dict[str, Any], field: str) -> None:
    refused = take("lapor", row)
    assert isinstance(refused, Refusal)
    assert refused.field == field


def test_nobody_is_named_who_wants_no_name(events: Events) -> None:
    (event,) = events("lapor", {"id": "1", "isi": "banjir", "pelapor": "Anonim"})
    assert event.additional is None
    assert event.caller is not None
    assert event.caller.trust is Trust.ANONYMOUS


WRITTEN = [
    # as written, hours ahead of UTC → epoch ms of 2024-03-11 02:15:30 UTC, or of its minute or day
    ("11-03-2024 09:15:30", 7, AT_MS),
    ("11/03/2024 09.15.30", 7, AT_MS),
    ("2024-03-11 09:15:30", 7, AT_MS),
    ("2024-03-11T10:15:30", 8, AT_MS),
    ("2024-03-11 09:15:30.250", 7, AT_MS),
    ("11 Maret 2024 09.15.30 WIB", 9, AT_MS),
    ("Senin, 11 Maret 2024 pukul 11:15:30 WIT", 7, AT_MS),
    ("11 Mar 2024, 10:15 WITA", 7, AT_MS - 30_000),
    ("11-Mar-2024", 7, AT_MS - 33_330_000),
    ("1710123330", 9, AT_MS),
    ("2024-03-11T09:15:30+07:00", 9, AT_MS),
]


@pytest.mark.parametrize(("written", "zone", "at_ms"), WRITTEN, ids=str)
def test_times_as_offices_write_them(written: str, zone: int, at_ms: int) -> None:
    assert local_moment({"t": written}, "t", ARRIVED_MS, zone) == at_ms


@pytest.mark.parametrize(
    "written", ["31-02-2024", "11 Foo 2024", "03-13-2024", "kemarin", "11-03-2024 25:00", "01-01-1999"]
)
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        local_moment({"t": written}, "t", ARRIVED_MS, 7)


@given(st.text(max_size=30) | st.from_regex(r"\d{1,4}[-/. ][0-9A-Za-z]{1,9}[-/. ]\d{1,4}.{0,12}", fullmatch=True))
def test_no_writing_of_a_time_is_an_exception(written: str) -> None:
    try:
        found = local_moment({"t": written}, "t", ARRIVED_MS, 7)
    except Refused:
        return
    assert found is None or found > 0
