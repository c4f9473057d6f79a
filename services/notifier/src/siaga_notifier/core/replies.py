"""What a crew's SMS means, given the tasks that its phone has had."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from siaga_notifier.core.gsm7 import SMS_SEPTETS, cut, transliterate
from siaga_notifier.core.model import OrderKind, Task, UnitStatus
from siaga_notifier.core.reply_grammar import Reply, only_code, parse, words_of
from siaga_notifier.core.reply_words import DIGITS, FURTHER, STOOD_DOWN

ASK_FORM: Final = (
    "Maaf, balasan tidak dimengerti. Balas: 1 meluncur, 2 tiba, 3 selesai, 0 tolak, lalu kode tugas. Contoh: 1 #{code}"
)
ASK_WHICH: Final = "Tugas yang mana? Sertakan kodenya, misalnya: {digit} #{code}. Tugas terbuka: {codes}"
NO_SUCH: Final = "Tidak ada tugas #{code} untuk nomor ini. Periksa kodenya lalu balas lagi."
NOTHING_OPEN: Final = "Tidak ada tugas terbuka untuk nomor ini. Terima kasih."
# What a question has the crew type for a status.
_ASKED: Final = {status: digit for digit, status in DIGITS.items()} | {UnitStatus.ACKNOWLEDGED: "OK"}
# Said of a unit, not of a task: while one is open, "siaga" may mean "we have read it", and must not set the crew free.
_FREE: Final = frozenset({UnitStatus.AVAILABLE, UnitStatus.AVAILABLE_MOBILE, UnitStatus.OFF_DUTY})


@dataclass(frozen=True, slots=True)
class Report:
    """The crew says this of that task; None = of none: a crew in distress, or one that says how it is itself."""

    task: Task | None
    status: UnitStatus
    # The centre's own code, where the crew used its own word.
    own_code: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Ask back, politely."""

    text: str


@dataclass(frozen=True, slots=True)
class Courtesy:
    """Thanks, with nothing open: nothing to do, and nothing to answer."""


@dataclass(frozen=True, slots=True)
class OwnWord:
    """What a centre calls a status; `own_code` empty = it is one of ours."""

    status: UnitStatus
    own_code: str = ""


# By the words in capitals, as `words_of` makes them.
OwnWords = Mapping[tuple[str, ...], OwnWord]


def own_words(labels: Iterable[tuple[str, OwnWord]]) -> OwnWords:
    """What else the crews of a centre may say: the usual phrases, and the labels and codes of its statuses."""
    usual = {words: OwnWord(status) for words, status in FURTHER.items()}
    return usual | {words_of(label.replace("_", " ")): word for label, word in labels if words_of(label)}


USUAL_WORDS: Final = own_words(())


def understand(text: str, tasks: Sequence[Task], own: OwnWords | None = None) -> Report | Question | Courtesy:
    """What an SMS of a known crew means, given the tasks its number has had of late and what its centre calls statuses."""
    latest = _latest(tasks)
    open_tasks = _open(latest)
    reply = parse(text, [task.task_code for task in open_tasks])
    if reply is not None:
        return answer(reply, tasks)
    tokens = words_of(text)
    code = only_code(tokens)
    words = tuple(token for token in tokens if code is None or not token.startswith("#"))
    own_word = (USUAL_WORDS if own is None else own).get(words)
    if own_word is not None and not (open_tasks and own_word.status in _FREE):
        return _said_by_label(own_word, Reply(own_word.status, code), tasks, " ".join(words))
    if not open_tasks and not words and text.strip():
        return Courtesy()
    if not open_tasks and latest and latest[0].kind is OrderKind.STAND_DOWN and words and STOOD_DOWN.issuperset(words):
        return Report(latest[0], UnitStatus.ACKNOWLEDGED)
    named = [
        task.task_code for task in open_tasks if any(_same_code(task.task_code, word.lstrip("# ")) for word in tokens)
    ]
    example = next(iter(named), open_tasks[0].task_code if open_tasks else "114")
    return _ask(ASK_FORM.format(code=example))


def _said_by_label(word: OwnWord, reply: Reply, tasks: Sequence[Task], said: str) -> Report | Question:
    if reply.code is None and not any(task.open for task in tasks):
        return Report(None, word.status, word.own_code)
    meant = answer(reply, tasks, said)
    return replace(meant, own_code=word.own_code) if isinstance(meant, Report) else meant


def answer(reply: Reply, tasks: Sequence[Task], said: str = "") -> Report | Question:
    """Which task an answer is about; `said` is how a question has the crew say it again."""
    latest = _latest(tasks)
    open_tasks = _open(latest)
    if reply.status is UnitStatus.MAYDAY:
        # Nobody in distress is asked back.
        return Report(_task_in_distress(reply.code, latest, open_tasks), reply.status)
    if reply.code is not None:
        # A closed task still answers to its code: the same word may come twice.
        named = next((task for task in latest if _same_code(task.task_code, reply.code)), None)
        return Report(named, reply.status) if named else _ask(NO_SUCH.format(code=reply.code))
    # Two orders of one task (a dispatch and its update) are one task to the crew.
    codes = list(dict.fromkeys(task.task_code for task in open_tasks))
    if not codes:
        stood_down = latest[0] if latest and latest[0].kind is OrderKind.STAND_DOWN else None
        if stood_down is not None and reply.status is UnitStatus.ACKNOWLEDGED:
            return Report(stood_down, reply.status)
        return Question(NOTHING_OPEN)
    if len(codes) > 1:
        listed = " ".join(f"#{code}" for code in codes)
        return _ask(ASK_WHICH.format(digit=said or _ASKED.get(reply.status, "1"), code=codes[0], codes=listed))
    return Report(open_tasks[0], reply.status)


def _latest(tasks: Sequence[Task]) -> list[Task]:
    return sorted(tasks, key=lambda task: task.taken_at_ms, reverse=True)


def _open(latest: Sequence[Task]) -> list[Task]:
    """The tasks that a word without a code may be about: where there is no real one, the latest trial."""
    found = [task for task in latest if task.open]
    return [task for task in found if task.kind is not OrderKind.TRIAL] or found[:1]


def _task_in_distress(code: str | None, latest: Sequence[Task], open_tasks: Sequence[Task]) -> Task | None:
    named = next((task for task in latest if code is not None and _same_code(task.task_code, code)), None)
    found = named or next(iter(open_tasks), None)
    # Distress in answer to a trial is distress all the same, and of no task.
    return None if found is not None and found.kind is OrderKind.TRIAL else found


def _same_code(one: str, other: str) -> bool:
    return one == other or (one.lstrip("0") or "0") == (other.lstrip("0") or "0")


def _ask(text: str) -> Question:
    return Question(cut(transliterate(text), SMS_SEPTETS))
