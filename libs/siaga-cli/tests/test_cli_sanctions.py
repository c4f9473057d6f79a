"""What people decide on the command line, what waits for them, and that no number is ever told again."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from siaga.v1 import sanction_pb2 as pb
from siaga.v1.assessment_pb2 import OUTCOME_ANSWERED_PRANK, OUTCOME_REAL, CallerOutcome
from siaga.v1.audit_pb2 import AuditRecord
from siaga.v1.common_pb2 import SANCTION_STATE_PERMANENT
from siaga.v1.decision_pb2 import CallerDecision, DecisionKind
from siaga.v1.sanctions_service_pb2 import DecideRequest, DecideResponse, GetCallerRequest, GetCallerResponse
from siaga.v1.sanctions_service_pb2_grpc import SanctionsServicer, add_SanctionsServicer_to_server
from siaga_cli import audit, sanctions
from siaga_cli.main import build
from siaga_cli.waiting import waiting_of
from siaga_contracts.audit import digest
from typer.testing import CliRunner, Result

KEY = "0123456789abcdef" * 2
NUMBER = "081234567890"
WHO = ["--tenant", "36.73", "--actor", "spv-01", "--reason", "letter 12"]


class Service(SanctionsServicer):
    """Takes what is asked; refuses, or is away, as told."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.refusals: list[tuple[grpc.StatusCode, str]] = []

    def Decide(self, request: DecideRequest, context: Any) -> DecideResponse:  # noqa: N802
        self.asked.append(request)
        if self.refusals:
            context.abort(*self.refusals.pop(0))
        made = CallerDecision(decision_id="d-1", tenant=request.tenant, caller_key=KEY, kind=request.kind)
        return DecideResponse(decision=made)

    def GetCaller(self, request: GetCallerRequest, context: Any) -> GetCallerResponse:  # noqa: N802
        self.asked.append(request)
        return GetCallerResponse(caller_key=KEY, sanction=pb.CallerSanction(state=SANCTION_STATE_PERMANENT))


@pytest.fixture
def service(classifier: Callable[[Callable[[grpc.Server], None]], None]) -> Service:
    made = Service()
    classifier(lambda server: add_SanctionsServicer_to_server(made, server))
    return made


def invoke(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(build(words[0]), list(words), input=stdin)


@pytest.mark.parametrize(
    ("words", "kind", "fields"),
    [
        (["lift", NUMBER], "LIFT", {}),
        (["approve", NUMBER], "APPROVE_PERMANENT", {}),
        (["reject", NUMBER], "REJECT_PERMANENT", {}),
        (["appeal", NUMBER], "APPEAL", {}),
        (["decide-appeal", NUMBER, "--accept"], "APPEAL_ACCEPTED", {}),
        (["decide-appeal", NUMBER, "--accept", "--call", "c1", "--call", "c2"], "APPEAL_ACCEPTED", {"call_ids": ["c1", "c2"]}),
        (["decide-appeal", NUMBER, "--deny"], "APPEAL_DENIED", {}),
        (["share", NUMBER], "SHARE", {}),
        (["unshare", NUMBER], "UNSHARE", {}),
        (["tag", NUMBER, "child", "mental_health"], "TAG", {"caller_tags": [1, 2]}),
        (["untag", NUMBER, "child"], "UNTAG", {"caller_tags": [1]}),
        (["protect", NUMBER], "PROTECT", {"until_ms": 0}),
        (["new-holder", NUMBER], "NEW_HOLDER", {}),
        (["erase", NUMBER], "ERASE", {}),
    ],
    ids=" ".join,
)  # fmt: skip
def test_each_decision(service: Service, words: list[str], kind: str, fields: dict[str, Any]) -> None:
    result = invoke("sanctions", *words, *WHO)
    assert result.exit_code == 0, result.output
    (asked,) = service.asked
    assert asked.kind == DecisionKind.Value(f"DECISION_KIND_{kind}")
    assert (asked.tenant, asked.actor, asked.reason, asked.number) == ("36.73", "spv-01", "letter 12", NUMBER)
    assert asked.request_id
    for name, value in fields.items():
        told = getattr(asked, name)
        assert (list(told) if isinstance(value, list) else told) == value
    assert KEY in result.output
    assert NUMBER not in result.output


def test_the_ways_to_name_a_caller(service: Service) -> None:
    assert invoke("sanctions", "lift", KEY, *WHO).exit_code == 0
    assert invoke("sanctions", "lift", "-", *WHO, stdin=f"{NUMBER}\n").exit_code == 0
    assert [each.WhichOneof("caller") for each in service.asked] == ["caller_key", "number"]


def test_a_time_for_a_protection(service: Service) -> None:
    assert invoke("sanctions", "protect", NUMBER, "--for", "30d", *WHO).exit_code == 0
    assert service.asked[0].until_ms > 0
    assert invoke("sanctions", "protect", NUMBER, "--for", "soon", *WHO).exit_code == 2


def test_a_service_that_is_away_is_asked_again_with_the_same_request(service: Service) -> None:
    service.refusals = [(grpc.StatusCode.UNAVAILABLE, "the broker did not confirm")]
    assert invoke("sanctions", "lift", NUMBER, *WHO).exit_code == 0
    assert len({each.request_id for each in service.asked}) == 1
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    ("code", "exit_code"), [(grpc.StatusCode.INVALID_ARGUMENT, 2), (grpc.StatusCode.FAILED_PRECONDITION, None)]
)
def test_what_the_service_refuses(service: Service, code: grpc.StatusCode, exit_code: int | None) -> None:
    service.refusals = [(code, "actor: is none of the operators")]
    result = invoke("sanctions", "lift", NUMBER, *WHO)
    assert result.exit_code == exit_code or (exit_code is None and result.exception is not None)
    assert "none of the operators" in result.output + str(result.exception)
    assert NUMBER not in result.output


