"""Makes sure that the telephony tests have their tools: Debian's Kamailio and sipp. Root installs what is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

# What each package brings that the tests cannot do without: a program, or one of Kamailio's modules.
NEEDED: Final = {
    "kamailio": "kamailio",
    "kamailio-extra-modules": "jansson.so",
    "kamailio-utils-modules": "http_client.so",
    "sip-tester": "sipp",
}
_MODULES: Final = "lib/*/kamailio/modules"
INSTALL: Final = ("apt-get", "install", "-y", "--no-install-recommends")
# Nobody is there to answer a package's questions.
_QUIET: Final = {"DEBIAN_FRONTEND": "noninteractive"}

Run = Callable[[Sequence[str]], int]


def missing(usr: Path = Path("/usr")) -> list[str]:
    """The packages of which something is not there."""
    return [package for package, thing in NEEDED.items() if not _is_there(thing, usr)]


def _is_there(thing: str, usr: Path) -> bool:
    if thing.endswith(".so"):
        return any(usr.glob(f"{_MODULES}/{thing}"))
    return shutil.which(thing, path=f"{usr}/sbin:{usr}/bin") is not None


def _run(argv: Sequence[str]) -> int:
    return subprocess.run(argv, env={**os.environ, **_QUIET}, check=False).returncode  # noqa: S603  (ours)


def ensure(*, is_root: bool, run: Run = _run, absent: Callable[[], list[str]] = missing) -> str | None:
    """Install what is missing; None when all is there then, else what a person has to do."""
    packages = absent()
    if not packages:
        return None
    command = f"apt-get update && {' '.join((*INSTALL, *packages))}"
    if not is_root or shutil.which("apt-get") is None:
        return f"the telephony tests need {', '.join(packages)}: run as root (Debian 12): {command}"
    if run(("apt-get", "update")) or run((*INSTALL, *packages)) or absent():
        return f"could not install {', '.join(packages)}: see above, and try: {command}"
    return None


def main() -> None:
    """End with 1 and the command to run when something is missing."""
    trouble = ensure(is_root=os.geteuid() == 0)
    if trouble is not None:
        sys.exit(trouble)


if __name__ == "__main__":
    main()
