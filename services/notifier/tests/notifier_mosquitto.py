"""A real mosquitto with the configuration of deploy/mosquitto, for the notifier and tablets to talk to."""

import contextlib
import getpass
import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiomqtt
from aiomqtt import ProtocolVersion
from notifier_smsc import PATIENCE_S, free_port
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from siaga_notifier.adapters.mqtt.access import Access

DEPLOYED: Final = Path(__file__).parents[3] / "deploy" / "mosquitto"
NOTIFIER: Final = "siaga-notifier"
UNITS: Final = ("3673-DMK-01", "3673-DMK-02")
SECRET: Final = "rahasia-"


class Mosquitto:
    """The broker, on free ports and in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.tls_port = folder, free_port(), free_port()
        self.store = folder / "lib" / "mosquitto.db"
        self.ca_file = folder / "certs" / "server.crt"
        for part in ("lib", "certs"):
            (folder / part).mkdir(parents=True)
        self._deploy()
        self._certify()
        for name in (NOTIFIER, *UNITS):
            self._run("mosquitto_passwd", "-b", str(folder / "siaga.passwd"), name, SECRET + name)
        self._process: subprocess.Popen[bytes] | None = None

    def _deploy(self) -> None:
        written = (DEPLOYED / "mosquitto.conf").read_text("utf-8")
        for deployed, here in (
            ("/etc/mosquitto/", f"{self.folder}/"),
            ("/var/lib/mosquitto/", f"{self.folder}/lib/"),
            ("listener 1883 127.0.0.1", f"listener {self.port} 127.0.0.1"),
            ("listener 8883", f"listener {self.tls_port} 127.0.0.1"),
            ("log_dest syslog", f"log_dest file {self.folder}/mosquitto.log"),
        ):
            assert deployed in written, deployed
            written = written.replace(deployed, here)
        # Started by root it would become `mosquitto`, to whom the test's folder is closed.
        (self.folder / "mosquitto.conf").write_text(f"{written}user {getpass.getuser()}\n")
        shutil.copy(DEPLOYED / "siaga.acl", self.folder)
        (self.folder / "siaga.passwd").touch(0o600)

    def _certify(self) -> None:
        key, certificate = str(self.folder / "certs" / "server.key"), str(self.ca_file)
        self._run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
            "-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        )  # fmt: skip

    @staticmethod
    def _run(*argv: str) -> None:
        subprocess.run(argv, check=True, capture_output=True)

    def start(self) -> None:
        # Debian keeps it where only root's path leads.
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = subprocess.Popen([program, "-c", str(self.folder / "mosquitto.conf")])
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert self._process.poll() is None, (self.folder / "mosquitto.log").read_text()
            time.sleep(0.01)
        raise AssertionError("mosquitto did not start")

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def forget(self, name: str) -> None:
        """Take a login away, as the handbook says."""
        assert self._process is not None
        self._run("mosquitto_passwd", "-D", str(self.folder / "siaga.passwd"), name)
        self._process.send_signal(signal.SIGHUP)

    def has_stored(self, mark: str) -> bool:
        """Whether what is on the broker's disk has these characters."""
        return self.store.exists() and mark.encode() in self.store.read_bytes()

    def access(self, **changes: Any) -> Access:
        """As `notify.yaml` would name it."""
        password = self.folder / "notifier.key"
        password.write_text(f"{SECRET}{NOTIFIER}\n")
        settings = {"host": "127.0.0.1", "port": self.port, "username": NOTIFIER, "password_file": password}
        return Access.own(settings | changes)

    def tablet(self, unit: str = UNITS[0], *, will: bool = False, session: bool = True) -> aiomqtt.Client:
        """A unit's device as the handbook wants it."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 7 * 24 * 3600 if session else 0
        return aiomqtt.Client(
            "127.0.0.1", self.port, username=unit, password=SECRET + unit, identifier=f"tablet-{unit}", timeout=5,
            protocol=ProtocolVersion.V5, clean_start=not session, properties=properties,
            will=aiomqtt.Will(status(unit), b"offline", 1, retain=True) if will else None,
        )  # fmt: skip


def tasks(unit: str = UNITS[0]) -> str:
    return f"siaga/unit/{unit}/tasks"


def acks(unit: str = UNITS[0]) -> str:
    return f"siaga/unit/{unit}/acks"


def status(unit: str = UNITS[0]) -> str:
    return f"siaga/unit/{unit}/status"


async def orders(client: aiomqtt.Client) -> AsyncIterator[dict[str, Any]]:
    """What a device gets, one by one."""
    async for message in client.messages:
        yield json.loads(message.payload)
