"""A real gammu-smsd with the configuration of deploy/gammu and its dummy modem, for the notifier to talk to."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from notifier_smsc import PATIENCE_S

DEPLOYED: Final = Path(__file__).parents[3] / "deploy" / "gammu"
_SENT: Final = re.compile(r"Transmitted (OUT\S+) \(total: \d+\) to (\S+),")
_TEXT: Final = re.compile(r'Found (\d+) sms to "(\S+)" with text "(.*)" cod (\d)')


class Smsd:
    """The daemon, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "smsd.log"
        for part in ("inbox", "outbox", "sent", "error", "modem/sms/1"):
            (folder / part).mkdir(parents=True)
        written = (DEPLOYED / "smsdrc").read_text("utf-8")
        for deployed, here in (
            ("/var/spool/gammu/", f"{folder}/"),
            ("device = /dev/ttyUSB0", f"device = {folder}/modem\nmodel = dummy"),
            ("connection = at115200", "connection = none"),
            ("logfile = syslog", f"logfile = {self._log}"),
            ("debuglevel = 0", "debuglevel = 1"),
            # The dummy takes no time; at a message a second the tests would.
            ("loopsleep = 1", "loopsleep = 0"),
        ):
            assert deployed in written, deployed
            written = written.replace(deployed, here)
        (folder / "smsdrc").write_text(written)
        self._process: subprocess.Popen[bytes] | None = None
        self._injected = 0

    def start(self) -> None:
        program = shutil.which("gammu-smsd")
        assert program is not None, "apt install gammu-smsd"
        # As deploy/gammu/siaga.conf starts it.
        argv = [program, "--config", str(self.folder / "smsdrc"), "--pid", str(self.folder / "smsd.pid")]
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def runs(self) -> bool:
        """Whether it has started, and has said by which process."""
        file = self.folder / "smsd.pid"
        written = file.read_text() if file.exists() else ""
        return (
            self._process is not None and written.strip() == str(self._process.pid) and "Starting phone" in self._read()
        )

    def kill(self) -> None:
        """Kill -9; its pid file stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def transmitted(self) -> list[str]:
        """Names of the files that went on the air, in their order."""
        return [name for name, _ in _SENT.findall(self._read())]

    def texts(self) -> list[tuple[str, str, str]]:
        """Number of parts, phone and text of what the modem was given."""
        return [(parts, number, text) for parts, number, text, _ in _TEXT.findall(self._read())]

    def _read(self) -> str:
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    def phone_sends(self, number: str, *parts: str) -> None:
        """A phone's message comes to the modem, in one or several parts."""
        for index, part in enumerate(parts, 1):
            udh = f"UDH = 050003AA{len(parts):02X}{index:02X}\n" if len(parts) > 1 else ""
            self._inject(number, part, f"PDU = Deliver\n{udh}")

    def network_reports(self, number: str, word: str = "Delivered") -> None:
        """The network says what became of a message."""
        self._inject(number, word, "PDU = Status_Report\nDateTime = 20261126T072000\nMessageReference = 255\n")

    def _inject(self, number: str, text: str, more: str) -> None:
        self._injected += 1
        content = (
            f'[SMSBackup000]\nSMSC = "+62811"\nSent = 20261126T072000\nState = UnRead\nNumber = "{number}"\n'
            f"Text00 = {text.encode('utf-16-be').hex().upper()}\nCoding = Default\nLength = {len(text)}\nFolder = 1\n"
            f"Class = -1\n{more}"
        )
        draft = self.folder / "draft"
        draft.write_text(content)
        draft.rename(self.folder / "modem" / "sms" / "1" / str(self._injected))
