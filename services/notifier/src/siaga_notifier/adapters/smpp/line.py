"""A line to the SMS centre: one connection that sends and receives, or two where the centre knows no such thing."""

import asyncio
import ssl
from typing import Self

from siaga_kit.settings import SmppSettings

from siaga_notifier.adapters.secret_file import SecretError, SecretFile
from siaga_notifier.adapters.smpp import requests, statuses
from siaga_notifier.adapters.smpp.lost import BindRefused, LineLost
from siaga_notifier.adapters.smpp.patience import Patience
from siaga_notifier.adapters.smpp.pdu import BIND_RECEIVER, BIND_TRANSCEIVER, BIND_TRANSMITTER
from siaga_notifier.adapters.smpp.session import Handler, Session


class Line:
    """Ends when any of its connections ends."""

    def __init__(self, sending: Session, receiving: Session) -> None:
        self._sending = sending
        self._sessions = {sending, receiving}
        self.submit = sending.submit

    @property
    def lost(self) -> bool:
        """Whether nothing can be sent by it any more."""
        return self._sending.lost

    @classmethod
    async def open(
        cls, settings: SmppSettings, handler: Handler, deliveries: set[asyncio.Task[None]], patience: Patience
    ) -> Self:
        """Connect and bind; raises LineLost with the reason, for people, when that fails."""
        tls = _tls(settings)
        password = _password(settings)

        async def session(command: int) -> Session:
            try:
                bind = requests.bind(command, settings, password)
            except ValueError as error:
                raise LineLost(f"no bind can be made of the settings: {error}", sent=False) from error
            address = (settings.host, settings.port)
            return await Session.open(address, tls, bind, handler, deliveries, patience)

        try:
            both = await session(BIND_TRANSCEIVER)
        except BindRefused as refused:
            if refused.status != statuses.RINVCMDID:
                raise
        else:
            return cls(both, both)
        # In this order: a centre may deliver, and wait for our answer, as soon as there is somebody who receives.
        sending = await session(BIND_TRANSMITTER)
        try:
            return cls(sending, await session(BIND_RECEIVER))
        except LineLost:
            sending.abandon()
            raise

    async def run(self) -> None:
        """Serve it until it ends."""
        running = [asyncio.create_task(session.run()) for session in self._sessions]
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for session in self._sessions:
            session.abandon()
        await asyncio.wait(running)

    async def close(self) -> None:
        """Take leave of the centre."""
        await asyncio.gather(*(session.close() for session in self._sessions))


def _password(settings: SmppSettings) -> str:
    if settings.password_file is None:
        return settings.password.get_secret_value()
    try:
        return SecretFile(settings.password_file).read().decode()
    except (SecretError, UnicodeDecodeError) as error:
        raise LineLost(str(error), sent=False) from error


def _tls(settings: SmppSettings) -> ssl.SSLContext | None:
    """TLS 1.2 at least; the certificate must be of the host's name and signed by `ca_file`, or by whom the system trusts."""
    if not settings.tls:
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = (
            f"{settings.ca_file}: {error.strerror or 'no certificates in PEM'}; put the centre's CA there, or leave"
        )
        raise LineLost(f"{reason} ca_file out where the system trusts it", sent=False) from error
