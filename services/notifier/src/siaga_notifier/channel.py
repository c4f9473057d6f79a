"""What a way out of the house looks like: the port that every provider is an adapter of."""

from typing import Protocol

from siaga_notifier.core.model import Attempt
from siaga_notifier.core.outcomes import Outcome


class Channel(Protocol):
    """A provider of one channel: an SMS centre, a gateway, a broker, a push service."""

    @property
    def provider_id(self) -> str:
        """The centre's name of it, as in `notify.yaml`."""
        ...

    @property
    def channel(self) -> str:
        """sms, mqtt, webpush, fcm, whatsapp, other, operator."""
        ...

    @property
    def keyed(self) -> bool:
        """Whether a repeat under the same `Attempt.key` shows as one message; if not, it must read as a repeat."""
        ...

    @property
    def confirms(self) -> bool:
        """Whether it ever tells that a message arrived; if not, `sent, unconfirmed` is the most there is to say."""
        ...

    async def send(self, attempt: Attempt) -> Outcome:
        """Hand a message over; never raises for what the provider says or does."""
        ...

    def trouble(self) -> str | None:
        """Why nothing can be sent now, for people; None when something can."""
        ...

    async def run(self) -> None:
        """Keep what has to be kept open, until cancelled."""
        ...
