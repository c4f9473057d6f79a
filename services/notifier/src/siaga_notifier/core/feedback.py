"""What callers are told of their own report, where their centre wants it: that it is here, that help goes, that it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from siaga_notifier.core.gsm7 import SMS_SEPTETS, cut, transliterate
from siaga_notifier.core.message import Words

# What happened longer ago is no news: a month replayed, a log filled in after an outage, a message that waited for a line.
NEWS_MS: Final = 10 * 60_000
# A mobile number of this country: nothing else takes an SMS that anybody would pay for.
MOBILE: Final = "+628"


class Kind(StrEnum):
    """What is told, in the order in which it becomes true; the last that is true is told, and none before it any more."""

    RECEIVED = "received"
    UNIT_SENT = "unit_sent"
    CANCELLED = "cancelled"


# A person or a rule has found that help is needed: before that, it may be a prank that somebody looks at.
_TAKEN: Final = frozenset({"verified", "queued", "dispatched", "en_route"})
# Ended, but not for the caller: another report goes on, or there was none in earnest.
_NO_END: Final = frozenset({"duplicate", "false_report"})

DEFAULT_TEMPLATES: Final[Mapping[Kind, str]] = {
    Kind.RECEIVED: "112: Laporan Anda kami terima, tiket {ticket}. Bila keadaan berubah, hubungi 112 lagi.",
    Kind.UNIT_SENT: "112: Bantuan sudah berangkat untuk laporan {ticket}. Tetap di tempat aman.",
    Kind.CANCELLED: "112: Penanganan laporan {ticket} dihentikan. Bila masih perlu bantuan, hubungi 112 lagi.",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """One call of an incident, and the number it came from in E.164; empty = none, or not to be used."""

    call_id: str
    number: str


@dataclass(frozen=True, slots=True)
class Report:
    """An incident as far as its callers are concerned."""

    tenant: str
    ticket_no: str
    # An IncidentStatus name in lower case.
    status: str
    confidential: bool
    disposition: str
    event_at_ms: int
    callers: tuple[Caller, ...]
    # A unit was ever bound; one is on its way; one has arrived.
    staffed: bool
    under_way: bool
    arrived: bool


def due(report: Report, wanted: frozenset[Kind], now_ms: int) -> Kind | None:
    """What the callers of an incident are to be told as it stands now; None = nothing.

    Never of a confidential one (whoever did it may hold the phone), never of what is no news, and nothing of an end to
    those for whom nobody ever went.
    """
    if report.confidential or now_ms - report.event_at_ms > NEWS_MS:
        return None
    if report.arrived and report.status != "cancelled":
        # The caller sees them.
        return None
    told: Kind | None = None
    if report.status == "cancelled":
        told = Kind.CANCELLED if report.staffed and report.disposition not in _NO_END else None
    elif report.under_way and report.status == "en_route":
        told = Kind.UNIT_SENT if Kind.UNIT_SENT in wanted else Kind.RECEIVED
    elif report.status in _TAKEN:
        told = Kind.RECEIVED
    return told if told in wanted else None


def listeners(report: Report) -> Sequence[Caller]:
    """Who can be told, each number once: two calls of one phone are one person."""
    by_number = {caller.number: caller for caller in reversed(report.callers) if caller.number.startswith(MOBILE)}
    return tuple(reversed(by_number.values()))


def text(kind: Kind, report: Report, words: Words) -> str:
    """The SMS: it tells no more than the ticket, for anyone may hold the phone."""
    template = words.templates.get(f"feedback_{kind}") or DEFAULT_TEMPLATES[kind]
    return cut(transliterate(template.replace("{ticket}", report.ticket_no)), SMS_SEPTETS)
