"""The fourteen calls that were real: told as an operator would write them down, each at another place of Kota Serang.

The coordinates are points inside the kelurahan named, not surveyed addresses. The texts are ours; the centre published
only that fourteen calls were real.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from siaga_replay.scenarios.serang_month.counts import WIB

ASTERISK: Final = "asterisk/pbx1"
FREESWITCH: Final = "freeswitch/fs1"
KAMAILIO: Final = "kamailio/edge1"


@dataclass(frozen=True, slots=True)
class RealCall:
    """A call for help; `type` and `priority` are what it is, `by_operator` says that the form names them."""

    at: str
    switch: str
    type: str
    priority: str
    by_operator: bool
    text: str
    address: str
    area_code: str
    lat: float
    lon: float
    # Rank of the prankster whose telephone it is; None = a telephone that never called before.
    caller_rank: int | None = None
    no_sim: bool = False

    @property
    def ring_s(self) -> int:
        return int(datetime.fromisoformat(self.at).replace(tzinfo=WIB).timestamp())

    @property
    def confidential(self) -> bool:
        return self.type == "kdrt"


REAL_CALLS: Final = (
    RealCall(
        "2019-02-12T19:42:10", ASTERISK, "fire_building", "P1", by_operator=True,
        text="Rumah kebakaran, api sudah besar dan merembet ke rumah sebelah, di dalam masih ada orang.",
        address="Jl. Ki Mas Jong RT 03 RW 08, Kel. Cipare", area_code="36.73.01.1002", lat=-6.126842, lon=106.16468,
    ),
    RealCall(
        "2019-02-14T03:18:45", FREESWITCH, "medical_birth", "P2", by_operator=False,
        text="Istri saya mau melahirkan, ketuban sudah pecah dan sudah mulas terus, tidak ada kendaraan.",
        address="Kp. Kroya Lama RT 02 RW 03, Kel. Kasemen", area_code="36.73.02.1001", lat=-6.07838, lon=106.152293,
    ),
    RealCall(
        "2019-02-15T16:55:31", ASTERISK, "accident_traffic", "P2", by_operator=False,
        text="Kecelakaan lalu lintas, motor tabrakan dengan truk, dua orang luka parah dan berdarah di jalan.",
        address="Jl. Raya Serang-Jakarta dekat lampu merah, Kel. Sumur Pecung", area_code="36.73.01.1003",
        lat=-6.122961, lon=106.179427,
    ),
    RealCall(
        "2019-02-17T20:07:02", ASTERISK, "animal", "P3", by_operator=False,
        text="Ada ular kobra masuk rumah, sekarang di dapur, keluarga takut. Minta bantuan petugas menangkap ular.",
        address="Perumahan Banjarsari Blok C, Kel. Banjarsari", area_code="36.73.05.1005", lat=-6.149896, lon=106.190066,
        caller_rank=40,
    ),
    RealCall(
        "2019-02-19T04:31:57", FREESWITCH, "flood", "P2", by_operator=True,
        text="Banjir dari Kali Cibanten, air setinggi pinggang masuk rumah, warga lansia belum bisa keluar.",
        address="Kp. Kasunyatan RT 01 RW 01, Kel. Kasunyatan", area_code="36.73.02.1010", lat=-6.049633, lon=106.153626,
    ),
    RealCall(
        "2019-02-21T22:14:20", ASTERISK, "kdrt", "P1", by_operator=True,
        text="Penelepon awalnya hanya ingin curhat, lalu menangis: suaminya memukul sejak kemarin, sekarang suami"
        " menggedor pintu kamar dan mengancam. Anak dua ikut di kamar.",
        address="Kp. Unyur RT 05 RW 02, rumah cat hijau, Kel. Unyur", area_code="36.73.01.1007",
        lat=-6.097098, lon=106.163628, caller_rank=120,
    ),
    RealCall(
        "2019-02-23T10:26:08", KAMAILIO, "gas_leak", "P1", by_operator=False,
        text="Bau gas menyengat di warung makan, tabung elpiji bocor dan mendesis, takut meledak.",
        address="Jl. Lontar Baru No. 14, Kel. Lontarbaru", area_code="36.73.01.1009", lat=-6.114559, lon=106.143396,
    ),
    RealCall(
        "2019-02-25T15:38:44", ASTERISK, "fallen_tree", "P3", by_operator=True,
        text="Pohon tumbang karena angin kencang, menutup jalan dan menimpa satu motor, pengendara selamat.",
        address="Jl. Raya Taktakan, Kel. Drangong", area_code="36.73.06.1008", lat=-6.098865, lon=106.134283,
    ),
    RealCall(
        "2019-02-27T05:49:16", FREESWITCH, "medical_unconscious", "P1", by_operator=False,
        text="Bapak saya pingsan tidak sadarkan diri di kamar mandi, dipanggil tidak menjawab, napasnya ada.",
        address="Komplek Kaligandu Indah, Kel. Kaligandu", area_code="36.73.01.1010", lat=-6.101462, lon=106.175932,
        caller_rank=300,
    ),
    RealCall(
        "2019-03-02T01:12:37", ASTERISK, "mental_health", "P1", by_operator=True,
        text="Penelepon bicara pelan, putus asa setelah dipecat, bilang ingin mengakhiri hidup malam ini. Sendirian.",
        address="Jl. Raya Petir, kontrakan belakang masjid, Kel. Curug", area_code="36.73.04.1001",
        lat=-6.176046, lon=106.178998,
    ),
    RealCall(
        "2019-03-04T17:21:50", KAMAILIO, "rescue", "P1", by_operator=True,
        text="Anak laki-laki sekitar 10 tahun tenggelam saat berenang di sungai, belum ditemukan, arus deras.",
        address="Bantaran Kali Cibanten, Kp. Sawah Luhur, Kel. Sawah Luhur", area_code="36.73.02.1008",
        lat=-6.040826, lon=106.207009,
    ),
    RealCall(
        "2019-03-06T13:03:29", FREESWITCH, "fire_land", "P2", by_operator=False,
        text="Kebakaran lahan, alang-alang terbakar dekat tempat pembuangan sampah, asap tebal ke permukiman.",
        address="Sekitar TPA Cilowong, Kel. Cilowong", area_code="36.73.06.1006", lat=-6.132654, lon=106.08465,
        no_sim=True,
    ),
    RealCall(
        "2019-03-08T18:44:03", ASTERISK, "fallen_pole", "P2", by_operator=False,
        text="Tiang listrik roboh melintang di jalan, kabel menjuntai dan masih mengeluarkan percikan.",
        address="Jl. Ciruas-Walantaka, Kel. Walantaka", area_code="36.73.03.1001", lat=-6.154714, lon=106.22828,
    ),
    RealCall(
        "2019-03-10T23:35:12", FREESWITCH, "medical_ambulance", "P1", by_operator=True,
        text="Ibu saya sesak napas berat, punya asma, obat semprot sudah habis, bibirnya mulai biru.",
        address="Jl. Raya Pandeglang Km 4, Kel. Tembong", area_code="36.73.05.1006", lat=-6.154819, lon=106.15135,
    ),
)  # fmt: skip
