"""The cases. Each holds for every peer; `direct` is what our own SMPP client answers, one outcome for each try."""

from dataclasses import dataclass
from typing import Final

from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_notifier.core.states import State

from sms_conformance import arrivals
from sms_conformance import faults as f

TEXT: Final = "#114 P1 Kebakaran {ruko} Jl. Raya 5 €"
# 201 places of the GSM alphabet: two parts; 75 of UCS-2: two; and one that needs three.
LONG: Final = "#114 P1 " + "Jalan Ki Mas Jong; " * 10 + "ok."
UNICODE: Final = "#114 P1 Kebakaran ruko 火事 ✓"
LONG_UNICODE: Final = "#114 P1 火事 " + "ꦗꦭꦤ꧀ " * 12 + "🔥" * 5
VERY_LONG: Final = "#114 P1 " + "[Kasemen] " * 40


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    faults: tuple[f.Fault, ...] = ()
    texts: tuple[str, ...] = (TEXT,)
    # What becomes of every text; None = nothing is ever told.
    fate: State | None = State.DELIVERED
    # Least and most copies of each that the centre has taken in the end.
    copies: tuple[int, int] = (1, 1)
    hears: tuple[str, ...] = ()
    failures: int = 0
    # Answers that the client owes to what the proxy asked by itself: command and status.
    answers: tuple[tuple[int, int], ...] = ()
    # So often the client has asked whether the line is there.
    asks_link: int = 0
    direct: tuple[type[Outcome], ...] = ()


ONCE: Final = (Accepted,)
AGAIN: Final = (Temporary, Accepted)
REPEATED: Final = (Unknown, Accepted)
NO: Final = (Permanent,)

CASES: Final = (
    Case("plain", direct=ONCE),
    Case("many at once", texts=tuple(f"#{number} P2 Pohon tumbang" for number in range(60)), direct=ONCE),
    Case("ucs2", texts=(UNICODE,), direct=ONCE),
    Case("concatenated", texts=(LONG,), direct=ONCE),
    Case("concatenated ucs2", texts=(LONG_UNICODE,), direct=ONCE),
    Case("concatenated, many parts", texts=(VERY_LONG,), direct=ONCE),
    Case("concatenated, one part undelivered", (f.Receipts(state="UNDELIV"),), (LONG,), State.FAILED_PERMANENT),
    Case("concatenated, second part throttled", (f.Refuse(0x58, after=1),), (LONG,)),
    Case("bind refused at first", (f.RefuseBind(0x0D, times=2),), direct=ONCE),
    Case("bind refused while the old line stands", (f.RefuseBind(0x05),), direct=ONCE),
    Case("throttled", (f.Refuse(0x58),), direct=AGAIN),
    Case("throttled for long", (f.Refuse(0x58, times=4),)),
    Case("queue full", (f.Refuse(0x14),), direct=AGAIN),
    Case("system error", (f.Refuse(0x08),), direct=AGAIN),
    Case("refused by generic_nack", (f.Refuse(0x58, nack=True),), direct=AGAIN),
    Case("invalid destination", (f.Refuse(0x0B, times=9),), fate=State.FAILED_PERMANENT, copies=(0, 0), direct=NO),
    Case("rejected", (f.Refuse(0x66, times=9),), fate=State.FAILED_PERMANENT, copies=(0, 0), direct=NO),
    Case("answer with an optional parameter", (f.AddTlv(0x0423, b"x"),), direct=ONCE),
    Case("answer with an unknown parameter", (f.AddTlv(0x1403, b"\0\0id:7"),), direct=ONCE),
    Case("answer lost", (f.Swallow(),), copies=(1, 2), direct=REPEATED),
    Case("line cut in the middle of an answer", (f.CutAnswer(),), copies=(1, 2), direct=REPEATED),
    Case("line cut in the middle of a message", (f.CutMessage(),), copies=(1, 2), direct=REPEATED),
    Case("centre takes leave", (f.Unbind(),), copies=(1, 2), direct=REPEATED),
    Case("frames in pieces", (f.Chop(3),), direct=ONCE),
    Case("frames glued together", (f.Glue(3),), (TEXT, UNICODE, LONG), direct=ONCE),
    Case("receipt before the answer", (f.ReceiptFirst(),), direct=ONCE),
    Case("receipts of parts before the answers", (f.ReceiptFirst(),), (LONG,), direct=ONCE),
    Case("late receipt, on another line", (f.LateReceipt(),), direct=ONCE),
    Case("receipt twice", (f.Receipts(times=2),), direct=ONCE),
    Case("receipt after intermediate ones", (f.Receipts(before=("ENROUTE", "ACCEPTD")),), direct=ONCE),
    Case("receipt with a decimal id", (f.Receipts(ids="decimal"),), direct=ONCE),
    Case("receipt with an id in capitals", (f.Receipts(ids="upper"),), direct=ONCE),
    Case("receipt with leading zeros", (f.Receipts(ids="zeros"),), direct=ONCE),
    Case("receipt by parameters only", (f.Receipts(tlvs=True, text=False),), direct=ONCE),
    Case("receipt by text only", (f.Receipts(tlvs=False),), direct=ONCE),
    Case("undelivered", (f.Receipts(state="UNDELIV"),), fate=State.FAILED_PERMANENT, direct=ONCE),
    Case("expired", (f.Receipts(state="EXPIRED"),), fate=State.EXPIRED, direct=ONCE),
    Case("rejected later", (f.Receipts(state="REJECTD"),), fate=State.FAILED_PERMANENT, direct=ONCE),
    Case("centre asks for the line", (f.AskLink(),), answers=((0x80000015, 0),), direct=ONCE),
    # A centre need not remember over a cut line what it has to tell.
    Case("line goes deaf", (f.DeafLink(),), fate=None, asks_link=2, direct=ONCE),
    Case("command of no list", (f.Strange(),), answers=((0x80000000, 0x03),), direct=ONCE),
    Case("phone answers", (f.Arrives(arrivals.gsm("1 #114")),), hears=("1 #114",)),
    Case("phone answers in Latin-1", (f.Arrives(arrivals.latin1("siap é")),), hears=("siap é",)),
    Case("phone answers in UCS-2", (f.Arrives(arrivals.ucs2("siap ✓")),), hears=("siap ✓",)),
    Case("long answer, 8 bits", (f.Arrives(arrivals.parts8(LONG)),), hears=(LONG,)),
    Case("long answer, 16 bits", (f.Arrives(arrivals.parts16(UNICODE)),), hears=(UNICODE,)),
    Case("long answer, SAR", (f.Arrives(arrivals.sar(LONG)),), hears=(LONG,)),
    Case("answer while the broker is away", (f.Arrives(arrivals.gsm("3 #114")),), hears=("3 #114",), failures=2),
)
