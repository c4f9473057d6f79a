"""Captured files by the name of their source: the door they would have come through, and how they come apart.

A new source is one line in `CAPTURES`; its splitter is a pure function beside its reader in the core.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from siaga_intake.adapters import pcap
from siaga_intake.core.captured import Broken, Piece, Split, apart, json_or, json_values, messages, of_text
from siaga_intake.core.doors import AML, PIDF_LO, SWITCH_DOORS, WHATSAPP, Door
from siaga_intake.core.position import captures as position_captures
from siaga_intake.core.switches import ami_text, asterisk_cdr, esl_capture, freeswitch_posted, queue_log

# Beyond this a capture is cut: a file of some kilobytes may unpack to more than the machine has.
MAX_BYTES: Final = 256 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b"
# zlib's number for "with the header of gzip".
_GZIP_BITS: Final = 31
# What unpacks in a step is lost when the damage lies in it: few bytes, so that little is.
_STEP_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Capture:
    """How the captured input of one source is read."""

    door: Door
    # What a file may hold, for people.
    takes: str
    split: Split


_ASTERISK: Final = SWITCH_DOORS["asterisk"]
_FREESWITCH: Final = SWITCH_DOORS["freeswitch"]
_JSON: Final = of_text(json_values)

CAPTURES: Final[Mapping[str, Capture]] = {
    "asterisk-ami": Capture(
        _ASTERISK, "a session of the manager as text, or its events as JSON", of_text(ami_text.captured)
    ),
    "asterisk-ari": Capture(_ASTERISK, "ARI events as JSON", _JSON),
    "asterisk-queue-log": Capture(_ASTERISK, "a queue_log", of_text(queue_log.pieces)),
    "asterisk-cdr": Capture(_ASTERISK, "a Master.csv", of_text(asterisk_cdr.pieces)),
    "freeswitch-cdr": Capture(
        _FREESWITCH, "records of mod_json_cdr, in any of its encodings", of_text(json_or(freeswitch_posted.lines))
    ),
    "freeswitch-esl": Capture(
        _FREESWITCH,
        "ESL events as JSON, or the text of the event socket",
        of_text(json_or(messages(esl_capture.messages))),
    ),
    "kamailio": Capture(
        SWITCH_DOORS["kamailio"],
        "acc_json, dialog records, our event style, answers to dlg.list",
        of_text(apart(json_values, SWITCH_DOORS["kamailio"].split)),
    ),
    "sip": Capture(SWITCH_DOORS["sip"], "SIP messages as text, as JSON, or in .pcap or .pcapng", pcap.pieces),
    "pidf-lo": Capture(PIDF_LO, "documents of PIDF-LO", of_text(position_captures.documents)),
    "aml": Capture(AML, "AML by SMS, one in a line, or posts of its form", of_text(position_captures.messages)),
    "whatsapp": Capture(
        WHATSAPP, "webhook posts of the WhatsApp Cloud API as JSON", of_text(apart(json_values, WHATSAPP.split))
    ),
}


def pieces(capture: Capture, data: bytes) -> Iterator[Piece | Broken]:
    """All that a file holds, in order; packed with gzip or not. Never raises."""
    plain, trouble = unpacked(data)
    yield from capture.split(plain)
    if trouble is not None:
        yield trouble


def unpacked(data: bytes) -> tuple[bytes, Broken | None]:
    """What is in a file of gzip, as far as it is whole, and what is wrong with it; other files as they are."""
    trouble = None
    if data.startswith(_GZIP):
        data, trouble = _inflated(data)
    if len(data) > MAX_BYTES:
        return data[:MAX_BYTES], Broken("end", f"the rest is left out: more than {MAX_BYTES:,} bytes", "")
    return data, trouble


def _inflated(data: bytes) -> tuple[bytes, Broken | None]:
    made = bytearray()
    # Rotated logs are often several files of gzip put together.
    while data.startswith(_GZIP) and len(made) <= MAX_BYTES:
        member = zlib.decompressobj(_GZIP_BITS)
        try:
            for step in range(0, len(data), _STEP_BYTES):
                made += member.decompress(data[step : step + _STEP_BYTES], MAX_BYTES + 1 - len(made))
                if member.eof or len(made) > MAX_BYTES:
                    break
        except zlib.error as error:
            return bytes(made), Broken("end", f"the gzip file is damaged: {error}", "")
        if not member.eof:
            return bytes(made), Broken("end", "the gzip file is cut off", "")
        data = member.unused_data + data[step + _STEP_BYTES :]
    return bytes(made), None
