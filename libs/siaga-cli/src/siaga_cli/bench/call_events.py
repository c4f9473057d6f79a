"""Made-up call events as intake publishes them, for measuring what reads them."""

from collections.abc import Iterator
from typing import Any, Final

from siaga.v1 import call_pb2, common_pb2

TENANT: Final = "36.73"
TEXT_CHARS: Final = 200
# Of a call by voice: rings, menu, key, queue, answered, over.
EVENTS_A_CALL: Final = 6
# Calls under way at the same time: the events of one lie this far apart on the topic.
AT_ONCE: Final = 40
_BEGIN_MS: Final = 1_768_461_330_000
# What citizens write, everyday and alarming; each text is put together of these and a number, so that none is met twice.
_SAYINGS: Final = (
    "assalamualaikum pak mohon bantuannya rumah tetangga kebakaran apinya sudah sampai atap belum ada yang datang",
    "min lampu jalan depan gang kami mati sudah dua minggu tolong diperbaiki gelap sekali kalau malam anak takut lewat",
    "tolong ada kecelakaan motor sama truk di dekat pasar korban satu orang luka di kepala berdarah banyak butuh ambulan",
    "mau tanya jadwal pelayanan ktp di kecamatan hari sabtu buka tidak ya soalnya saya kerja senin sampai jumat terima kasih",
    "ada ular besar masuk ke kamar mandi rumah saya di belakang masjid kami tidak berani keluar mohon segera petugas datang",
    "air sungai naik terus sudah masuk rumah warga setinggi lutut ada orang tua sakit yang belum bisa diungsikan tolong",
)


def voice(salt: str) -> Iterator[call_pb2.CallEvent]:
    """Events of calls without any words, without end, of calls interleaved."""
    first = 0
    while True:
        for step in range(EVENTS_A_CALL):
            for number in range(first, first + AT_ONCE):
                yield _step(salt, number, step)
        first += AT_ONCE


def written(salt: str) -> Iterator[call_pb2.CallEvent]:
    """Messages of TEXT_CHARS characters without end, each a conversation of its own."""
    number = 0
    while True:
        event = _event(salt, number, 0, call_pb2.CALL_EVENT_KIND_MESSAGE, channel=call_pb2.CHANNEL_WHATSAPP)
        event.text = text(number)
        yield event
        number += 1


def text(number: int) -> str:
    """The text of that number: TEXT_CHARS characters."""
    one, other = _SAYINGS[number % len(_SAYINGS)], _SAYINGS[number // len(_SAYINGS) % len(_SAYINGS)]
    return f"{number} {one} {other} {one}"[:TEXT_CHARS]


def _step(salt: str, number: int, step: int) -> call_pb2.CallEvent:
    match step:
        case 0:
            return _event(salt, number, step, call_pb2.CALL_EVENT_KIND_RINGING)
        case 1:
            return _event(salt, number, step, call_pb2.CALL_EVENT_KIND_IVR_ENTERED)
        case 2:
            return _event(salt, number, step, call_pb2.CALL_EVENT_KIND_IVR_CONFIRMED)
        case 3:
            return _event(salt, number, step, call_pb2.CALL_EVENT_KIND_QUEUE_JOINED)
        case 4:
            return _event(salt, number, step, call_pb2.CALL_EVENT_KIND_ANSWERED, operator="op-03")
        case _:
            over = call_pb2.Hangup(by=call_pb2.HANGUP_BY_CALLER, q850=16)
            return _event(salt, number, step, call_pb2.CALL_EVENT_KIND_ENDED, hangup=over)


def _event(
    salt: str, number: int, step: int, kind: call_pb2.CallEventKind.ValueType, **more: Any
) -> call_pb2.CallEvent:
    # Every third call is of somebody who has called before.
    caller = f"{number // 3 * 3 if number % 3 else number:012d}"
    return call_pb2.CallEvent(
        event_id=f"{salt}-{number}-{step}",
        call_id=f"{salt}-{number:08d}-4f5c-9f4e-5d3c8a7b6f10",
        tenant=TENANT,
        kind=kind,
        source="asterisk/pbx1",
        event_at_ms=_BEGIN_MS + number * 900 + step * 5_000,
        caller=call_pb2.Caller(
            key=f"{salt}{caller}", number=f"+62812{caller[-8:]}", identity_trust=common_pb2.IDENTITY_TRUST_ASSERTED
        ),
        **{"channel": call_pb2.CHANNEL_VOICE, **more},
    )
