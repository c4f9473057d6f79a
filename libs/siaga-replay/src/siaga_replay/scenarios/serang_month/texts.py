"""What operators note about calls that need no unit."""

from typing import Final

# Some name an emergency in jest: only the operator's word says that it is none.
PRANK: Final = (
    "Anak-anak tertawa lalu menutup telepon.",
    "Penelepon bercanda, menyanyi, tidak ada laporan.",
    "Mengaku ada kebakaran, setelah ditanya alamat tertawa dan mengaku bercanda.",
    "Penelepon iseng minta nomor WhatsApp operator.",
    "Suara anak kecil bermain telepon, diberi pengertian.",
    "Penelepon berkata kasar tanpa laporan.",
    "Memesan pizza, bercanda dengan temannya.",
    "Menanyakan operator sudah makan atau belum, iseng.",
    "Bilang ada ular di kelas, teman-temannya tertawa, ternyata bohong.",
    "Penelepon hanya meniup gagang telepon dan tertawa.",
    "Iseng, menguji apakah nomor 112 aktif.",
    "Menirukan suara sirene lalu menutup telepon.",
)
GHOST: Final = (
    "Tidak ada suara, sudah disapa tiga kali.",
    "Sambungan sunyi, tidak ada jawaban.",
    "Terdengar suara jalan saja, kemungkinan tertekan di saku.",
)
NON_EMERGENCY: Final = (
    "Menanyakan jadwal Samsat keliling.",
    "Menanyakan cara mengurus KTP hilang.",
    "Minta dibukakan kunci HP yang lupa polanya.",
    "Menanyakan nomor kantor kelurahan.",
    "Ingin mengobrol saja karena kesepian di kos.",
)
MISDIRECTED: Final = (
    "Lokasi di Kabupaten Tangerang, diarahkan ke 112 setempat.",
    "Keluhan tagihan pulsa, diarahkan ke layanan operator seluler.",
)
BY_DISPOSITION: Final = {
    "prank": PRANK,
    "ghost": GHOST,
    "non_emergency": NON_EMERGENCY,
    "misdirected": MISDIRECTED,
}
