from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_notifier.core.gsm7 import SMS_SEPTETS, encode
from siaga_notifier.core.model import OrderKind, Task, UnitStatus
from siaga_notifier.core.replies import NOTHING_OPEN, WORDS, Question, Reply, Report, parse, understand


def task(code: str, taken_at_ms: int = 1, *, is_open: bool = True, incident: str = "") -> Task:
    return Task(
        f"o-{code}-{taken_at_ms}",
        "36.73",
        incident or f"i-{code}",
        "u-1",
        OrderKind.DISPATCH,
        code,
        0,
        taken_at_ms,
        open=is_open,
    )


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("1 #114", UnitStatus.EN_ROUTE, "114"),
        ("1 2", UnitStatus.EN_ROUTE, "2"),
        ("1#114", UnitStatus.EN_ROUTE, "114"),
        ("1 114", UnitStatus.EN_ROUTE, "114"),
        (" 2 ", UnitStatus.ON_SCENE, None),
        ("3.", UnitStatus.CLEAR, None),
        ("0 # 114", UnitStatus.DECLINED, "114"),
        ("ok", UnitStatus.ACKNOWLEDGED, None),
        ("Ok 114", UnitStatus.ACKNOWLEDGED, "114"),
        ("OK114", UnitStatus.ACKNOWLEDGED, "114"),
        ("Siap, komandan!", UnitStatus.ACKNOWLEDGED, None),
        ("#114 tiba", UnitStatus.ON_SCENE, "114"),
        ("SELESAI   #0114", UnitStatus.CLEAR, "0114"),
        ("tolak pak", UnitStatus.DECLINED, None),
        ("MELUNCUR", UnitStatus.EN_ROUTE, None),
    ],
)
def test_understood(text: str, status: UnitStatus, code: str | None) -> None:
    assert parse(text) == Reply(status, code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "4",
        "1114",
        "1 korban luka",
        "#114",
        "apa kabar",
        "12 #114",
        "1 #114 #115",
        "ok siap",
        "1 #1234567",
        "#",
    ],
)
def test_not_sure(text: str) -> None:
    assert parse(text) is None


@given(
    word=st.sampled_from(sorted(WORDS)),
    code=st.none() | st.from_regex(r"[0-9]{1,6}", fullmatch=True),
    before=st.text(" \t\n.", max_size=3),
    between=st.sampled_from([" #", "#", "  # ", " "]),
    after=st.text(" \t\n.!,", max_size=3),
    upper=st.booleans(),
)
def test_spelling_does_not_matter(
    *, word: str, code: str | None, before: str, between: str, after: str, upper: bool
) -> None:
    text = before + (word if upper else word.lower()) + (f"{between}{code}" if code else "") + after
    assert parse(text) == Reply(WORDS[word], code)


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    meant = understand(text, [task("114"), task("115", 2)])
    if isinstance(meant, Question):
        assert len(encode(meant.text)) <= SMS_SEPTETS
    else:
        assert meant.task is not None
        assert meant.task.task_code in ("114", "115")


def test_the_only_open_task_is_meant() -> None:
    tasks = [task("113", 1, is_open=False), task("114", 2)]
    assert understand("2", tasks) == Report(tasks[1], UnitStatus.ON_SCENE)


def test_two_orders_of_one_task_are_one_task() -> None:
    update = task("114", 5)
    assert understand("1", [task("114", 2), update]) == Report(update, UnitStatus.EN_ROUTE)


def test_a_code_finds_its_task_open_or_not() -> None:
    tasks = [task("113", 1, is_open=False), task("0114", 2)]
    assert understand("3 #113", tasks) == Report(tasks[0], UnitStatus.CLEAR)
    assert understand("3 #114", tasks) == Report(tasks[1], UnitStatus.CLEAR)


def test_asks_which_of_several() -> None:
    meant = understand("1", [task("114", 1), task("115", 2)])
    assert isinstance(meant, Question)
    assert "1 #115" in meant.text
    assert "#114" in meant.text


def test_asks_about_a_code_it_does_not_know() -> None:
    meant = understand("1 #999", [task("114")])
    assert isinstance(meant, Question)
    assert "#999" in meant.text


def test_says_when_nothing_is_open() -> None:
    assert understand("OK", [task("114", is_open=False)]) == Question(NOTHING_OPEN)


@pytest.mark.parametrize(
    "text", ["MAYDAY", "tolong", "Darurat pak", "TOLONG TOLONG TOLONG", "mayday kami terjebak api", "mayday #114"]
)
def test_a_crew_in_distress_is_never_asked_back(text: str) -> None:
    tasks = [task("114", 1), task("115", 2)]
    meant = understand(text, tasks)
    assert isinstance(meant, Report)
    assert meant.status is UnitStatus.MAYDAY
    assert meant.task is tasks[0 if "#114" in text else 1]
    assert understand(text, []) == Report(None, UnitStatus.MAYDAY)


@pytest.mark.parametrize("text", ["tolong alamatnya", "tolong kirim ulang", "darurat apa ini"])
def test_please_is_no_distress(text: str) -> None:
    assert isinstance(understand(text, [task("114")]), Question)


def test_a_stand_down_is_confirmed_with_its_code_or_without() -> None:
    sent = task("114", 1, is_open=False)
    stand_down = replace(task("114", 2, is_open=False), kind=OrderKind.STAND_DOWN)
    for text in ("OK", "ok #114"):
        assert understand(text, [sent, stand_down]) == Report(stand_down, UnitStatus.ACKNOWLEDGED)
    assert understand("1", [sent, stand_down]) == Question(NOTHING_OPEN)


def test_explains_the_form_with_the_senders_own_code() -> None:
    meant = understand("di mana alamatnya?", [task("114")])
    assert isinstance(meant, Question)
    assert "1 #114" in meant.text
