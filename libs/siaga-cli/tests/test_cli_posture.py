"""`siaga posture`: what is shown of centres, and what is asked of the classifier."""

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from siaga.v1.decision_pb2 import CallerDecision
from siaga.v1.posture_pb2 import PostureLevel, TenantPosture
from siaga.v1.postures_service_pb2 import DeclareRequest, DeclareResponse, LiftRequest, LiftResponse
from siaga.v1.postures_service_pb2_grpc import PosturesServicer, add_PosturesServicer_to_server
from siaga_cli import posture
from siaga_cli.main import build
from typer.testing import CliRunner, Result

WHO = ["--tenant", "36.73", "--actor", "spv-01", "--reason", "banjir"]


class Service(PosturesServicer):
    """Takes what is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def Declare(self, request: DeclareRequest, context: Any) -> DeclareResponse:  # noqa: N802
        self.asked.append(request)
        if request.actor != "spv-01":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "actor: is none of the operators of tenant.yaml")
        return DeclareResponse(decision=CallerDecision(decision_id="d-1", until_ms=request.until_ms))

    def Lift(self, request: LiftRequest, context: Any) -> LiftResponse:  # noqa: N802
        self.asked.append(request)
        return LiftResponse(decision=CallerDecision(decision_id="d-2"))


@pytest.fixture
def service(classifier: Callable[[Callable[[grpc.Server], None]], None]) -> Service:
    made = Service()
    classifier(lambda server: add_PosturesServicer_to_server(made, server))
    return made


def invoke(*words: str) -> Result:
    return CliRunner().invoke(build("posture"), ["posture", *words])


def test_declare_asks_for_as_long_as_is_said(service: Service) -> None:
    result = invoke("declare", *WHO, "--for", "90m")
    assert result.exit_code == 0, result.output
    (asked,) = service.asked
    assert (asked.tenant, asked.actor, asked.reason) == ("36.73", "spv-01", "banjir")
    assert abs(asked.until_ms - time.time() * 1000 - 5_400_000) < 60_000
    assert "36.73 has a major incident until" in result.output


def test_lift_and_what_is_refused(service: Service) -> None:
    result = invoke("lift", *WHO, "--json")
    assert json.loads(result.output)["decision_id"] == "d-2"
    assert isinstance(service.asked[0], LiftRequest)
    refused = invoke("declare", "--tenant", "36.73", "--actor", "op-99", "--reason", "banjir")
    assert refused.exit_code == 2
    assert invoke("declare", *WHO, "--for", "soon").exit_code == 2


def test_show_tells_the_latest_of_each_centre(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [
        TenantPosture(tenant="36.73", level=PostureLevel.POSTURE_LEVEL_RED, revision=7, reason="declared", declared_by="spv-01", sanctions_suspended=True),
        TenantPosture(tenant="36.73", level=PostureLevel.POSTURE_LEVEL_GREEN, revision=6),
        TenantPosture(tenant="32.14", level=PostureLevel.POSTURE_LEVEL_GREEN, revision=1),
    ]  # fmt: skip
    told[2].hot_callers.add(source="asterisk/pbx1", calls=40, since_ms=1_784_000_000_000)
    records = [SimpleNamespace(key=one.tenant.encode(), value=one.SerializeToString()) for one in told]
    monkeypatch.setattr(posture, "cluster", lambda _home: None)
    monkeypatch.setattr(posture, "read_all", lambda _where, _topic: records)
    shown = invoke("show").output
    assert "declared by spv-01" in shown
    assert "suspended" in shown
    assert "asterisk/pbx1 (40 since" in shown
    (one,) = json.loads(invoke("show", "--tenant", "36.73", "--json").output)
    assert one["level"] == "POSTURE_LEVEL_RED"
    monkeypatch.setattr(posture, "read_all", lambda _where, _topic: [])
    assert "green" in invoke("show").output
