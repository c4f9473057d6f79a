"""Which port each process listens on: the usual one, or a free one; the same again after a restart."""

import json
import random
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.files import write_atomically

Mode = Literal["fixed", "free"]
HOST: Final = "127.0.0.1"

USUAL: Final[Mapping[str, int]] = {
    # Beside the well-known ones, so that a broker or Redis of the machine's owner is left alone.
    "kafka": 19092,
    "kafka-controller": 19093,
    "redis": 16379,
    "smsc": 2775,
    "smsc-control": 9775,
    "intake": 8112,
    "classifier": 7112,
    "dispatcher": 7113,
    "intake-grpc": 7114,
    "advice": 8113,
    "notifier": 8114,
    "intake-health": 9112,
    "classifier-health": 9113,
    "ledger-health": 9114,
    "dispatcher-health": 9115,
    "notifier-health": 9116,
}
# Below the range from which Linux takes the near end of outgoing connections: a port chosen from that range may be
# gone when its server restarts.
FREE_RANGE: Final = (20_000, 32_000)
TRIES: Final = 200


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do it: connections of a server that has just ended, lingering in TIME_WAIT, are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def any_free(taken: set[int]) -> int:
    """A free port that is not in `taken`."""
    chance = random.SystemRandom()
    for _ in range(TRIES):
        port = chance.randrange(*FREE_RANGE)
        if port not in taken and is_free(port):
            return port
    raise StackError(f"no free port on {HOST} between {FREE_RANGE[0]} and {FREE_RANGE[1]}", "end what listens there")


class Ports:
    """The ports of one stack, remembered in its data folder."""

    def __init__(self, path: Path, mode: Mode = "fixed") -> None:
        self._path = path
        self._mode = mode
        self._chosen: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, name: str) -> int:
        """The port of that name, as remembered or usual, free or not; chosen now when there is none yet."""
        if name not in self._chosen:
            usual = USUAL[name]
            fits = self._mode == "fixed" and usual not in self._chosen.values() and is_free(usual)
            self._keep(name, usual if fits else any_free(set(self._chosen.values())))
        return self._chosen[name]

    def claim(self, name: str) -> int:
        """The port for a process about to start: another one when somebody else listens on the one remembered."""
        port = self.get(name)
        if not is_free(port):
            port = any_free(set(self._chosen.values()))
            self._keep(name, port)
        return port

    def _keep(self, name: str, port: int) -> None:
        self._chosen[name] = port
        write_atomically(self._path, json.dumps(self._chosen, indent=1))
