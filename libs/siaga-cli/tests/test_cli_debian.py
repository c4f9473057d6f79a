"""Programs of other makers are installed by root, and named to everybody else; never passed over."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from siaga_cli import debian


def installed(usr: Path, *packages: str) -> Path:
    (usr / "bin").mkdir(parents=True)
    (usr / "lib" / "any" / "kamailio" / "modules").mkdir(parents=True)
    for package in packages:
        thing = debian.NEEDED["telephony"][package]
        place = usr / "lib" / "any" / "kamailio" / "modules" if thing.endswith(".so") else usr / "bin"
        (place / thing).touch(mode=0o755)
    return usr


def test_what_is_missing(tmp_path: Path) -> None:
    assert debian.missing("telephony", installed(tmp_path / "none")) == list(debian.NEEDED["telephony"])
    assert debian.missing("telephony", installed(tmp_path / "all", *debian.NEEDED["telephony"])) == []
    assert debian.missing("telephony", installed(tmp_path / "half", "kamailio", "sip-tester")) == [
        "kamailio-extra-modules",
        "kamailio-utils-modules",
    ]


class Apt:
    """Stands in for apt-get: `fails` at its n-th run, `works` says whether what was asked for is there then."""

    def __init__(self, *, fails: int = 0, works: bool = True) -> None:
        self.ran: list[Sequence[str]] = []
        self._fails, self._works = fails, works

    def run(self, argv: Sequence[str]) -> int:
        self.ran.append(argv)
        return int(len(self.ran) == self._fails)

    def absent(self, _: str) -> list[str]:
        return [] if self._works and len(self.ran) >= 2 else ["sip-tester"]


def test_root_installs_what_is_missing() -> None:
    apt = Apt()
    assert debian.ensure("telephony", is_root=True, run=apt.run, absent=apt.absent) is None
    assert apt.ran == [("apt-get", "update"), (*debian.INSTALL, "sip-tester")]


def test_others_are_told_the_command() -> None:
    apt = Apt()
    told = debian.ensure("telephony", is_root=False, run=apt.run, absent=apt.absent)
    assert told is not None
    assert "apt-get install -y --no-install-recommends sip-tester" in told
    assert apt.ran == []


@pytest.mark.parametrize("apt", [Apt(fails=1), Apt(fails=2), Apt(works=False)])
def test_a_failed_installation_is_no_success(apt: Apt) -> None:
    told = debian.ensure("telephony", is_root=True, run=apt.run, absent=apt.absent)
    assert told is not None
    assert told.startswith("could not install sip-tester")


def test_nothing_is_run_when_all_is_there() -> None:
    apt = Apt()
    assert debian.ensure("telephony", is_root=False, run=apt.run, absent=lambda _: []) is None
    assert apt.ran == []
