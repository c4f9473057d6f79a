"""`roads`: the road network of a centre that has no routing server."""

from pathlib import Path
from typing import Annotated

import typer
from siaga_dispatcher.adapters.roads.files import RoadFileError, read_map, save
from siaga_kit.embedded.errors import StackError

from siaga_cli.console import out

app = typer.Typer(help="Road networks for driving times without a routing server.", no_args_is_help=True)


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="roads")


@app.callback()
def roads() -> None:
    """Keep `build` a word of its own: a group with one command would swallow it."""


@app.command()
def build(
    source: Annotated[Path, typer.Argument(metavar="MAP", help="An extract of OpenStreetMap, or GraphML of OSMnx.")],
    target: Annotated[Path, typer.Argument(metavar="NETWORK", help="The file to write, like roads.npz.")],
) -> None:
    """Make of a map the compact network that `routing.network` in dispatch.yaml names."""
    try:
        network, left_out = read_map(source)
        save(network, target)
    except RoadFileError as error:
        raise StackError(str(error), "nothing was written") from error
    except OSError as error:
        raise StackError(f"{target}: {error.strerror}", "name a file in a folder that can be written to") from error
    out.print(
        f"{target}: {len(network.start)} streets, {network.length_m.sum() / 1_000:.0f} km, {network.junctions} junctions, "
        f"{target.stat().st_size / 1_000:.0f} kB"
    )
    if left_out:
        out.print(f"{left_out} streets were left out: no way leads to them and back, within this map")
    out.print("A network made of OpenStreetMap stays under the ODbL: © OpenStreetMap contributors.")
