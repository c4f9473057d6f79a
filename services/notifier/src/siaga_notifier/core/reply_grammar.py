"""Reading a crew's SMS: `1 #114` and its many spellings."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from siaga_notifier.core.model import UnitStatus
from siaga_notifier.core.reply_words import (
    COURTEOUS,
    COURTESIES,
    CREW,
    DIGITS,
    DISTRESS,
    FILLERS,
    GOING,
    LONGEST_PHRASE,
    PHRASES,
    PLACES,
    UNDERSTOOD_BY_RADIO,
    WORDS,
    corrected,
)

_TOKEN: Final = re.compile(r"#\s*\d{1,6}(?!\d)|\d+|[^\W\d_]+|#")
_CODE: Final = re.compile(r"#\s*(\d{1,6})|(\d{1,6})")
_COURTEOUS: Final = re.compile(r"\b(?:" + "|".join(COURTEOUS) + r")\b")
# A thumb up is how half the country says that it has read.
_THUMB: Final = "\U0001f44d"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer understood; `code` None = the sender's only open task."""

    status: UnitStatus
    code: str | None


def words_of(text: str) -> tuple[str, ...]:
    """A text's words, in capitals; numbers and codes are words of their own, courtesies are none."""
    plain = unicodedata.normalize("NFKC", text.replace(_THUMB, " OK ")).upper()
    return tuple(token for token in _TOKEN.findall(_COURTEOUS.sub(" ", plain)) if token not in COURTESIES)


def parse(text: str, open_codes: Collection[str] = ()) -> Reply | None:
    """The answer in an SMS; None when it is not sure what it says. Case, spaces, stops and courtesies do not matter.

    `open_codes` are the sender's: a number among them is a task, not a word.
    """
    tokens = words_of(text)
    if any(token == DISTRESS or corrected(token) == DISTRESS for token in tokens):
        # "Mayday 114" names the task; in a longer cry a number counts something.
        bare = _code(tokens[1]) if len(tokens) == 2 else None
        return Reply(UnitStatus.MAYDAY, only_code(tokens) or bare)
    if len(tokens) > 1 and len(set(tokens)) == 1 and WORDS.get(tokens[0]) is UnitStatus.MAYDAY:
        tokens = tokens[:1]
    if UNDERSTOOD_BY_RADIO not in open_codes and tokens[:1] == (UNDERSTOOD_BY_RADIO,):
        tokens = ("OK", *tokens[1:])
    return _read(tokens)


def _read(tokens: Sequence[str]) -> Reply | None:
    numbers = [token for token in tokens if not token.isalpha()]
    spoken = [token for token in tokens if token.isalpha()]
    if "#" in numbers or len(numbers) > 2:
        return None
    said = None
    # A digit that stands before all else is the answer itself; any other number is the task's.
    if tokens and tokens[0] in DIGITS and (len(numbers) == 2 or (len(numbers) == 1 and _agrees(tokens[0], spoken))):
        said = DIGITS[tokens[0]]
        numbers = numbers[1:]
    elif len(numbers) == 2 and numbers[1] in DIGITS and numbers[0].startswith("#"):
        said = DIGITS[numbers[1]]
        numbers = numbers[:1]
    if len(numbers) > 1 or _names_a_crew(tokens):
        return None
    code = _code(numbers[0]) if numbers else None
    if numbers and (code is None or not _is_code(numbers[0], tokens, said)):
        return None
    if spoken:
        status = _status(_without_number_sign(tokens))
        said = status if status is not None and said in (None, status) else None
    return Reply(said, code) if said is not None else None


def _is_code(number: str, tokens: Sequence[str], said: UnitStatus | None) -> bool:
    """Whether a number is the task's: in the middle of words it counts something, and "3 siap" may be an answer of two."""
    if number.startswith("#") or said is not None:
        return True
    return tokens[-1] == number or (tokens[0] == number and number not in DIGITS)


def _agrees(digit: str, spoken: Sequence[str]) -> bool:
    return not spoken or _status(spoken) is DIGITS[digit]


def _names_a_crew(tokens: Sequence[str]) -> bool:
    return any(word in CREW and not after.isalpha() for word, after in pairwise(tokens))


def _without_number_sign(tokens: Sequence[str]) -> list[str]:
    """The words; "no" before a code is "number", where another word says the status. Alone it may be either: None of both."""
    found = []
    for at, word in enumerate(tokens):
        before_number = at + 1 < len(tokens) and not tokens[at + 1].isalpha()
        if word.isalpha():
            found.append("NOMOR" if word == "NO" and before_number else word)
    return found


def _status(spoken: Sequence[str]) -> UnitStatus | None:
    """What the words say together, if each of them is known."""
    words = [corrected(word) for word in spoken]
    said: set[UnitStatus] = set()
    somewhere = False
    at = 0
    while at < len(words):
        length, status = _phrase(words[at:])
        word = words[at]
        if status is not None:
            said.add(status)
        elif word in PLACES:
            somewhere = True
        elif word is None or (word not in FILLERS and word not in CREW):
            return None
        at += length
    if len(said) > 1:
        # "Siap, meluncur" says both, and the second more.
        said -= {UnitStatus.ACKNOWLEDGED}
        if said & {UnitStatus.DECLINED, UnitStatus.MAYDAY}:
            return None
    if len(said) != 1 or (UnitStatus.MAYDAY in said and len(words) > 1):
        return None
    (only,) = said
    return None if somewhere and only not in GOING else only


def _phrase(words: Sequence[str | None]) -> tuple[int, UnitStatus | None]:
    for length in range(min(LONGEST_PHRASE, len(words)), 0, -1):
        status = PHRASES.get(tuple(word or "" for word in words[:length]))
        if status is not None:
            return length, status
    return 1, None


def only_code(tokens: Sequence[str]) -> str | None:
    """The task that the words name by `#`, if they name one."""
    codes = [word for word in tokens if word.startswith("#") and len(word) > 1]
    return _code(codes[0]) if len(codes) == 1 else None


def _code(token: str) -> str | None:
    match = _CODE.fullmatch(token)
    return (match[1] or match[2]) if match else None
