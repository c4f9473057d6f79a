"""The configuration of Kannel that is deployed is the one that the notifier's tests run, but for what is a site's own."""

from pathlib import Path

from siaga_kit.embedded.kannel import Site, config

DEPLOYED = Path(__file__).parents[2] / "deploy" / "kannel" / "kannel.conf"


def test_the_deployed_configuration_is_the_one_that_runs() -> None:
    assert DEPLOYED.read_text() == config(Site()), "python -m siaga_kit.embedded.kannel > deploy/kannel/kannel.conf"


def test_nothing_listens_but_on_the_machine_itself() -> None:
    lines = config(Site()).splitlines()
    for box in ("admin", "smsbox", "sendsms"):
        assert f'{box}-interface = "127.0.0.1"' in lines
