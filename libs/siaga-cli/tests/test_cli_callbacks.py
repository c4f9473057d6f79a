"""`callbacks`: the open tasks, which one is meant, and what is told of it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from siaga.v1.assessment_pb2 import OUTCOME_ABANDON, OUTCOME_GHOST, CallAssessment
from siaga.v1.callback_pb2 import CALLBACK_STATE_CLOSED, CALLBACK_STATE_OPEN, CallbackTask, MissedCall
from siaga_cli import callbacks
from siaga_cli.callbacks import chosen
from siaga_cli.main import build
from siaga_contracts.catalogue import CALL_ASSESSMENTS, CALLBACK_TASKS
from siaga_kit.embedded.errors import StackError
from typer.testing import CliRunner

NUMBER = "+6281234567890"


def task(name: str, caller: str, opened_at_ms: int, *, tenant: str = "36.73", **more: Any) -> CallbackTask:
    calls = [MissedCall(call_id=f"{name}-call", outcome=OUTCOME_ABANDON, ended_at_ms=opened_at_ms)]
    fields = {"state": CALLBACK_STATE_OPEN, "calls": calls, "missed": 1, **more}
    return CallbackTask(task_id=f"{name}-task", tenant=tenant, caller_key=caller, opened_at_ms=opened_at_ms, **fields)


TOLD = [
    task("late", "k1", 900),
    task("gone", "k2", 100),
    task("gone", "k2", 100, state=CALLBACK_STATE_CLOSED),
    task("early", "k3", 200, attempts=2, only_if_safe=True),
    task("other", "k1", 300, tenant="32.14"),
]


@pytest.fixture(autouse=True)
def topics(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = [CallAssessment(call_id=f"{name}-call", callback_number=NUMBER) for name in ("late", "gone", "early")]
    messages = {
        CALLBACK_TASKS: [(each.caller_key, each) for each in TOLD],
        CALL_ASSESSMENTS: [(each.call_id, each) for each in heard],
    }

    def read_all(_: object, topic: Any) -> list[Any]:
        return [SimpleNamespace(key=key.encode(), value=each.SerializeToString()) for key, each in messages[topic]]

    monkeypatch.setattr(callbacks, "cluster", lambda _: None)
    monkeypatch.setattr(callbacks, "read_all", read_all)


def invoke(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(build("callbacks"), ["callbacks", *words], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


def test_open_tasks_the_longest_waiting_first() -> None:
    found = json.loads(invoke("list", "--json"))
    assert [each["task_id"] for each in found] == ["early-task", "other-task", "late-task"]
    assert (found[0]["attempts"], found[0]["only_if_safe"], found[0]["calls"][0]["call_id"]) == (2, True, "early-call")
    assert [each["task_id"] for each in json.loads(invoke("list", "--tenant", "32.14", "--json"))] == ["other-task"]


def test_numbers_are_shown_only_when_asked_for_and_only_where_it_is_safe() -> None:
    assert NUMBER not in invoke("list")
    assert NUMBER not in invoke("list", "--json")
    assert invoke("list", "--numbers").count(NUMBER) == 1
    shown = {each["task_id"]: each.get("number") for each in json.loads(invoke("list", "--numbers", "--json"))}
    assert shown == {"early-task": None, "other-task": None, "late-task": NUMBER}
    assert "only if safe" in invoke("list")


def test_a_task_is_meant_by_the_beginning_of_its_name_or_of_a_call() -> None:
    assert chosen(TOLD[:1], "LATE-t").task_id == "late-task"
    assert chosen(TOLD[:1], "late-call").task_id == "late-task"
    for which in ("none", ""):
        with pytest.raises(StackError, match="no open task"):
            chosen(TOLD[:1], which)
    with pytest.raises(StackError, match="2 open tasks"):
        chosen([task("same-1", "k1", 1), task("same-2", "k2", 2)], "same")


@pytest.mark.parametrize(
    ("words", "result", "reason"),
    [
        (["tried", "late"], "no_answer", ""),
        (["close", "late-call", "--reason", "salah pencet"], "not_needed", "salah pencet"),
        (["close", "late", "--answered"], "answered", ""),
    ],
)
def test_what_came_of_it_goes_through_the_front_door(
    monkeypatch: pytest.MonkeyPatch, words: list[str], result: str, reason: str
) -> None:
    posted: list[Any] = []

    class Door:
        def __init__(self, *where: str) -> None:
            posted.append(where)

        def __call__(self, forms: list[Any]) -> dict[str, Any]:
            posted.append(forms)
            return {"accepted": [{"index": 0}], "ignored": [], "rejected": []}

    addresses = SimpleNamespace(intake_url="http://127.0.0.1:8112", token="t")
    monkeypatch.setattr(callbacks.state, "read", lambda _: SimpleNamespace(addresses=addresses))
    monkeypatch.setattr(callbacks.state, "is_running", lambda _: True)
    monkeypatch.setattr(callbacks, "Post", Door)
    invoke(*words, "--operator", "op-03")
    assert posted == [
        ("http://127.0.0.1:8112", "t", "36.73", "/v1/calls/form"),
        [{"call_id": "late-call", "operator": "op-03", "callback": result, "callback_reason": reason}],
    ]


def test_nobody_is_struck_off_without_a_word() -> None:
    invoke("close", "late", "--operator", "op-03", code=2)


def test_the_last_calls_silence_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = MissedCall(call_id="s-call", outcome=OUTCOME_GHOST, ended_at_ms=5, silent_confirmed=True)
    told = task("s", "k9", 5, calls=[silent]).SerializeToString()
    monkeypatch.setattr(callbacks, "read_all", lambda *_: [SimpleNamespace(key=b"k9", value=told)])
    assert "ghost, silent" in invoke("list")
