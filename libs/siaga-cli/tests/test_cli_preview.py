"""`siaga dispatch preview`: what is asked of the dispatcher, and what is shown of its answer."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from siaga.v1.common_pb2 import PRIORITY_P3
from siaga.v1.dispatch_service_pb2 import PlannedNeed, PreviewRequest, PreviewResponse
from siaga.v1.dispatch_service_pb2_grpc import DispatchServicer, add_DispatchServicer_to_server
from siaga.v1.incident_pb2 import Candidate, Shortfall
from siaga_cli.main import build
from typer.testing import CliRunner, Result

ANSWER = PreviewResponse(
    needs=[PlannedNeed(role="padam", count=2)],
    candidates=[
        Candidate(unit_id="3673-DMK-01", unit_name="Mako", role="padam", verdict="chosen", detail="2.1 km", eta_s=301),
        Candidate(unit_id="3673-DMK-02", unit_name="Pos [2]", role="padam", verdict="busy", detail="sedang bertugas"),
    ],
    shortfalls=[Shortfall(role="padam", code="all_busy", detail="1 dari 2")],
    coverage_warnings=["Damkar kota: 0 dari 1"],
)


class Service(DispatchServicer):
    def __init__(self) -> None:
        self.asked: list[PreviewRequest] = []

    def Preview(self, request: PreviewRequest, context: Any) -> PreviewResponse:  # noqa: N802
        self.asked.append(request)
        if request.type == "prank":
            return PreviewResponse()
        return ANSWER


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    made, server = Service(), grpc.server(ThreadPoolExecutor(2))
    add_DispatchServicer_to_server(made, server)
    monkeypatch.setenv("SIAGA_DISPATCHER_GRPC", f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    yield made
    server.stop(None).wait()


def invoke(*words: str) -> Result:
    return CliRunner().invoke(build("dispatch"), ["dispatch", "preview", "--tenant", "36.73", *words])


def test_what_is_said_is_asked_and_the_answer_shown(service: Service) -> None:
    words = [
        "--type",
        "fire_building",
        "--priority",
        "p3",
        "--at",
        "-6.12, 106.15",
        "--also",
        "injury",
        "--without",
        "u9",
    ]
    result = invoke(*words)
    assert result.exit_code == 0, result.output
    (asked,) = service.asked
    assert (asked.type, asked.priority, asked.lat, asked.lon) == ("fire_building", PRIORITY_P3, -6.12, 106.15)
    assert (list(asked.further_types), list(asked.excluded_unit_ids)) == (["injury"], ["u9"])
    for told in ("3673-DMK-01 Mako", "chosen", "6", "Pos [2]", "padam: all_busy (1 dari 2)", "Damkar kota: 0 dari 1"):
        assert told in result.output
    plain = json.loads(invoke(*words, "--json").stdout)
    assert plain["candidates"][1]["verdict"] == "busy"


def test_an_open_incident_needs_no_place(service: Service) -> None:
    assert invoke("--incident", "abc").exit_code == 0
    assert service.asked[0].incident_id == "abc"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--type", "flood"], "is no latitude,longitude"),
        (["--type", "flood", "--at", "106.15"], "is no latitude,longitude"),
        (["--type", "flood", "--at", "1,2", "--priority", "P9"], "is none of P0 to P4"),
    ],
)
def test_what_cannot_be_asked_is_named(service: Service, words: list[str], said: str) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())
    assert not service.asked


def test_nobody_to_send_is_told(service: Service) -> None:
    assert "The plan sends nobody" in invoke("--type", "prank", "--at", "1,2").output
