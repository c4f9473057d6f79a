"""What the suite needs of a peer, and what it hands to it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from siaga_kit.errors import Transient
from siaga_notifier.channel import Channel
from siaga_notifier.core.model import PhoneMessage
from siaga_notifier.core.receipts import Receipt


@dataclass(slots=True)
class Heard:
    """The inbox of a case: keeps what came back."""

    receipts: list[tuple[Receipt, str]] = field(default_factory=list)
    messages: list[PhoneMessage] = field(default_factory=list)
    # Who told of receipts.
    providers: set[str] = field(default_factory=set)
    # So many messages cannot be passed on at first.
    failures: int = 0

    async def receipt(self, receipt: Receipt, number: str, provider: str = "") -> None:
        """As the inbox's: the provider says what became of a message."""
        self.receipts.append((receipt, number))
        self.providers.add(provider)

    async def message(self, message: PhoneMessage) -> None:
        """As the inbox's: a phone sent an SMS."""
        if self.failures:
            self.failures -= 1
            raise Transient("the broker is away")
        self.messages.append(message)


class Peer(Protocol):
    """An SMS centre, with whatever stands before it."""

    @property
    def direct(self) -> bool:
        """Whether our own SMPP client is what talks to the centre: then a case's `direct` expectations hold, too."""
        ...

    def started(self) -> AbstractAsyncContextManager[int]:
        """The centre runs meanwhile; the port on which it speaks SMPP. One start serves all cases, many at once."""
        ...

    def channel(self, name: str, smpp_port: int, heard: Heard) -> AbstractAsyncContextManager[Channel]:
        """The way out under test, running: it reaches the centre by `smpp_port` (the proxy's), and tells `heard`.

        `name` is the case's, for a gateway that has to be started for each. Waits must be short: an answer is waited for
        about half a second, a lost line opened again at once, a refused message tried again at once.
        """
        ...
