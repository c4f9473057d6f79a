"""A road network on disk: read from a map, kept in a compact file of our own."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from siaga_dispatcher.adapters.roads.graphml import read_graphml
from siaga_dispatcher.adapters.roads.openstreetmap import read_openstreetmap
from siaga_dispatcher.core.roads.network import Network, Street, network_of

# Changes when a file written before would be misread.
FORMAT: Final = 1
# OpenStreetMap's own resolution, 1e-7 of a degree (a centimetre): four bytes a number instead of eight.
STEPS_A_DEGREE: Final = 1e7
READERS: Final[Mapping[str, Callable[[Path], Iterator[Street]]]] = {
    ".graphml": read_graphml,
    ".graphml.gz": read_graphml,
    ".osm.pbf": read_openstreetmap,
    ".osm": read_openstreetmap,
    ".osm.gz": read_openstreetmap,
}


class RoadFileError(ValueError):
    """A file of roads that cannot be used: which, what is wrong, what to do."""


def read_map(file: Path) -> tuple[Network, int]:
    """The network of a map (`.osm.pbf` or GraphML of OSMnx), and how many streets in it no way leads to and back from.

    Raises RoadFileError.
    """
    reader = next((reader for ending, reader in READERS.items() if file.name.endswith(ending)), None)
    if reader is None:
        raise RoadFileError(f"{file}: is no map that can be read; it must end in one of {', '.join(READERS)}")
    try:
        streets = list(reader(file))
        network = network_of(streets)
    except (OSError, RuntimeError, ValueError) as error:
        raise RoadFileError(f"{file}: {error}") from error
    return network, len(streets) - len(network.start)


def save(network: Network, file: Path) -> None:
    """Write the compact file, whole or not at all."""
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as target:
        np.savez_compressed(
            target,
            format=np.int32(FORMAT),
            start=network.start,
            end=network.end,
            length_m=network.length_m.astype(np.float32),
            seconds=network.seconds.astype(np.float32),
            both_ways=network.both_ways,
            first=network.first,
            course=np.rint(network.course * STEPS_A_DEGREE).astype(np.int32),
        )
    fresh.replace(file)


def load(file: Path) -> Network:
    """Read the compact file; raises RoadFileError."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            _check_format(int(stored["format"]))
            return Network(
                start=stored["start"],
                end=stored["end"],
                length_m=stored["length_m"].astype(np.float64),
                seconds=stored["seconds"].astype(np.float64),
                both_ways=stored["both_ways"],
                first=stored["first"],
                course=stored["course"] / STEPS_A_DEGREE,
            )
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RoadFileError(f"{file}: cannot be read ({error}); make it with: siaga roads build MAP {file}") from error


def _check_format(found: int) -> None:
    if found != FORMAT:
        raise ValueError(f"it has format {found}, not {FORMAT}")
