"""The line to an SMS centre by TLS: whose certificate is believed, and what people are told when it is not."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from notifier_smsc import SmscProcess, free_port, until
from siaga_kit.settings import SmppSettings
from siaga_notifier.adapters.smpp.centre import SmsCentre
from sms_conformance.peer import Heard


class Authority:
    """Makes certificates in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._folder = folder
        self.file = folder / f"{name}.pem"
        self._write(self.file, self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None)))

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        made = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(hours=1))
        for extension in extensions:
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(self._key, hashes.SHA256())

    @staticmethod
    def _write(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | None = None) -> None:
        octets = certificate.public_bytes(serialization.Encoding.PEM)
        if key is not None:
            octets += key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        path.write_bytes(octets)

    def server(self, *names: x509.GeneralName) -> ssl.SSLContext:
        """What a server shows that bears these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smsc")])
        path = self._folder / "server.pem"
        self._write(path, self._signed(subject, key, x509.SubjectAlternativeName(names)), key)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context


HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


@contextlib.asynccontextmanager
async def before(smsc_port: int, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """A port where the SMS centre is reached by TLS."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(4096):
                writer.write(octets)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", smsc_port)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", port := free_port(), ssl=tls)
    try:
        yield port
    finally:
        server.close()


@contextlib.asynccontextmanager
async def running(settings: SmppSettings) -> AsyncIterator[tuple[SmsCentre, Heard]]:
    heard = Heard()
    centre = SmsCentre(settings, heard.receipt, heard.message)
    task = asyncio.create_task(centre.run())
    try:
        yield centre, heard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


async def test_a_certificate_of_the_named_authority_is_believed(smsc: SmscProcess, authority: Authority) -> None:
    async with (
        before(smsc.port, authority.server(HERE)) as port,
        running(SmppSettings(port=port, tls=True, ca_file=authority.file)) as (centre, heard),
    ):
        await until(lambda: centre.trouble() is None)
        await smsc.phone_sends("6281100000001", "1 #114")
        await until(lambda: bool(heard.messages))


async def trouble(settings: SmppSettings, wanted: str) -> str:
    async with running(settings) as (centre, _):
        await until(lambda: wanted in (centre.trouble() or ""))
        return centre.trouble() or ""


async def test_a_certificate_of_another_authority_is_refused(
    smsc: SmscProcess, authority: Authority, tmp_path: Path
) -> None:
    async with before(smsc.port, authority.server(HERE)) as port:
        other = Authority(tmp_path, "other")
        said = await trouble(SmppSettings(port=port, tls=True, ca_file=other.file), "certificate is refused")
        assert "unable to get local issuer certificate" in said
        assert "ca_file" in said
        # And without any: the system trusts nobody's own authority.
        await trouble(SmppSettings(port=port, tls=True), "certificate is refused")


async def test_a_certificate_of_another_name_is_refused(smsc: SmscProcess, authority: Authority) -> None:
    async with before(smsc.port, authority.server(x509.DNSName("other.example"))) as port:
        said = await trouble(SmppSettings(port=port, tls=True, ca_file=authority.file), "certificate is refused")
        assert "127.0.0.1" in said


async def test_a_port_without_tls_is_told(smsc: SmscProcess, authority: Authority) -> None:
    await trouble(SmppSettings(port=smsc.port, tls=True, ca_file=authority.file), "TLS")


@pytest.mark.parametrize("content", [None, "not a certificate"])
async def test_a_file_without_certificates_is_named(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    await trouble(SmppSettings(tls=True, ca_file=file), str(file))


@pytest.mark.parametrize(
    ("content", "wanted"),
    [(None, "put the secret there"), ("far too long a password", "more than 8 characters"), ("sandi\u00e9", "ASCII")],
)
async def test_a_password_that_cannot_be_one_is_told(content: str | None, wanted: str, tmp_path: Path) -> None:
    file = tmp_path / "smpp.key"
    if content is not None:
        file.write_text(content)
    await trouble(SmppSettings(password_file=file), wanted)


async def test_a_password_is_read_anew_at_every_bind(smsc: SmscProcess, tmp_path: Path) -> None:
    file = tmp_path / "smpp.key"
    async with running(SmppSettings(port=smsc.port, password_file=file)) as (centre, _):
        await until(lambda: str(file) in (centre.trouble() or ""))
        file.write_text("siaga\n")
        await until(lambda: centre.trouble() is None)
