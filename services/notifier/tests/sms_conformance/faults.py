"""What the line between client and centre may be told to do; each in the order and as often as a case says."""

from dataclasses import dataclass

from sms_conformance.frames import Message


@dataclass(frozen=True, slots=True)
class RefuseBind:
    """Binds are answered with this status, and the line is cut."""

    status: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class NoTransceiver:
    """The centre knows transmitters and receivers only."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Messages are answered with this status and do not reach the centre; the first `after` ones do."""

    status: int
    times: int = 1
    after: int = 0
    # An answer without a body of its own.
    nack: bool = False


@dataclass(frozen=True, slots=True)
class Swallow:
    """Answers to messages are lost."""

    times: int = 1


@dataclass(frozen=True, slots=True)
class CutAnswer:
    """The line ends in the middle of an answer to a message."""

    times: int = 1


@dataclass(frozen=True, slots=True)
class CutMessage:
    """The line ends in the middle of a message."""

    times: int = 1


@dataclass(frozen=True, slots=True)
class Unbind:
    """The centre takes leave instead of answering a message, and then ends the line."""

    times: int = 1


@dataclass(frozen=True, slots=True)
class AddTlv:
    """Answers to messages carry an optional parameter."""

    tag: int
    value: bytes


@dataclass(frozen=True, slots=True)
class ReceiptFirst:
    """The answer to a message waits until its receipt was handed over."""


@dataclass(frozen=True, slots=True)
class LateReceipt:
    """Receipts are kept until the line has been cut and bound anew."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """How receipts look: `ids` may be `decimal`, `hex`, `upper`, `zeros`; `tlvs` and `text` may be left out."""

    ids: str = ""
    tlvs: bool | None = None
    text: bool = True
    # Instead of what the centre says: DELIVRD, UNDELIV, EXPIRED, REJECTD, …
    state: str = ""
    # Said before the last word.
    before: tuple[str, ...] = ()
    times: int = 1


@dataclass(frozen=True, slots=True)
class Chop:
    """Everything to the client comes in pieces of so many octets."""

    octets: int


@dataclass(frozen=True, slots=True)
class Glue:
    """So many frames to the client come as one piece."""

    frames: int


@dataclass(frozen=True, slots=True)
class AskLink:
    """The centre asks whether the line is there; the client has to answer before anything else goes on."""


@dataclass(frozen=True, slots=True)
class DeafLink:
    """The client's own question is not answered."""

    times: int = 1


@dataclass(frozen=True, slots=True)
class Strange:
    """The centre sends a command of its own invention, which has to be refused and must do nothing else."""


@dataclass(frozen=True, slots=True)
class Arrives:
    """Phones' messages, each a list of pieces, offered one after the other until they are taken."""

    pieces: tuple[Message, ...]


Fault = (
    RefuseBind | NoTransceiver | Refuse | Swallow | CutAnswer | CutMessage | Unbind | AddTlv | ReceiptFirst | LateReceipt
    | Receipts | Chop | Glue | AskLink | DeafLink | Strange | Arrives
)  # fmt: skip
