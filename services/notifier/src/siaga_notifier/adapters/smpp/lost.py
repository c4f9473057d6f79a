"""How a line to an SMS centre ends, or does not come about."""

from siaga_notifier.adapters.smpp import statuses


class LineLost(ConnectionError):  # noqa: N818  (named for what happened)
    """The line to the SMS centre is gone; `sent` = what was asked may have reached it."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent


class BindRefused(LineLost):
    """The centre does not let us in."""

    def __init__(self, status: int) -> None:
        meaning = f" ({statuses.BINDS[status]})" if status in statuses.BINDS else ""
        super().__init__(f"the SMS centre refused the bind with status {status:#x}{meaning}", sent=False)
        self.status = status
