"""Words without their vowels, as thumbs in a hurry type them: `kjng`, `nenk`, `kringt dngin`.

Only what nobody could pronounce is taken for such a word; it stands for a known word with the same consonants in the same
order, of which what was typed has left out letters only.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

# Shorter ones have too many readings, or are names of offices: `kk`, `ppa`, `smk`.
MIN_CHARS: Final = 4
_VOWELS: Final = re.compile(r"[aeiou]+")
_CONSONANT: Final = "[b-df-hj-np-tv-z]"
# Sounds that Indonesian writes with two letters, or begins a syllable with.
_SOUNDS: Final = "ngg|ngk|ng|ny|sy|kh|str|[bcdfgkpst][rl]|sw|kw"
_ONE_SOUND: Final = re.compile(_SOUNDS)
_BEGINS: Final = re.compile(rf"(?!{_SOUNDS}){_CONSONANT}{{2}}")
_ENDS: Final = re.compile(rf"{_CONSONANT}(?<!n){_CONSONANT}$|n[b-df-fh-jk-np-tv-z]$")
_PILED: Final = re.compile(rf"{_CONSONANT}{{3}}")
# Three in a row are spoken where the first hums or hisses (`ntr`, `mpr`, `str`), not else (`bkr`).
_STOPPED: Final = re.compile(rf"[bcdfghjkpqtvz]{_CONSONANT}{{2}}")

Shortened = Mapping[str, tuple[str, ...]]


def by_consonants(known: Iterable[str]) -> Shortened:
    """Known words by their consonants, in the order given: what `full_word` looks in."""
    found: dict[str, list[str]] = {}
    for word in known:
        if word.isalpha() and len(word) > MIN_CHARS:
            found.setdefault(_VOWELS.sub("", word), []).append(word)
    return {key: tuple(dict.fromkeys(words)) for key, words in found.items()}


def full_word(typed: str, shortened: Shortened) -> str | None:
    """The known word that a shortened one stands for; None where it can be spoken as it is, or stands for nothing known."""
    if len(typed) < MIN_CHARS or not typed.isalpha() or not _unspeakable(typed):
        return None
    for word in shortened.get(_VOWELS.sub("", typed), ()):
        if _left_out(typed, word):
            return word
    return None


def _unspeakable(word: str) -> bool:
    plain = _ONE_SOUND.sub("x", word)
    return bool(_BEGINS.match(word) or _ENDS.search(word) or _PILED.search(plain) or _STOPPED.search(word))


def _left_out(typed: str, word: str) -> bool:
    """Whether the word becomes what was typed by leaving out letters."""
    letters = iter(word)
    return typed[0] == word[0] and all(letter in letters for letter in typed)
