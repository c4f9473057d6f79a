"""`routing` of `dispatch.yaml`: which road network, and what is complained about."""

from pathlib import Path

import pytest
from siaga_tenants.document import Problems, read_document
from siaga_tenants.routing import Routing, read_routing


def read(folder: Path, text: str) -> tuple[Routing | None, list[str]]:
    problems = Problems()
    routing = read_routing(read_document(folder / "dispatch.yaml", problems, f"join_minutes: 15\n{text}"))
    return routing, problems.found


def test_left_out_there_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, "") == (None, [])


@pytest.mark.parametrize("server", ["valhalla", "osrm"])
def test_a_server_at_its_address(tmp_path: Path, server: str) -> None:
    text = f"routing: {{server: {server}, url: 'http://10.0.0.7:8002/'}}"
    assert read(tmp_path, text) == (Routing(server, "http://10.0.0.7:8002"), [])


def test_a_network_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "roads.npz").touch()
    routing, problems = read(tmp_path, "routing: {server: graph, network: roads.npz}")
    assert (routing, problems) == (Routing("graph", network=tmp_path / "roads.npz"), [])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "{server: graphhopper, url: 'http://a:1'}",
            "routing.server: 'graphhopper' is not known; did you mean 'graph'?",
        ),
        ("{server: osrm}", "routing: has no 'url'; add 'url: …'"),
        ("{server: osrm, url: 'user:secret@a'}", "routing.url: 'user:secret@a' is not an address like"),
        ("{server: osrm, url: 'http://a/?key=1'}", "routing.url: 'http://a/?key=1' is not an address like"),
        ("{server: graph}", "routing: has no 'network'; add 'network: …'"),
        ("{server: graph, network: roads.npz}", "make it: ./siaga roads build MAP"),
        ("{server: graph, network: /etc/roads.npz}", "is not a file beside this one, like 'roads.npz'"),
        ("{server: graph, network: roads.osm.pbf}", "is not a file beside this one, like 'roads.npz'"),
        ("{url: 'http://a:1'}", "routing: has no 'server'; add 'server: …'"),
        ("valhalla", "routing: is a text, must be a mapping"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    _, problems = read(tmp_path, f"routing: {text}")
    assert complaint in "\n".join(problems)
