"""TLS at the front door, with certificates made here: who may connect, whose certificate is a credential, and renewal."""

import asyncio
import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from siaga_intake.adapters import tls
from siaga_kit.settings import HttpSettings

TENANTS = Path(__file__).resolve().parents[3] / "tenants"
SERANG = "36.73-kota-serang"
HANGUP = {"Event": "Hangup", "Uniqueid": "1710123330.41", "Cause": "16"}
TOKEN = "token of the tests"


class Authority:
    """Makes certificates in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._openssl("req", "-x509", *self._key("ca"), "-subj", "/CN=ca", "-out", self.path("ca.pem"))

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def _key(self, name: str) -> tuple[str, ...]:
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        return (*curve, "-keyout", self.path(f"{name}.key"))

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    def issue(self, name: str) -> tuple[str, str]:
        """Certificate and key of that name, good for 127.0.0.1."""
        (self.folder / "san").write_text("subjectAltName=IP:127.0.0.1")
        self._openssl("req", *self._key(name), "-subj", f"/CN={name}", "-out", self.path(f"{name}.csr"))
        self._openssl(
            "x509", "-req", "-in", self.path(f"{name}.csr"), "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"),
            "-CAcreateserial", "-extfile", self.path("san"), "-out", self.path(f"{name}.pem"),
        )  # fmt: skip
        return self.path(f"{name}.pem"), self.path(f"{name}.key")

    def client(self, name: str | None = None) -> ssl.SSLContext:
        """What a client trusts, and shows where it has a name."""
        made = ssl.create_default_context(cafile=self.path("ca.pem"))
        if name is not None:
            made.load_cert_chain(self.path(f"{name}.pem"), self.path(f"{name}.key"))
        return made

    def digest(self, name: str) -> str:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert((self.folder / f"{name}.pem").read_text())).hexdigest()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("certificates"))
    for name in ("server", "renewed", "switch", "other"):
        made.issue(name)
    return made


@pytest.fixture
def directory(tmp_path: Path, authority: Authority) -> Path:
    """A tenant with a source for each way of showing a certificate."""
    shutil.copytree(TENANTS / SERANG, tmp_path / "tenants" / SERANG)
    (tmp_path / "tenants" / SERANG / "sources.yaml").write_text(
        "sources:\n"
        f"  - {{kind: asterisk, instance: alone, client_cert_sha256: {authority.digest('switch')}}}\n"
        f"  - {{kind: asterisk, instance: both, token_sha256: {hashlib.sha256(TOKEN.encode()).hexdigest()},"
        f" client_cert_sha256: {authority.digest('other')}}}\n"
    )
    return tmp_path / "tenants"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@asynccontextmanager
async def running(directory: Path, **tls_settings: str) -> AsyncIterator[str]:
    """An intake process without a broker: what it takes goes to its spool."""
    port = free_port()
    environment = {
        **os.environ,
        "SIAGA_KAFKA__BOOTSTRAP": f"127.0.0.1:{free_port()}",
        "SIAGA_REDIS__URL": f"redis://127.0.0.1:{free_port()}/0",
        "SIAGA_HTTP__PORT": str(port),
        "SIAGA_TENANTS_DIR": str(directory),
        "SIAGA_DATA_DIR": str(directory.parent / "data"),
        "SIAGA_CALLER_SECRET": "secret of the tests",
        "SIAGA_ALLOW_ANONYMOUS": "",
        **{f"SIAGA_HTTP__TLS_{name}": value for name, value in tls_settings.items()},
    }
    log = directory.parent / "intake.log"
    with log.open("wb") as writing:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "siaga_intake", env=environment, stdout=writing, stderr=writing
        )

    async def up() -> bool:
        assert process.returncode is None, log.read_text()
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return True
        return False

    try:
        await until(up)
        yield f"https://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(40):
        while not await condition():
            await asyncio.sleep(0.1)


async def post(url: str, client: ssl.SSLContext, token: str = "") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connector = aiohttp.TCPConnector(ssl=client)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(url + "/v1/switch/asterisk", data=json.dumps(HANGUP), headers=headers) as response,
    ):
        return response.status


async def test_a_certificate_is_a_credential_alone_or_beside_a_token(directory: Path, authority: Authority) -> None:
    cert, key = authority.path("server.pem"), authority.path("server.key")
    async with running(directory, CERT_FILE=cert, KEY_FILE=key, CLIENT_CA_FILE=authority.path("ca.pem")) as url:
        assert await post(url, authority.client("switch")) == 202
        assert await post(url, authority.client()) == 401
        assert await post(url, authority.client("other")) == 401
        assert await post(url, authority.client("other"), TOKEN) == 202
        assert await post(url, authority.client("switch"), TOKEN) == 403
        assert await post(url, authority.client(), TOKEN) == 403
        with pytest.raises(aiohttp.ClientError):
            await post(url.replace("https", "http"), authority.client())


async def test_where_a_certificate_is_required_nobody_connects_without_one_of_that_authority(
    directory: Path, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path)
    stranger.issue("switch")
    shown_by_stranger = authority.client()
    shown_by_stranger.load_cert_chain(stranger.path("switch.pem"), stranger.path("switch.key"))
    cert, key = authority.path("server.pem"), authority.path("server.key")
    ca = authority.path("ca.pem")
    async with running(directory, CERT_FILE=cert, KEY_FILE=key, CLIENT_CA_FILE=ca, CLIENT_CERT_REQUIRED="1") as url:
        assert await post(url, authority.client("switch")) == 202
        for client in (authority.client(), shown_by_stranger):
            with pytest.raises((aiohttp.ClientError, ssl.SSLError, OSError)):
                await post(url, client)


async def test_a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not(
    directory: Path, authority: Authority, tmp_path: Path
) -> None:
    cert, key = tmp_path / "our.pem", tmp_path / "our.key"
    shutil.copy(authority.path("server.pem"), cert)
    shutil.copy(authority.path("server.key"), key)

    async def shown(url: str) -> str:
        port = int(url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=authority.client())
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return hashlib.sha256(certificate).hexdigest()

    async with running(directory, CERT_FILE=str(cert), KEY_FILE=str(key)) as url:
        assert await shown(url) == authority.digest("server")
        # The key does not belong to it yet.
        shutil.copy(authority.path("renewed.pem"), cert)

        async def complained() -> bool:
            return "a changed TLS certificate cannot be used" in log_of(directory)

        await until(complained)
        assert await shown(url) == authority.digest("server")
        shutil.copy(authority.path("renewed.key"), key)

        async def renewed() -> bool:
            return await shown(url) == authority.digest("renewed")

        await until(renewed)


def log_of(directory: Path) -> str:
    return (directory.parent / "intake.log").read_text()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"tls_key_file": "x"}, "SIAGA_HTTP__TLS_KEY_FILE needs SIAGA_HTTP__TLS_CERT_FILE"),
        ({"tls_client_ca_file": "x"}, "SIAGA_HTTP__TLS_CLIENT_CA_FILE needs"),
        ({"tls_client_cert_required": True}, "SIAGA_HTTP__TLS_CLIENT_CERT_REQUIRED needs"),
    ],
)
def test_settings_that_do_not_fit_stop_the_start(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        tls.context(HttpSettings(**settings))


def test_a_certificate_that_is_required_needs_an_authority(authority: Authority) -> None:
    settings = HttpSettings(
        tls_cert_file=authority.path("server.pem"), tls_key_file=authority.path("server.key"),
        tls_client_cert_required=True,
    )  # fmt: skip
    with pytest.raises(ValueError, match="needs SIAGA_HTTP__TLS_CLIENT_CA_FILE"):
        tls.context(settings)
    assert tls.context(HttpSettings()) is None