def test_a_tag_that_there_is_not(service: Service) -> None:
    assert invoke("sanctions", "tag", NUMBER, "rude", *WHO).exit_code == 2
    assert not service.asked


def test_one_caller_is_asked_for_by_name(service: Service) -> None:
    result = invoke("sanctions", "show", NUMBER, *WHO)
    assert result.exit_code == 0
    assert service.asked[0].reason == "letter 12"
    assert "permanent" in result.output
    assert NUMBER not in result.output
    assert invoke("sanctions", "show", NUMBER, "--actor", "spv-01", "--reason", "x").exit_code == 2


def caller(key: str, *notices: tuple[int, int], **how: Any) -> pb.CallerSanction:
    told = [pb.CallerNotice(kind=kind, since_ms=since_ms) for kind, since_ms in notices]
    return pb.CallerSanction(tenant="36.73", caller_key=key, notices=told, **how)


def test_what_has_a_date_comes_first() -> None:
    appeal = pb.Appeal(state=pb.APPEAL_STATE_OPEN, filed_at_ms=5, due_at_ms=90)
    sooner = pb.Appeal(state=pb.APPEAL_STATE_OPEN, filed_at_ms=6, due_at_ms=80)
    decided = pb.Appeal(state=pb.APPEAL_STATE_DENIED, due_at_ms=1)
    found = waiting_of(
        [
            caller("a", (pb.NOTICE_KIND_FALSE_REPORT, 1), (pb.NOTICE_KIND_WELFARE_CHECK, 9), appeal=appeal),
            caller("b", (pb.NOTICE_KIND_APPROVAL_WANTED, 2), appeal=decided),
            caller("c", (pb.NOTICE_KIND_REVIEW_DUE, 3), review_by_ms=70, appeal=sooner),
            caller("d"),
        ]
    )
    assert [(each.what, each.caller_key, each.due_ms) for each in found] == [
        ("appeal", "c", 80), ("appeal", "a", 90), ("review_due", "c", 70), ("welfare_check", "a", 0),
        ("approval_wanted", "b", 0), ("false_report", "a", 0),
    ]  # fmt: skip


def topic(monkeypatch: pytest.MonkeyPatch, module: Any, messages: list[Any]) -> None:
    records = [SimpleNamespace(key=b"k", value=each.SerializeToString()) for each in messages]
    monkeypatch.setattr(module, "cluster", lambda _: None)
    monkeypatch.setattr(module, "read_all", lambda *_: records)


def test_an_operator_far_above_the_colleagues(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [
        CallerOutcome(
            call_id=f"{who}/{number}", tenant="36.73", operator=who,
            outcome=OUTCOME_ANSWERED_PRANK if number < pranks else OUTCOME_REAL,
        )
        for who, pranks in (("op-01", 5), ("op-02", 6), ("op-03", 4), ("op-04", 60))
        for number in range(60)
    ]  # fmt: skip
    topic(monkeypatch, sanctions, calls)
    told = json.loads(invoke("sanctions", "operators", "--json").output)
    assert [each["operator"] for each in told if each["needs_review"]] == ["op-04"]
    assert "op-04" in invoke("sanctions", "operators").output


def test_the_audit_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    first = AuditRecord(audit_id="a-1", tenant="36.73", actor="op-01", action="read", subject=f"caller/{KEY}", at_ms=1)
    first.hash = digest(first)
    second = AuditRecord(audit_id="a-2", tenant="36.73", actor="op-02", at_ms=2, previous_hash=first.hash)
    second.hash = digest(second)
    topic(monkeypatch, audit, [first, second, second])
    result = invoke("audit", "verify", "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)[0]["records"] == 2
    assert "op-01" in invoke("audit", "show", "--subject", f"caller/{KEY}").output
    second.actor = "op-03"
    topic(monkeypatch, audit, [first, second])
    result = invoke("audit", "verify")
    assert result.exit_code == 1
    assert "a-2" in result.output
