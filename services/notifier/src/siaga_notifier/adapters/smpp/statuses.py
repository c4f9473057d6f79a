"""What an SMS centre's statuses mean (SMPP 3.4 §5.1.3)."""

from typing import Final

from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary

ROK: Final = 0x00
RINVCMDID: Final = 0x03
RALYBND: Final = 0x05
RBINDFAIL: Final = 0x0D
RINVPASWD: Final = 0x0E
RINVSYSID: Final = 0x0F
RMSGQFUL: Final = 0x14
RTHROTTLED: Final = 0x58
# "Temporary application error" and "permanent": the centre offers it again, or does not.
RX_T_APPN: Final = 0x64
RX_P_APPN: Final = 0x65

# Statuses that no repetition mends: lengths, addresses, types of number, flags of the message.
PERMANENT: Final = {
    0x01: "invalid message length",
    0x0A: "invalid source address",
    0x0B: "invalid destination",
    0x33: "invalid destination",
    0x43: "invalid message class",
    0x48: "invalid source type",
    0x49: "invalid source plan",
    0x50: "invalid destination type",
    0x51: "invalid destination plan",
    0x66: "rejected",
}
TEMPORARY: Final = {0x08: "system error", RMSGQFUL: "queue full", 0x45: "submit failed", RTHROTTLED: "throttled"}
# The centre has more than it can take now: the same message will do later, and all others have to wait, too.
CROWDED: Final = frozenset({RMSGQFUL, RTHROTTLED})
# What a refused bind means to the person who can mend it.
BINDS: Final = {
    RALYBND: "already bound: it has not noticed yet that the last line ended, or another program uses this system_id",
    RBINDFAIL: "bind failed: ask the centre whether this address and system_type may bind",
    RINVPASWD: "invalid password: correct password_file",
    RINVSYSID: "invalid system_id: correct it",
}
RETRY_AFTER_S: Final = 1.0


def outcome(status: int, message_id: str, retry_after_s: float = RETRY_AFTER_S) -> Outcome:
    """What a submit_sm_resp says; an unlisted status is taken as passing, for giving up needs a sure reason."""
    if status == ROK:
        return Accepted(message_id)
    if status in PERMANENT:
        return Permanent(PERMANENT[status])
    return Temporary(TEMPORARY.get(status, f"status {status:#x}"), retry_after_s)
