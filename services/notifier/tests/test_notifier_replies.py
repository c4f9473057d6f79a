from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_notifier.core.gsm7 import SMS_SEPTETS, encode
from siaga_notifier.core.model import OrderKind, Task, UnitStatus
from siaga_notifier.core.replies import (
    NOTHING_OPEN,
    Courtesy,
    OwnWord,
    Question,
    Report,
    own_words,
    understand,
)
from siaga_notifier.core.reply_grammar import Reply, parse
from siaga_notifier.core.reply_words import WORDS


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
        ("ok siap", UnitStatus.ACKNOWLEDGED, None),
        ("siap 114", UnitStatus.ACKNOWLEDGED, "114"),
        ("114 siap", UnitStatus.ACKNOWLEDGED, "114"),
        ("86 ndan", UnitStatus.ACKNOWLEDGED, None),
        ("\U0001f44d\U0001f3fd", UnitStatus.ACKNOWLEDGED, None),
        ("siap, terima kasih pak", UnitStatus.ACKNOWLEDGED, None),
        ("siap segera meluncur", UnitStatus.ACKNOWLEDGED, None),
        ("1 meluncur", UnitStatus.EN_ROUTE, None),
        ("1jln", UnitStatus.EN_ROUTE, None),
        ("otw pak #114", UnitStatus.EN_ROUTE, "114"),
        ("otw no 114", UnitStatus.EN_ROUTE, "114"),
        ("Siap, meluncur!", UnitStatus.EN_ROUTE, None),
        ("menuju lokasi", UnitStatus.EN_ROUTE, None),
        ("on the way 114", UnitStatus.EN_ROUTE, "114"),
        ("#114 1", UnitStatus.EN_ROUTE, "114"),
        ("\uff11 \uff03114", UnitStatus.EN_ROUTE, "114"),
        ("sudah tiba", UnitStatus.ON_SCENE, None),
        ("izin lapor ndan, unit sudah tiba di TKP tugas 114", UnitStatus.ON_SCENE, "114"),
        ("di lokasi", UnitStatus.ON_SCENE, None),
        ("On scene", UnitStatus.ON_SCENE, None),
        ("#114TIBA", UnitStatus.ON_SCENE, "114"),
        ("3sls", UnitStatus.CLEAR, None),
        ("tugas selesai #114", UnitStatus.CLEAR, "114"),
        ("done", UnitStatus.CLEAR, None),
        ("tdk bisa", UnitStatus.DECLINED, None),
        ("tidak sanggup pak", UnitStatus.DECLINED, None),
        ("can't", UnitStatus.DECLINED, None),
        ("NO", UnitStatus.DECLINED, None),
        # A slip of the thumb.
        ("siaaap", UnitStatus.ACKNOWLEDGED, None),
        ("sipa 114", UnitStatus.ACKNOWLEDGED, "114"),
        ("meluncr", UnitStatus.EN_ROUTE, None),
        ("slesai", UnitStatus.CLEAR, None),
        ("arived", UnitStatus.ON_SCENE, None),
        ("maydey kami terjebak", UnitStatus.MAYDAY, None),
        ("mayday 114", UnitStatus.MAYDAY, "114"),
        ("mayday 3 orang terjebak", UnitStatus.MAYDAY, None),
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
        "1 #1234567",
        "#",
        "gagal",
        "batal",
        "ya",
        "114",
        # "No" is a refusal or "number".
        "no 114",
        "belum tiba",
        "tidak selesai",
        "siap tidak bisa",
        "1 tiba",
        "3 siap",
        "unit 2 tiba",
        "siap 2 unit meluncur",
        "selesai di lokasi, menuju RS",
        "tiba, korban 2 luka",
        # Real words that are a letter away from ours.
        "siapa",
        "sampah",
        "tiga",
        "tindak",
        "padam",
        "susah tiba",
    ],
)
def test_not_sure(text: str) -> None:
    assert parse(text) is None


VICTIMS = """
korban luka meninggal anak orang terjebak berdarah pingsan tewas bayi lansia patah sesak tenggelam tertimpa terbakar
hilang hamil sadar selamat perempuan suami jatuh tertabrak
"""
AROUND = [
    *sorted(set(WORDS) - {"MAYDAY", "SOS"}),
    "di",
    "lokasi",
    "sudah",
    "belum",
    "pak",
    "#114",
    "114",
    "2",
    "tugas",
    "no",
]


@given(
    victim=st.sampled_from(VICTIMS.split()),
    before=st.lists(st.sampled_from(AROUND), max_size=4),
    after=st.lists(st.sampled_from(AROUND), max_size=4),
)
def test_words_about_a_victim_are_never_a_status(victim: str, before: list[str], after: list[str]) -> None:
    text = " ".join((*before, victim, *after))
    assert parse(text) is None
    assert isinstance(understand(text, [task("114")]), Question)


@given(
    word=st.sampled_from(sorted(set(WORDS) - {"NO"})),
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
        assert isinstance(meant, Report)
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


def test_a_stand_down_is_confirmed_in_its_own_words() -> None:
    stand_down = replace(task("114", 2, is_open=False), kind=OrderKind.STAND_DOWN)
    for text in ("batal", "siap, kembali siaga"):
        assert understand(text, [task("114", 1, is_open=False), stand_down]) == Report(
            stand_down, UnitStatus.ACKNOWLEDGED
        )
        assert isinstance(understand(text, [task("115", 1), stand_down]), Question)


def test_thanks_are_answered_only_where_a_task_waits() -> None:
    assert understand("Terima kasih pak", [task("114", is_open=False)]) == Courtesy()
    assert isinstance(understand("Terima kasih pak", [task("114")]), Question)


def test_a_code_alone_is_asked_about_by_that_code() -> None:
    meant = understand("115", [task("115", 1), task("114", 2)])
    assert isinstance(meant, Question)
    assert "1 #115" in meant.text


def test_a_number_that_is_an_open_task_is_no_word() -> None:
    assert parse("86") == Reply(UnitStatus.ACKNOWLEDGED, None)
    assert parse("86", ["86"]) is None
    assert parse("siap 86", ["86"]) == Reply(UnitStatus.ACKNOWLEDGED, "86")


OWN = own_words(
    [
        ("sedang istirahat", OwnWord(UnitStatus.OFF_DUTY, "istirahat")),
        ("siaga", OwnWord(UnitStatus.AVAILABLE)),
        ("isi_air", OwnWord(UnitStatus.DELAYED, "isi_air")),
    ]
)


def test_a_centres_own_words() -> None:
    one = task("114")
    assert understand("Sedang istirahat", [], OWN) == Report(None, UnitStatus.OFF_DUTY, "istirahat")
    assert understand("isi air #114", [one], OWN) == Report(one, UnitStatus.DELAYED, "isi_air")
    assert understand("terhambat macet", [one], OWN) == Report(one, UnitStatus.DELAYED)
    assert understand("siaga", [], OWN) == Report(None, UnitStatus.AVAILABLE)
    assert isinstance(understand("istirahat dulu", [one], OWN), Question)


def test_a_crew_on_a_task_is_not_set_free_by_a_word_that_may_mean_that_it_read() -> None:
    for text in ("siaga", "sedang istirahat"):
        assert isinstance(understand(text, [task("114")], OWN), Question)


def test_which_of_two_tasks_is_late() -> None:
    meant = understand("macet", [task("114", 1), task("115", 2)])
    assert isinstance(meant, Question)
    assert "MACET #115" in meant.text
