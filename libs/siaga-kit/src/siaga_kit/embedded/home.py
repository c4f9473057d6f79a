"""Where one stack keeps what it has: data, logs, secrets and what is running."""

import contextlib
import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# A file that stands only at the root of the project; it marks the folder whose `.siaga` is the usual home.
ROOT_MARK: Final = "tenants"


def project_root() -> Path:
    """The project's folder: the first one above this file, or above the working folder, that has the tenants."""
    for start in (Path(__file__).resolve(), Path.cwd() / "."):
        for folder in start.parents if start.is_file() else (start, *start.parents):
            if (folder / ROOT_MARK).is_dir() and (folder / "siaga").is_file():
                return folder
    return Path.cwd()


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one stack. Two stacks never share one."""

    root: Path
    # Kafka's jars never change and are the same for every home, so that a test's home need not fetch them again.
    jars: Path

    @classmethod
    def at(cls, chosen: Path | None = None) -> "Home":
        """The chosen folder, else SIAGA_HOME, else `.siaga` in the project."""
        usual = project_root() / ".siaga"
        named = chosen or (Path(os.environ["SIAGA_HOME"]) if os.environ.get("SIAGA_HOME") else usual)
        return cls(named.expanduser().absolute(), usual / "kafka")

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    def prepare(self) -> None:
        """Make the folders; what they hold is for this user only."""
        for folder in (self.root, self.data, self.logs, self.run, self.secrets):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.chmod(0o700)

    def log(self, name: str) -> Path:
        """Where a process writes what it has to say."""
        return self.logs / f"{name}.log"

    def secret(self, name: str) -> str:
        """A secret of this home, made at the first asking and kept."""
        path = self.secrets / name
        if not path.exists():
            # Made under another name and linked: a second asker at the same moment gets the first one's secret.
            number, draft = tempfile.mkstemp(dir=self.secrets)
            with os.fdopen(number, "w") as file:
                file.write(secrets.token_urlsafe(32))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            Path(draft).unlink()
        return path.read_text().strip()

    @property
    def token(self) -> str:
        """The token that opens this stack's front door to local tools."""
        return self.secret("local-token")

    @property
    def token_sha256(self) -> str:
        return hashlib.sha256(self.token.encode()).hexdigest()
