"""Jars, Kafka's above all: fetched once by jgo from their Maven coordinates, accepted only with the hash on a list of ours."""

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from siaga_kit.embedded.errors import PrerequisiteError, StackError
from siaga_kit.embedded.lock import Lock

KAFKA_VERSION: Final = "4.1.0"
ENDPOINT: Final = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"
LOCK_FILE: Final = "kafka.jars.lock"
# Enough to fill the line; more would make a registry refuse.
DOWNLOADS_AT_ONCE: Final = 6
# The largest jar has 7 MB; this long without a byte means the registry is not there.
DOWNLOAD_TIMEOUT_S: Final = 60

# Called with (jars there, jars in all) as they arrive.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar: where Maven knows it, and what it must be."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def maven_path(self) -> Path:
        """Its place in a Maven repository folder."""
        return Path(*self.group.split("."), self.artifact, self.version, self.file_name)


def listed() -> tuple[Jar, ...]:
    """The committed list."""
    return parse((files("siaga_kit.embedded") / LOCK_FILE).read_text())


def parse(text: str) -> tuple[Jar, ...]:
    """Lines of `group:artifact:version sha256:hex`."""
    jars = []
    for line in text.splitlines():
        coordinates, _, digest = line.partition(" sha256:")
        group, artifact, version = coordinates.split(":")
        jars.append(Jar(group, artifact, version, digest))
    return tuple(jars)


def class_path(folder: Path, jars: Sequence[Jar] | None = None) -> str:
    """The class path of a folder of listed jars, in the list's order (a wildcard's order is the file system's)."""
    return os.pathsep.join(str(folder / jar.file_name) for jar in jars or listed())


def prepare(
    base: Path, progress: Progress | None = None, jars: Sequence[Jar] | None = None, version: str = KAFKA_VERSION
) -> Path:
    """The folder with all jars (without a list of them: Kafka's), fetched if they are not there.

    Needs the network only the first time.
    """
    folder = base / version
    jars = jars or listed()
    if _is_complete(folder, jars):
        return folder
    with Lock(base / ".lock", "another siaga fetches these jars", "wait for it", wait=True):
        if not _is_complete(folder, jars):
            _fill(folder, jars, progress or (lambda _, __: None))
    return folder


def is_complete(base: Path) -> bool:
    """Whether the jars are there, so that a start needs no network."""
    return _is_complete(base / KAFKA_VERSION, listed())


def _stamp(jars: Sequence[Jar]) -> str:
    return hashlib.sha256("".join(jar.sha256 for jar in jars).encode()).hexdigest()


def _is_complete(folder: Path, jars: Sequence[Jar]) -> bool:
    """Whether the folder was filled from this very list; the hashes were checked then."""
    stamp = folder / "complete"
    if not stamp.exists() or stamp.read_text() != _stamp(jars):
        return False
    return all((folder / jar.file_name).exists() for jar in jars)


def _fill(folder: Path, jars: Sequence[Jar], progress: Progress) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    staging = folder / "staging"
    progress(0, len(jars))
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        waiting = [pool.submit(_put, jar, folder, staging) for jar in jars]
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                future.result()
                progress(done, len(jars))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    shutil.rmtree(staging, ignore_errors=True)
    (folder / "complete").write_text(_stamp(jars))


def _put(jar: Jar, folder: Path, staging: Path) -> None:
    """Bring one jar into the folder: from there, from Maven's own cache on this machine, or from the registry."""
    target = folder / jar.file_name
    cache = Path(os.environ.get("M2_REPO", Path.home() / ".m2" / "repository"))
    for found in (target, cache / jar.maven_path):
        if found.exists() and _digest(found) == jar.sha256:
            _copy(found, target)
            return
    fetched = _fetch(jar, staging)
    if _digest(fetched) != jar.sha256:
        fetched.unlink()
        raise StackError(
            f"{jar.group}:{jar.artifact}:{jar.version}: the registry's jar is not the one listed here by its hash",
            "a proxy may have answered with something else; fetch again from another network",
        )
    fetched.replace(target)


def _copy(found: Path, target: Path) -> None:
    if found == target:
        return
    draft = target.with_suffix(".part")
    shutil.copyfile(found, draft)
    draft.replace(target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(jar: Jar, staging: Path) -> Path:
    """Let jgo fetch one jar into a folder of our own: an interrupted download must not stay in the user's cache."""
    # jgo brings requests and its Maven model, half a second that a start from the cache does not need.
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    # Repositories of the user's jgo.conf come first: that is where a closed network names its mirror.
    repositories = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(repo_cache=staging, remote_repos=repositories, timeout=DOWNLOAD_TIMEOUT_S)
    staged = staging / jar.maven_path
    staged.unlink(missing_ok=True)
    try:
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        return Path(component.artifact().resolve())
    except Exception as error:
        raise PrerequisiteError(
            f"the jar {jar.group}:{jar.artifact}:{jar.version} cannot be fetched: {type(error).__name__}",
            "the first start needs the Maven registry: check the network or proxy (HTTPS_PROXY), name a mirror in "
            "~/.config/jgo.conf under [repositories], or set SIAGA_KAFKA__BOOTSTRAP to a broker you have",
        ) from error
