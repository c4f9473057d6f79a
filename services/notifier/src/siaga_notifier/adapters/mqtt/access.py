"""How a broker is reached and who the notifier is there."""

import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from siaga_kit.settings import MqttSettings

from siaga_notifier.adapters.secret_file import SecretError, SecretFile

PORT: Final = 1883
TLS_PORT: Final = 8883


class AccessError(Exception):
    """A file that the connection needs cannot be read; says which."""


@dataclass(frozen=True, slots=True)
class Access:
    """One broker, with the login that its access list gives all units' topics to."""

    host: str
    port: int = PORT
    username: str | None = None
    password: str | None = None
    # Read at each connection, so that a new password needs no restart.
    password_file: Path | None = None
    tls: bool = False
    # Who vouches for the broker; None = the system's authorities.
    ca_file: Path | None = None

    @classmethod
    def shared(cls, settings: MqttSettings) -> Self:
        """The broker of the notifier's own settings, which must name a host."""
        assert settings.host is not None
        password = settings.password.get_secret_value() if settings.password else None
        return cls(
            settings.host, settings.port, settings.username, password, tls=settings.tls, ca_file=settings.ca_file
        )

    @classmethod
    def own(cls, settings: Mapping[str, Any]) -> Self:
        """A centre's own broker, as `notify.yaml` names it; a `ca_file` alone means TLS, too."""
        tls = bool(settings.get("tls", "ca_file" in settings))
        return cls(
            settings["host"],
            settings.get("port", TLS_PORT if tls else PORT),
            settings.get("username"),
            password_file=settings.get("password_file"),
            tls=tls,
            ca_file=settings.get("ca_file"),
        )

    def arguments(self) -> dict[str, Any]:
        """For the client. Raises AccessError."""
        password = self.password
        if self.password_file is not None:
            try:
                password = SecretFile(self.password_file).read().decode()
            except (SecretError, UnicodeDecodeError) as error:
                raise AccessError(str(error)) from error
        try:
            context = ssl.create_default_context(cafile=self.ca_file) if self.tls else None
        except OSError as error:
            raise AccessError(f"{self.ca_file} is no certificate in PEM that can be read") from error
        return {"username": self.username, "password": password, "tls_context": context}

    def name(self, instance: str, provider_id: str) -> str:
        """The client's name at the broker: the same after a restart, for the broker keeps what came meanwhile under it.

        Two centres may have a broker in common, and two clients of one name throw each other out without end.
        """
        own = zlib.crc32(f"{provider_id}\n{self.host}\n{self.port}\n{self.username}\n{self.password_file}".encode())
        return f"siaga-notifier-{instance}-{own:08x}"
