"""Which road network tells a centre its driving times: the `routing` of `dispatch.yaml`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siaga_tenants.document import Value

SERVERS: Final = ("valhalla", "osrm", "graph")
_URL: Final = r"https?://[A-Za-z0-9._-]+(?::\d{1,5})?(?:/[A-Za-z0-9._/-]*)?"
_FILE: Final = r"[^/].*\.npz"


@dataclass(frozen=True, slots=True)
class Routing:
    """A routing server at a URL, or `graph`: a network in a file, searched by the dispatcher itself."""

    server: str
    url: str = ""
    network: Path | None = None


def read_routing(document: Value) -> Routing | None:
    """`routing` of `dispatch.yaml`; left out = times are reckoned by great circle."""
    place = document.child("routing")
    if place is document:
        return None
    entries = place.entries()
    server = entries["server"].choice(SERVERS) if "server" in entries else ""
    if server == "graph":
        table = place.table(("server", "network"))
        name = table.text("network", _FILE, "a file beside this one, like 'roads.npz'")
        network = document.file.parent / name
        if name and not network.is_file():
            table.values["network"].wrong(f"there is no {network}; make it: ./siaga roads build MAP {network}")
        return Routing(server, network=network)
    table = place.table(("server", "url"))
    return Routing(server, table.text("url", _URL, "an address like 'http://127.0.0.1:8002'").rstrip("/"))
