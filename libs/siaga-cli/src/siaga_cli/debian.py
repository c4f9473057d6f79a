"""Makes sure that tests have the programs of other makers that they run against. Root installs what is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

# By group of tests: what each package brings that they cannot do without, a program or one of Kamailio's modules.
NEEDED: Final[Mapping[str, Mapping[str, str]]] = {
    "telephony": {
        "kamailio": "kamailio",
        "kamailio-extra-modules": "jansson.so",
        "kamailio-utils-modules": "http_client.so",
        "sip-tester": "sipp",
    },
    "peers": {"mosquitto": "mosquitto", "kannel": "bearerbox", "gammu-smsd": "gammu-smsd", "chromium": "chromium"},
}
_MODULES: Final = "lib/*/kamailio/modules"
INSTALL: Final = ("apt-get", "install", "-y", "--no-install-recommends")
# Nobody is there to answer a package's questions.
_QUIET: Final = {"DEBIAN_FRONTEND": "noninteractive"}

Run = Callable[[Sequence[str]], int]


def missing(group: str, usr: Path = Path("/usr")) -> list[str]:
    """The group's packages of which something is not there."""
    return [package for package, thing in NEEDED[group].items() if not _is_there(thing, usr)]


def _is_there(thing: str, usr: Path) -> bool:
    if thing.endswith(".so"):
        return any(usr.glob(f"{_MODULES}/{thing}"))
    return shutil.which(thing, path=f"{usr}/sbin:{usr}/bin") is not None


def _run(argv: Sequence[str]) -> int:
    return subprocess.run(argv, env={**os.environ, **_QUIET}, check=False).returncode  # noqa: S603  (ours)


def ensure(group: str, *, is_root: bool, run: Run = _run, absent: Callable[[str], list[str]] = missing) -> str | None:
    """Install what is missing; None when all is there then, else what a person has to do."""
    packages = absent(group)
    if not packages:
        return None
    command = f"apt-get update && {' '.join((*INSTALL, *packages))}"
    if not is_root or shutil.which("apt-get") is None:
        return f"the {group} tests need {', '.join(packages)}: run as root (Debian 12): {command}"
    if run(("apt-get", "update")) or run((*INSTALL, *packages)) or absent(group):
        return f"could not install {', '.join(packages)}: see above, and try: {command}"
    return None


def main() -> None:
    """For the group named: end with 1 and the command to run when something is missing."""
    trouble = ensure(sys.argv[1], is_root=os.geteuid() == 0)
    if trouble is not None:
        sys.exit(trouble)


if __name__ == "__main__":
    main()
