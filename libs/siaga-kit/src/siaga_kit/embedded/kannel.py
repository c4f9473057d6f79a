"""Kannel 1.4, where Debian's package is installed: its configuration, and its two processes.

deploy/kannel/kannel.conf is this configuration for a centre: `python -m siaga_kit.embedded.kannel` writes it.
"""

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from siaga_kit.embedded import probes
from siaga_kit.embedded.errors import PrerequisiteError, StackError
from siaga_kit.embedded.files import tail, write_atomically
from siaga_kit.embedded.ports import HOST
from siaga_kit.embedded.processes import Handle, PidFile, Spec, start

# Debian puts them where only root's search path leads.
_PATH: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"
# Both are up within 0.2 s; a machine with much else to do needs more.
START_S: Final = 20.0
GRACE_S: Final = 0.5
LogLevel = Literal[0, 1, 2, 3, 4]


@dataclass(frozen=True, slots=True)
class Site:
    """What is different at every place."""

    # The SMS centre.
    centre_host: str = "smsc.example"
    centre_port: int = 2775
    system_id: str = "siaga"
    centre_password: str = "put-the-centres-password-here"  # noqa: S105  (what a person replaces)
    # Who sends through it: `params: {username: siaga}` and `secrets: {password: …}` of the provider in notify.yaml.
    username: str = "siaga"
    password: str = "put-the-senders-password-here"  # noqa: S105  (what a person replaces)
    admin_password: str = "put-the-admins-password-here"  # noqa: S105  (what a person replaces)
    admin_port: int = 13000
    smsbox_port: int = 13001
    sendsms_port: int = 13013
    # The notifier's door for what phones send.
    messages_url: str = "http://127.0.0.1:8114/v1/sms/36.73/kannel/messages"
    spool: str = "/var/spool/kannel"
    # `spool`: each message is a file, on the disk before it is accepted. `file`: one log, which the system writes in its time.
    store: Literal["spool", "file"] = "spool"
    logs: str = "/var/log/kannel"
    # 1 = the centre's answer has its ids in hexadecimal, 2 = its receipts have; 3 = both.
    id_type: int = 3
    # Messages that wait for the centre's answer.
    window: int = 50
    # An answer that does not come, and a line that is silent, in seconds.
    answer_s: int = 10
    silence_s: int = 30
    log_level: LogLevel = 2


def config(site: Site) -> str:
    """The configuration of both processes."""
    receipts = f'spool\ndlr-spool = "{site.spool}/receipts"' if site.store == "spool" else "internal"
    return f"""# Kannel 1.4 (Debian 12) between Siaga112 and an SMS centre. The passwords, the centre and the address of the door are
# the site's; docs/notify.md says what stands in notify.yaml. The file holds passwords: chown kannel, chmod 640.

group = core
admin-port = {site.admin_port}
# Kannel listens on every address unless it is told otherwise.
admin-interface = "{HOST}"
admin-password = "{site.admin_password}"
smsbox-port = {site.smsbox_port}
smsbox-interface = "{HOST}"
box-deny-ip = "*.*.*.*"
box-allow-ip = "{HOST}"
# What was accepted outlives a restart.
store-type = {site.store}
store-location = "{site.spool}/messages"
# And whose receipt is whose.
dlr-storage = {receipts}
# What the centre refuses for now is tried again after so many seconds (usual: 60, in which a crew would be on its way).
sms-resend-freq = 1
log-file = "{site.logs}/bearerbox.log"
log-level = {site.log_level}

group = smsc
smsc = smpp
smsc-id = centre
host = {site.centre_host}
port = {site.centre_port}
smsc-username = {site.system_id}
smsc-password = "{site.centre_password}"
system-type = ""
interface-version = 34
transceiver-mode = true
# How the centre writes its ids: 3 = hexadecimal in answer and receipt, 1 = only in the answer.
msg-id-type = {site.id_type}
reconnect-delay = 1
enquire-link-interval = {max(1, site.silence_s // 2)}
connection-timeout = {site.silence_s}
max-pending-submits = {site.window}
# A message without an answer goes out again: two are better than none.
wait-ack = {site.answer_s}
wait-ack-expire = 0x01

group = smsbox
bearerbox-host = {HOST}
sendsms-port = {site.sendsms_port}
sendsms-interface = "{HOST}"
# The answer to a sender waits until the message is in the store.
immediate-sendsms-reply = false
# What phones write in UCS-2 comes to the door as UTF-8, as all else does.
mo-recode = true
# A door that is away is asked again every second for an hour.
http-request-retry = 3600
http-queue-delay = 1
log-file = "{site.logs}/smsbox.log"
log-level = {site.log_level}

group = sendsms-user
username = {site.username}
password = "{site.password}"
user-deny-ip = "*.*.*.*"
user-allow-ip = "{HOST}"
concatenation = true
max-messages = 10

# What phones send, word for word. Whatever the door answers, no SMS goes back by this way.
group = sms-service
keyword = default
catch-all = true
get-url = "{site.messages_url}?from=%p&text=%b&id=%I"
max-messages = 0
omit-empty = true
"""


def program(name: str) -> str:
    """Where bearerbox or smsbox lies; PrerequisiteError where Kannel is not installed."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise PrerequisiteError("Kannel is not installed", "apt-get install -y --no-install-recommends kannel")
    return found


class Kannel:
    """Both processes of one Kannel, in a folder of its own."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.site = site
        self._folder = folder
        self._handles: list[Handle] = []

    @property
    def sendsms_url(self) -> str:
        """Where SMS are handed to it."""
        return f"http://{HOST}:{self.site.sendsms_port}/cgi-bin/sendsms"

    def start(self) -> None:
        """Start both, and wait until they take messages. Raises StackError with the end of the log when they do not."""
        for name in ("messages", "receipts") if self.site.store == "spool" else ("",):
            Path(self.site.spool, name).mkdir(parents=True, exist_ok=True)
        Path(self.site.logs).mkdir(parents=True, exist_ok=True)
        write_atomically(self._folder / "kannel.conf", config(self.site), mode=0o600)
        try:
            self._start("bearerbox", self.site.smsbox_port)
            self._start("smsbox", self.site.sendsms_port)
        except BaseException:
            self.stop()
            raise

    def _start(self, name: str, port: int) -> None:
        log = self._folder / f"{name}.out"
        spec = Spec(
            name=name,
            argv=[program(name), str(self._folder / "kannel.conf")],
            env={"PATH": _PATH, "LC_ALL": "C.UTF-8"},
            cwd=self._folder,
            probe=lambda: probes.tcp(port),
            url=f"{HOST}:{port}",
        )
        handle = start(spec, log, PidFile(self._folder / f"{name}.pid"))
        self._handles.append(handle)
        until = time.monotonic() + START_S
        while True:
            try:
                if spec.probe() is None:
                    return
            except probes.NoAnswer as error:
                if not handle.alive() or time.monotonic() > until:
                    raise StackError(f"Kannel's {name} did not start: {tail(log)}", f"see {log}") from error
            time.sleep(0.02)

    def kill(self) -> None:
        """End both at once, as a power cut would."""
        for handle in self._handles:
            handle.signal(signal.SIGKILL)
            handle.wait(START_S)
        self._handles.clear()

    def stop(self) -> None:
        """End both, the taker of messages first; what it has accepted stays in its spool."""
        for handle in reversed(self._handles):
            handle.stop(GRACE_S)
        self._handles.clear()


if __name__ == "__main__":
    print(config(Site()), end="")  # noqa: T201  (for a file)
