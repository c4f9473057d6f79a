"""A YAML file read with its line numbers, so that every complaint can point at its place."""

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_TAG: Final = "tag:yaml.org,2002:"
_KINDS: Final = {"str": "a text", "int": "a number", "float": "a number", "bool": "a yes/no", "null": "empty"}
_BOOLEANS: Final = {"true": True, "false": False}


class TenantError(Exception):
    """What is wrong with tenant data: every problem found, one a line, `file:line: path: what; remedy`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(slots=True)
class Problems:
    """Collects all that is wrong, so that one run tells everything."""

    found: list[str] = field(default_factory=list)

    def add(self, file: Path, line: int, path: str, what: str) -> None:
        where = f"{file}:{line}: "
        self.found.append(f"{where}{path}: {what}" if path else f"{where}{what}")


@dataclass(frozen=True, slots=True)
class Value:
    """One place in a file. Reads that fail complain and give a stand-in: nothing made of it leaves the loader."""

    file: Path
    # Where people look: the line of the key, or of the list entry.
    line: int
    path: str
    node: Node
    problems: Problems

    def wrong(self, what: str) -> None:
        """Complain about this place."""
        self.problems.add(self.file, self.line, self.path, what)

    def text(self, pattern: str = ".+", wanted: str = "a text in quotes") -> str:
        """A non-empty text that matches the pattern whole; `wanted` tells people what that is."""
        if self._tag() != "str":
            self.wrong(f"is {self._kind()}, must be {wanted}; put it in quotes")
            return ""
        text = str(self.node.value)
        if not re.fullmatch(pattern, text, re.DOTALL):
            self.wrong(f"{text!r} is not {wanted}")
        return text

    def choice(self, allowed: Iterable[str]) -> str:
        """One word of a closed list."""
        words = tuple(allowed)
        text = self.text()
        if text and text not in words:
            self.wrong(f"{text!r} is not known; {suggest(text, words)}")
        return text

    def number(self, minimum: float, maximum: float) -> float:
        """A number between the two, both included."""
        wanted = f"a number from {minimum:g} to {maximum:g}"
        if self._tag() not in {"int", "float"}:
            self.wrong(f"is {self._kind()}, must be {wanted}")
            return float(minimum)
        try:
            number = float(str(self.node.value).replace("_", ""))
        except ValueError:  # .nan, 0x1f and other spellings nobody needs here
            number = math.nan
        if not minimum <= number <= maximum:
            self.wrong(f"{self.node.value} is not {wanted}")
            return float(minimum)
        return number

    def integer(self, minimum: int, maximum: int) -> int:
        """A whole number between the two, both included."""
        number = self.number(minimum, maximum)
        if not number.is_integer():
            self.wrong(f"{self.node.value} is not a whole number")
        return int(number)

    def flag(self) -> bool:
        if self._tag() != "bool":
            self.wrong(f"is {self._kind()}, must be true or false")
            return False
        return _BOOLEANS[str(self.node.value).lower()]

    def items(self) -> tuple["Value", ...]:
        """The entries of a list."""
        if not isinstance(self.node, SequenceNode):
            self.wrong(f"is {self._kind()}, must be a list; begin each entry with '- '")
            return ()
        return tuple(
            Value(self.file, _line(node), f"{self.path}[{index}]", node, self.problems)
            for index, node in enumerate(self.node.value)
        )

    def entries(self) -> dict[str, "Value"]:
        """The entries of a mapping, keys as written; a key that stands twice is complained about."""
        if not isinstance(self.node, MappingNode):
            self.wrong(f"is {self._kind()}, must be a mapping; write 'key: value' lines")
            return {}
        found: dict[str, Value] = {}
        for key, node in self.node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else "?"
            path = self._path_of(name)
            if name in found:
                self.problems.add(self.file, _line(key), path, "stands twice; remove one of them")
            found[name] = Value(self.file, _line(key), path, node, self.problems)
        return found

    def child(self, key: str) -> "Value":
        """The place of a key that was read before, to complain there; this place when there is no such key."""
        for name, node in self.node.value if isinstance(self.node, MappingNode) else ():
            if name.value == key:
                return Value(self.file, _line(name), self._path_of(key), node, self.problems)
        return self

    def table(self, required: Sequence[str], optional: Sequence[str] = ()) -> "Table":
        """A mapping with exactly these keys."""
        known = (*required, *optional)
        found = self.entries()
        for name, value in found.items():
            if name not in known:
                value.wrong(f"unknown key; {suggest(name, known)}")
        if isinstance(self.node, MappingNode):
            for name in required:
                if name not in found:
                    self.wrong(f"has no {name!r}; add '{name}: …'")
        return Table(found)

    def raw(self) -> Any:
        """The plain value, for data that another part checks."""
        if isinstance(self.node, MappingNode):
            return {name: value.raw() for name, value in self.entries().items()}
        if isinstance(self.node, SequenceNode):
            return [value.raw() for value in self.items()]
        match self._tag():
            case "int" | "float":
                number = self.number(-math.inf, math.inf)
                return int(number) if self._tag() == "int" else number
            case "bool":
                return self.flag()
            case "null":
                return None
            case _:
                return str(self.node.value)

    def _path_of(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _tag(self) -> str:
        return str(self.node.tag).removeprefix(_TAG)

    def _kind(self) -> str:
        if isinstance(self.node, MappingNode):
            return "a mapping"
        if isinstance(self.node, SequenceNode):
            return "a list"
        return _KINDS.get(self._tag(), f"a {self._tag()}")


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping whose keys are checked. What is absent reads as its stand-in: a needed key was complained about."""

    values: Mapping[str, Value]

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str, pattern: str = ".+", wanted: str = "a text in quotes") -> str:
        return self.values[key].text(pattern, wanted) if key in self.values else ""

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        return self.values[key].choice(allowed) if key in self.values else ""

    def choices(self, key: str, allowed: Iterable[str]) -> tuple[str, ...]:
        """A list of different words of a closed list."""
        found: list[str] = []
        for item in self.items(key):
            word = item.choice(allowed)
            if word in found:
                item.wrong(f"{word!r} stands twice; remove one of them")
            found.append(word)
        return tuple(found)

    def number(self, key: str, minimum: float, maximum: float) -> float:
        return self.values[key].number(minimum, maximum) if key in self.values else minimum

    def integer(self, key: str, minimum: int, maximum: int, *, absent: int = 0) -> int:
        return self.values[key].integer(minimum, maximum) if key in self.values else absent

    def flag(self, key: str, *, absent: bool = False) -> bool:
        return self.values[key].flag() if key in self.values else absent

    def items(self, key: str) -> tuple[Value, ...]:
        return self.values[key].items() if key in self.values else ()

    def table(self, key: str, required: Sequence[str], optional: Sequence[str] = ()) -> "Table":
        return self.values[key].table(required, optional) if key in self.values else Table({})


def read_document(file: Path, problems: Problems, instead: str | None = None) -> Value:
    """The root of a YAML file, or of the text that is to stand there `instead`.

    One that cannot be read gets one complaint, and reads as an empty mapping in silence.
    """
    nothing = Value(file, 1, "", MappingNode(f"{_TAG}map", []), Problems())
    try:
        root = YAML(typ="safe", pure=True).compose(file.read_text("utf-8") if instead is None else instead)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add(file, mark.line + 1 if mark else 1, "", f"is no YAML: {error.problem or error.context}")
        return nothing
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        problems.add(file, 1, "", f"cannot be read: {_reason(error)}; every tenant needs this file, as UTF-8 YAML")
        return nothing
    if root is None:
        problems.add(file, 1, "", "is empty; see the same file of another tenant for what belongs there")
        return nothing
    return Value(file, _line(root), "", root, problems)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _reason(error: Exception) -> str:
    return error.strerror or "no such file" if isinstance(error, OSError) else " ".join(str(error).split())


def suggest(word: str, known: Sequence[str]) -> str:
    """The remedy for a word that is not known: the nearest that is, else all of them."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"use one of: {', '.join(known)}"
