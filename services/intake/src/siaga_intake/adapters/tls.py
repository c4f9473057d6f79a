"""TLS at the front door: our certificate, renewed without a restart, and the one that a source's connections show."""

import asyncio
import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
from siaga_kit.settings import HttpSettings
from siaga_kit.watching import Seen, changes, seen
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger()

# Two files are looked at; one that was compromised is replaced by people who wait.
POLL_S: Final = 1.0
_SHOWN: Final = "client_cert_sha256"


class TlsProtocol(HttpToolsProtocol):
    """Hands on, beside each request, the SHA-256 of the certificate that its connection has shown."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection = transport.get_extra_info("ssl_object")
        # Only one that the authority of SIAGA_HTTP__TLS_CLIENT_CA_FILE has signed gets this far.
        certificate = None if connection is None else connection.getpeercert(binary_form=True)
        self._shown = hashlib.sha256(certificate).hexdigest() if certificate else ""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"tls": {_SHOWN: self._shown}}


def certificate_of(scope: Mapping[str, Any]) -> str:
    """The SHA-256 of the certificate that the connection of this request has shown; empty without one."""
    shown: str = scope.get("extensions", {}).get("tls", {}).get(_SHOWN, "")
    return shown


def context(settings: HttpSettings) -> ssl.SSLContext | None:
    """TLS as the settings want it; None = plain HTTP. ValueError or OSError: the settings or files do not fit."""
    if not settings.tls_cert_file:
        for name in ("tls_key_file", "tls_client_ca_file", "tls_client_cert_required"):
            if getattr(settings, name):
                raise ValueError(f"SIAGA_HTTP__{name.upper()} needs SIAGA_HTTP__TLS_CERT_FILE")
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    _show(made, settings)
    if settings.tls_client_ca_file:
        made.load_verify_locations(settings.tls_client_ca_file)
        made.verify_mode = ssl.CERT_REQUIRED if settings.tls_client_cert_required else ssl.CERT_OPTIONAL
    elif settings.tls_client_cert_required:
        raise ValueError("SIAGA_HTTP__TLS_CLIENT_CERT_REQUIRED needs SIAGA_HTTP__TLS_CLIENT_CA_FILE")
    return made


def _show(context: ssl.SSLContext, settings: HttpSettings) -> None:
    # An empty variable is one that was not set: a compose file cannot leave one out.
    context.load_cert_chain(settings.tls_cert_file or "", settings.tls_key_file or None)


@dataclass(slots=True)
class CertificateWatch:
    """Shows a renewed certificate to new connections. One that cannot be used changes nothing, and is told."""

    context: ssl.SSLContext
    settings: HttpSettings
    poll_s: float = POLL_S
    trouble: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Look until told to stop."""
        # Certificate and key are two files: the second may still be on its way when the first is there.
        async for _ in changes(self._look, stop, self.poll_s, known=self._look()):
            self._renew()

    def _look(self) -> Seen:
        return seen(Path(file) for file in (self.settings.tls_cert_file, self.settings.tls_key_file) if file)

    def _renew(self) -> None:
        try:
            # First on the side: a key that does not belong to its certificate must not reach the one in use.
            _show(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self.settings)
            _show(self.context, self.settings)
            self.trouble = None
        except OSError as error:
            self.trouble = f"{self.settings.tls_cert_file}: {error.strerror or error}; the one before stays in use"
        if self.trouble is None:
            log.info("a renewed TLS certificate is in use")
        else:
            log.error("a changed TLS certificate cannot be used", problem=self.trouble)
