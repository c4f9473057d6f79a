"""Writes kafka.jars.lock anew after a change of Kafka's version: `python -m siaga_kit.embedded.relock`."""

import tomllib
from pathlib import Path

import jgo

from siaga_kit.embedded.jars import ENDPOINT, LOCK_FILE


def main() -> None:
    """Resolve all dependencies with jgo and write coordinates and hashes, without addresses."""
    environment = jgo.build(ENDPOINT, update=True)
    resolved = tomllib.loads((Path(environment.path) / "jgo.lock.toml").read_text())
    lines = sorted(
        f"{jar['groupId']}:{jar['artifactId']}:{jar['version']} sha256:{jar['sha256']}"
        for jar in resolved["dependencies"]
    )
    (Path(__file__).parent / LOCK_FILE).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
