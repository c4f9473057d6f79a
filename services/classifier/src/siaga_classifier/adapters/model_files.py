"""The model's table of weights as a file: written by training, read at start. No code of the training runs here."""

import io
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np

from siaga_classifier.core.words.model import Head, Table

SHIPPED: Final = "data/words.npz"


def write_table(table: Table, path: Path) -> None:
    """Write a table. The same table gives the same bytes."""
    about = {
        "version": table.version,
        "digest": table.digest,
        "heads": [[head.name, list(head.labels)] for head in table.heads],
    }
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            about=_bytes(json.dumps(about)),
            features=_bytes("\n".join(table.features)),
            weights=table.weights.astype(np.float16),
            bias=table.bias.astype(np.float32),
        )


def read_table(content: bytes) -> Table:
    """The table of a file's content; ValueError when it is none."""
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        about = json.loads(held["about"].tobytes())
        features = tuple(held["features"].tobytes().decode().split("\n"))
        weights = held["weights"].astype(np.float32)
        bias = held["bias"].astype(np.float32)
    heads: list[Head] = []
    first = 0
    for name, labels in about["heads"]:
        heads.append(Head(name, tuple(labels), first))
        first += len(labels)
    if weights.shape != (len(features), first) or bias.shape != (first,):
        raise ValueError(f"a table of {weights.shape} weights for {len(features)} features and {first} answers")
    return Table(about["version"], about["digest"], tuple(heads), features, weights, bias)


@cache
def shipped_table() -> Table:
    """The table that comes with the package."""
    return read_table(files("siaga_classifier").joinpath(SHIPPED).read_bytes())


def _bytes(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.frombuffer(text.encode(), np.uint8)
