"""`model report` and `model examples` over records as the classifier publishes them."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from siaga.v1.assessment_pb2 import ADVICE_DISPATCH, ADVICE_RECORD, CallAssessment, Reason, WordsReading
from siaga.v1.call_pb2 import CHANNEL_WHATSAPP, DISPOSITION_EMERGENCY, DISPOSITION_PRANK
from siaga.v1.common_pb2 import PRIORITY_P1
from siaga.v1.example_pb2 import LabelledExample
from siaga_classifier.training.corpus import COLUMNS, CorpusError, read_corpus
from siaga_cli import model_reporting
from siaga_cli.main import build
from typer.testing import CliRunner

MONDAY_MS = 1_768_150_800_000  # 2026-01-12 00:00 in Jakarta, the first moment of week 3


def assessment(call_id: str, at_ms: int, advice: int, disposition: int = DISPOSITION_EMERGENCY) -> CallAssessment:
    return CallAssessment(
        call_id=call_id, tenant="36.73", event_at_ms=at_ms, disposition=disposition, machine_advice=advice, type="flood",
        reasons=[Reason(rule="operator.type", detail="flood")], words=WordsReading(type="flood", advice=advice),
    )  # fmt: skip


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What lies on whichever topic is read."""
    messages: list[Any] = []

    def read_each(_where: object, _topic: object, take: Callable[[object], None]) -> None:
        for message in messages:
            take(SimpleNamespace(value=message.SerializeToString(), key=message.call_id.encode()))

    monkeypatch.setattr(model_reporting, "read_each", read_each)
    monkeypatch.setattr(model_reporting, "cluster", lambda _home: None)
    return messages


def siaga(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(build("model"), ["model", *words])
    return result.exit_code, result.stdout


def test_a_missed_real_call_is_named_and_fails_the_command(topic: list[Any]) -> None:
    topic += [assessment("c1", MONDAY_MS, ADVICE_DISPATCH), assessment("c2", MONDAY_MS + 1, ADVICE_RECORD)]
    code, told = siaga("report", "--json")
    assert code == 1
    assert json.loads(told)["missed_real"] == [{"tenant": "36.73", "call_id": "c2"}]
    assert json.loads(told)["recall_real"] == 0.5


def test_the_last_word_on_a_call_holds(topic: list[Any]) -> None:
    topic += [assessment("c1", MONDAY_MS, ADVICE_RECORD), assessment("c1", MONDAY_MS, ADVICE_RECORD, DISPOSITION_PRANK)]
    code, told = siaga("report")
    assert code == 0
    assert "No real call was missed" in told


@pytest.mark.parametrize(("at_ms", "calls"), [(-1, 0), (0, 1), (7 * 86_400_000 - 1, 1), (7 * 86_400_000, 0)])
def test_a_week_goes_from_monday_to_monday(topic: list[Any], at_ms: int, calls: int) -> None:
    topic.append(assessment("c1", MONDAY_MS + at_ms, ADVICE_DISPATCH))
    _, told = siaga("report", "--week", "2026-W03", "--json")
    assert json.loads(told)["calls"] == calls


def test_another_tenants_calls_are_left_out(topic: list[Any]) -> None:
    topic.append(assessment("c1", MONDAY_MS, ADVICE_RECORD))
    assert siaga("report", "--tenant", "32.14")[0] == 0


@pytest.mark.parametrize("words", [("--week", "2026-3"), ("--since", "long"), ("--week", "2026-W03", "--since", "7d")])
def test_a_time_that_is_none_is_told(topic: list[Any], words: tuple[str, ...]) -> None:
    assert siaga("report", *words)[0] == 2
    assert not topic


def test_an_export_is_read_as_texts_to_learn_from(topic: list[Any], tmp_path: Path) -> None:
    def example(call_id: str, **more: Any) -> LabelledExample:
        usual = {"type": "flood", "text": "banjir\tdi [tempat]\nsepinggang", "priority": PRIORITY_P1}
        return LabelledExample(
            call_id=call_id, tenant="36.73", channel=CHANNEL_WHATSAPP, disposition=DISPOSITION_EMERGENCY, **usual | more
        )

    topic += [example("c1"), example("c2", text=""), example("c3", type="confidential"), example("c4", type="")]
    folder = tmp_path / "data" / "utterances"
    folder.mkdir(parents=True)
    assert siaga("examples", "--export", str(folder / "field.tsv"))[0] == 0
    (read,) = read_corpus(tmp_path)
    assert (read.text, read.type, read.register) == ("banjir di [tempat] sepinggang", "flood", "chat")
    assert (read.priority.name, read.advice.name) == ("P1", "DISPATCH")
    assert "c1" not in read.family


def test_a_file_to_learn_from_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "data" / "utterances").mkdir(parents=True)
    (tmp_path / "data" / "utterances" / "own.tsv").write_text("\t".join(COLUMNS) + "\n")
    with pytest.raises(CorpusError, match="no such file"):
        read_corpus(tmp_path, [tmp_path / "field.tsv"])
