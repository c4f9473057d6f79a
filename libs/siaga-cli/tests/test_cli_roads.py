from pathlib import Path

import pytest
from siaga_cli.main import build
from siaga_dispatcher.adapters.roads.files import load
from siaga_kit.embedded.errors import StackError
from typer.testing import CliRunner

BALIKPAPAN = Path(__file__).parents[3] / "data" / "roads" / "balikpapan_kota_drive.graphml.gz"


def test_a_map_becomes_a_network_and_says_what_is_in_it(tmp_path: Path) -> None:
    network = tmp_path / "roads.npz"
    result = CliRunner().invoke(build("roads"), ["roads", "build", str(BALIKPAPAN), str(network)])
    assert result.exit_code == 0
    assert "1414 streets, 125 km, 1182 junctions" in result.output
    assert "29 streets were left out" in result.output
    assert "OpenStreetMap contributors" in result.output
    assert load(network).junctions == 1_182


@pytest.mark.parametrize(
    ("source", "target", "told"),
    [("missing.osm.pbf", "roads.npz", "missing.osm.pbf"), (str(BALIKPAPAN), "nowhere/roads.npz", "can be written to")],
)
def test_what_cannot_be_done_leaves_nothing_behind(tmp_path: Path, source: str, target: str, told: str) -> None:
    result = CliRunner().invoke(build("roads"), ["roads", "build", str(tmp_path / source), str(tmp_path / target)])
    assert isinstance(result.exception, StackError)
    assert told in str(result.exception)
    assert not list(tmp_path.iterdir())
