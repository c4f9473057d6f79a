"""What a stack starts itself, and what it is told to use instead."""

from pathlib import Path

import pytest
from siaga_kit.embedded import daemon
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.plan import Choices, Planner
from siaga_kit.embedded.processes import Spec
from siaga_kit.embedded.supervisor import Plan

ELSEWHERE = {"SIAGA_KAFKA__BOOTSTRAP": "kafka1:9092", "SIAGA_REDIS__URL": "redis://redis:6379/0"}
REAL_CENTRE = {"SIAGA_SMPP__HOST": "smsc.example", "SIAGA_SMPP__PORT": "3700", "SIAGA_SMPP__SYSTEM_ID": "centre"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", tmp_path / "jars")
    made.prepare()
    return made


def planned(home: Home, choices: Choices, **environ: str) -> Plan:
    return Planner(home, choices, {**ELSEWHERE, **environ}).plan()


def specs(plan: Plan) -> dict[str, Spec]:
    return {spec.name: spec for stage in plan.stages for spec in stage.specs}


def test_a_real_sms_centre_is_used_as_told_and_shown_as_external(home: Home) -> None:
    plan = planned(home, Choices("free", real_sms=True), **REAL_CENTRE)
    assert "smsc" not in specs(plan)
    shown = next(process for process in plan.external if process.name == "smsc")
    assert (shown.url, shown.pid, shown.ready) == ("smsc.example:3700", None, True)
    assert REAL_CENTRE.items() <= specs(plan)["notifier"].env.items()
    assert plan.addresses.smsc_control_url == ""


def test_a_real_sms_centre_has_the_usual_port_unless_told(home: Home) -> None:
    plan = planned(home, Choices("free", real_sms=True), SIAGA_SMPP__HOST="smsc.example")
    assert "smsc.example:2775" in [process.url for process in plan.external]


@pytest.mark.parametrize(
    ("choices", "environ"),
    [
        (Choices("free", real_sms=True), {}),
        # Recorded and made-up calls must never reach a phone, whatever the shell they are started from has set.
        (Choices("free"), REAL_CENTRE),
        (Choices("free", demo=True), REAL_CENTRE),
    ],
)
def test_everything_else_sends_through_the_embedded_sms_centre(
    home: Home, choices: Choices, environ: dict[str, str]
) -> None:
    plan = planned(home, choices, **environ)
    assert "smsc" in specs(plan)
    assert [process.name for process in plan.external] == ["kafka", "redis"]
    env = specs(plan)["notifier"].env
    assert (env["SIAGA_SMPP__HOST"], env["SIAGA_SMPP__PORT"]) == ("127.0.0.1", str(plan.addresses.smsc_port))
    assert plan.addresses.smsc_control_url == specs(plan)["smsc"].url


@pytest.mark.parametrize(
    ("services", "started"),
    [((), []), (("intake",), ["intake"]), (("notifier",), ["smsc", "notifier"])],
)
def test_only_the_services_that_are_asked_for_are_started(
    home: Home, services: tuple[str, ...], started: list[str]
) -> None:
    assert list(specs(planned(home, Choices("free", services=services)))) == started


@pytest.mark.parametrize(
    "choices",
    [Choices(), Choices("free", services=()), Choices("free", services=("intake",), demo=True, real_sms=True)],
)
def test_a_detached_supervisor_is_told_all_choices(
    home: Home, choices: Choices, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Choices] = []
    monkeypatch.setattr(daemon, "serve", lambda _home, asked, _owner: told.append(asked))
    daemon.main(daemon.arguments(home, choices, None)[3:])
    assert told == [choices]
