"""Built-in scenarios, generated when first asked for and kept."""

import gzip
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from siaga_replay import truth as truth_module
from siaga_replay.progress import Progress, Watch, unwatched
from siaga_replay.scenarios.serang_month import build
from siaga_replay.scenarios.serang_month.counts import wib
from siaga_replay.truth import Truth

SCENARIOS: Final[Mapping[str, Callable[[build.Step], build.Built]]] = {
    "serang-month": build.build_month,
    "serang-slice": build.build_slice,
}
CACHE: Final = Path(".siaga/scenarios")


@dataclass(frozen=True, slots=True)
class ScenarioFiles:
    """Where a generated scenario lies: the requests to replay, and the truth that is never posted."""

    requests: Path
    truth: Path

    def load_truth(self) -> Truth:
        return Truth.load(self.truth)


def scenario_files(name: str, cache: Path = CACHE, watch: Watch = unwatched) -> ScenarioFiles:
    """The files of a scenario; generates them unless this very generator has done so before."""
    stem = f"{name}-{generator_hash()}"
    files = ScenarioFiles(cache / f"{stem}.jsonl.gz", cache / f"{stem}.truth.json.gz")
    if not (files.requests.exists() and files.truth.exists()):
        _generate(name, files, watch)
    return files


def generator_hash() -> str:
    """Twelve digits that change when the generator's code does."""
    digest = hashlib.sha256()
    sources = [*sorted(Path(build.__file__).parent.glob("*.py")), Path(truth_module.__file__), Path(__file__)]
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def _generate(name: str, files: ScenarioFiles, watch: Watch) -> None:
    steps_done = 0

    def step(what: str) -> None:
        nonlocal steps_done
        steps_done += 1
        watch(Progress("generate", steps_done, build.STEPS + 1, what))

    built = SCENARIOS[name](step)
    step("file")
    files.requests.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed: a half-written file is never taken for a scenario.
    aside = files.requests.with_suffix(f".{os.getpid()}")
    write_requests(built, aside)
    aside.replace(files.requests)
    built.truth.save(aside)
    aside.replace(files.truth)


def write_requests(built: build.Built, path: Path) -> None:
    """A replay file of the scenario's posts; the same posts make the same bytes."""
    encoder = msgspec.json.Encoder()
    headers = {"X-Siaga-Tenant": build.TENANT}
    lines = (
        encoder.encode({"at": wib(post.at_ms), "path": post.path, "headers": headers, "body": post.body})
        for post in built.posts
    )
    with path.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=3, fileobj=file, mtime=0) as packed:
        packed.writelines(line + b"\n" for line in lines)
