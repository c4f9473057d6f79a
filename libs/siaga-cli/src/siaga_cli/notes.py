"""What processes that are ready tell of all the same: a file that cannot be read, a switch that is away."""

import http.client
import json
from contextlib import closing
from typing import Final

from siaga_kit.embedded.home import Home

# They answer in a millisecond; `status` must not wait for one that hangs.
TIMEOUT_S: Final = 0.5
_HEALTH: Final = "-health"


def notes(home: Home) -> dict[str, dict[str, str]]:
    """The notes of each process of the stack that has any."""
    try:
        ports: dict[str, int] = json.loads((home.data / "ports.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    told = {name.removesuffix(_HEALTH): _told(port) for name, port in ports.items() if name.endswith(_HEALTH)}
    return {name: found for name, found in told.items() if found}


def _told(port: int) -> dict[str, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)) as connection:
        try:
            connection.request("GET", "/health/ready")
            body = json.loads(connection.getresponse().read(65_536))
        except (OSError, ValueError, http.client.HTTPException):
            return {}
    found = body.get("notes") if isinstance(body, dict) else None
    return {str(name): str(note) for name, note in found.items()} if isinstance(found, dict) else {}
