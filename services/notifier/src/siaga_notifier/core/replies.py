"""What a crew's SMS means: `1 #114` and its many spellings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from siaga_notifier.core.gsm7 import SMS_SEPTETS, cut, transliterate
from siaga_notifier.core.model import OrderKind, Task, UnitStatus

WORDS: Final = {
    "1": UnitStatus.EN_ROUTE,
    "2": UnitStatus.ON_SCENE,
    "3": UnitStatus.CLEAR,
    "0": UnitStatus.DECLINED,
    "OK": UnitStatus.ACKNOWLEDGED,
    "OKE": UnitStatus.ACKNOWLEDGED,
    "SIAP": UnitStatus.ACKNOWLEDGED,
    "TERIMA": UnitStatus.ACKNOWLEDGED,
    "MELUNCUR": UnitStatus.EN_ROUTE,
    "JALAN": UnitStatus.EN_ROUTE,
    "OTW": UnitStatus.EN_ROUTE,
    "TIBA": UnitStatus.ON_SCENE,
    "SAMPAI": UnitStatus.ON_SCENE,
    "SELESAI": UnitStatus.CLEAR,
    "TOLAK": UnitStatus.DECLINED,
    "TIDAK": UnitStatus.DECLINED,
    "NO": UnitStatus.DECLINED,
    "MAYDAY": UnitStatus.MAYDAY,
    "TOLONG": UnitStatus.MAYDAY,
    "DARURAT": UnitStatus.MAYDAY,
}
# Means nothing else in any sentence; "tolong" alone is a cry for help, with more words it is only "please".
DISTRESS: Final = "MAYDAY"
# What people add out of politeness; anything else may change the meaning ("1 korban" is a victim, not a departure).
COURTESIES: Final = frozenset({"PAK", "BU", "MIN", "BANG", "NDAN", "KOMANDAN", "TERIMAKASIH", "MAKASIH", "YA"})
_TOKEN: Final = re.compile(r"#\s*\d{1,6}\b|[^\W_]+|#")
_CODE: Final = re.compile(r"#\s*(\d{1,6})|(\d{1,6})")

ASK_FORM: Final = (
    "Maaf, balasan tidak dimengerti. Balas: 1 meluncur, 2 tiba, 3 selesai, 0 tolak, lalu kode tugas. Contoh: 1 #{code}"
)
ASK_WHICH: Final = "Tugas yang mana? Sertakan kodenya, misalnya: {digit} #{code}. Tugas terbuka: {codes}"
NO_SUCH: Final = "Tidak ada tugas #{code} untuk nomor ini. Periksa kodenya lalu balas lagi."
NOTHING_OPEN: Final = "Tidak ada tugas terbuka untuk nomor ini. Terima kasih."
_DIGITS: Final = {status: word for word, status in reversed(WORDS.items())}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer understood; `code` None = the sender's only open task."""

    status: UnitStatus
    code: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """The crew says this of that task; None = of none, which only a crew in distress may."""

    task: Task | None
    status: UnitStatus


@dataclass(frozen=True, slots=True)
class Question:
    """Ask back, politely."""

    text: str


def parse(text: str) -> Reply | None:
    """The answer in an SMS; None when it is not sure what it says. Case, spaces, stops and courtesies do not matter."""
    tokens = [token for token in _TOKEN.findall(text.upper()) if token not in COURTESIES]
    if len(tokens) > 1 and len(set(tokens)) == 1 and WORDS.get(tokens[0]) is UnitStatus.MAYDAY:
        tokens = tokens[:1]
    if len(tokens) == 1:
        # `OK114`, but not `1114`: there it is not clear where the answer ends.
        joined = re.fullmatch(r"([A-Z]+)(\d{1,6})", tokens[0])
        tokens = list(joined.groups()) if joined else tokens
    match tokens:
        case [word] if word in WORDS:
            return Reply(WORDS[word], None)
        case [word, code] if word in WORDS and (found := _code(code)):
            return Reply(WORDS[word], found)
        case [code, word] if word in WORDS and code.startswith("#") and (found := _code(code)):
            return Reply(WORDS[word], found)
        case _ if DISTRESS in tokens:
            return Reply(UnitStatus.MAYDAY, None)
        case _:
            return None


def _code(token: str) -> str | None:
    match = _CODE.fullmatch(token)
    return (match[1] or match[2]) if match else None


def understand(text: str, tasks: Sequence[Task]) -> Report | Question:
    """What an SMS of a known crew means, given the tasks its number has had of late."""
    reply = parse(text)
    latest = sorted(tasks, key=lambda task: task.taken_at_ms, reverse=True)
    open_tasks = [task for task in latest if task.open]
    if reply is not None and reply.status is UnitStatus.MAYDAY:
        # Nobody in distress is asked back.
        return Report(_task_in_distress(reply.code, latest, open_tasks), reply.status)
    if reply is None:
        return _ask(ASK_FORM.format(code=open_tasks[0].task_code if open_tasks else "114"))
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
        return _ask(ASK_WHICH.format(digit=_DIGITS[reply.status], code=codes[0], codes=listed))
    return Report(open_tasks[0], reply.status)


def _task_in_distress(code: str | None, latest: Sequence[Task], open_tasks: Sequence[Task]) -> Task | None:
    named = next((task for task in latest if code is not None and _same_code(task.task_code, code)), None)
    return named or next(iter(open_tasks), None)


def _same_code(one: str, other: str) -> bool:
    return one == other or (one.lstrip("0") or "0") == (other.lstrip("0") or "0")


def _ask(text: str) -> Question:
    return Question(cut(transliterate(text), SMS_SEPTETS))
