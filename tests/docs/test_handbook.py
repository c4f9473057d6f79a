"""The handbook against the code: links, settings, commands, metrics and the requests that readers will copy."""

import ast
import asyncio
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import typer.main
from pydantic import BaseModel
from siaga_cli.main import build
from siaga_intake.adapters import bodies, http, spool
from siaga_intake.adapters.finder.memory import MemoryFinder
from siaga_intake.adapters.following import Following
from siaga_intake.adapters.sources import AccessSettings, centre
from siaga_intake.core import doors, rules
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door
from siaga_intake.core.events import Accepted, CallEvent, Refusal
from siaga_kit import names
from siaga_kit.settings import Settings
from siaga_tenants import load_tenants

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"\bSIAGA_[A-Z0-9_]*[A-Z0-9]\b")
# Variables of a switch's channels, which are no settings of ours: documented with the front door.
OF_SWITCHES = {"SIAGA_IVR", "SIAGA_QUEUE", "SIAGA_PAI", "SIAGA_TEST", "SIAGA_ADVICE"}
# Keeps faust's own settings apart; nobody is meant to set any.
FAUST_PREFIX = "SIAGA_LEDGER_FAUST"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def anchors(text: str) -> set[str]:
    """Headings as GitHub makes anchors of them."""
    return {re.sub(r"[^\w\- ]", "", found.lower()).strip().replace(" ", "-") for found in HEADING.findall(text)}


def relative_links(file: Path) -> Iterator[tuple[str, str, str]]:
    """(text, path, anchor) of each link that does not leave the repository."""
    for text, target in LINK.findall(FENCED.sub("", file.read_text("utf-8"))):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield text, path, anchor


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(file: Path) -> None:
    broken = []
    for _, path, anchor in relative_links(file):
        target = (file.parent / path).resolve() if path else file
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(f"{path}#{anchor}")
    assert broken == []


def defined(file: Path) -> set[str]:
    """Functions, classes, methods and constants of a module, as `name` and `Class.name`."""
    found: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        match node:
            case ast.ClassDef(name=name, body=body):
                methods = {each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
                found |= {name, *(f"{name}.{method}" for method in methods)}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return found


def test_the_map_names_functions_where_they_are() -> None:
    file = DOCS / "map.md"
    named = [
        (text.strip("`"), (DOCS / path).resolve())
        for text, path, _ in relative_links(file)
        if text.startswith("`") and path.endswith(".py")
    ]
    assert len(named) > 20
    assert [(name, path.name) for name, path in named if name not in defined(path)] == []


def test_the_map_stays_short() -> None:
    assert len(page("map.md").splitlines()) <= 120


def variables(model: type[BaseModel], prefix: str = "SIAGA_") -> Iterator[str]:
    """The environment variables that a settings model reads."""
    for name, info in model.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from variables(inner, f"{prefix}{name.upper()}__")
        else:
            yield prefix + name.upper()


def sources() -> list[Path]:
    """All code that may read a setting."""
    packages = [*ROOT.glob("libs/*/src"), *ROOT.glob("services/*/src")]
    return [ROOT / "siaga", ROOT / "conftest.py", *(file for package in packages for file in package.rglob("*.py"))]


def settings_in_code() -> set[str]:
    written = {name for file in sources() for name in SETTING.findall(file.read_text("utf-8"))}
    return {*variables(Settings), *variables(AccessSettings), *written} - OF_SWITCHES - {FAUST_PREFIX}


def test_every_setting_is_in_the_handbook_and_in_the_code() -> None:
    assert set(SETTING.findall(page("operate.md"))) == settings_in_code()


@pytest.mark.parametrize("name", ["map.md", "front-door.md", "grpc.md", "tenants.md"])
def test_other_pages_name_no_setting_that_is_not_there(name: str) -> None:
    assert set(SETTING.findall(page(name))) <= settings_in_code() | OF_SWITCHES


def commands() -> dict[str, set[str]]:
    """Every command with its long options."""
    found: dict[str, set[str]] = {}

    def walk(command: Any, path: str) -> None:
        if hasattr(command, "commands"):
            for name, inner in command.commands.items():
                walk(inner, f"{path} {name}".strip())
        else:
            found[path] = {option for param in command.params for option in param.opts if option.startswith("--")}

    walk(typer.main.get_command(build()), "")
    return found


def documented() -> dict[str, set[str]]:
    """Commands of the table in operate.md, with the options told there."""
    found: dict[str, set[str]] = {}
    for row in page("operate.md").splitlines():
        if row.startswith("| `./siaga "):
            cells = re.split(r"(?<!\\)\|", row.strip("|"))
            words = [word for word in cells[0].strip(" `").split()[1:] if re.fullmatch(r"[a-z]+(-[a-z]+)*", word)]
            found[" ".join(words)] = set(re.findall(r"`(--[a-z-]+)", cells[2]))
    return found


def test_the_table_of_commands_is_the_command_line() -> None:
    assert documented().keys() == commands().keys()


def test_options_told_are_options_there() -> None:
    there = commands()
    assert {name: told - there[name] for name, told in documented().items() if told - there[name]} == {}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_commands_used_anywhere_exist(file: Path) -> None:
    first_words = {name.split()[0] for name in commands()}
    used = re.findall(r"\./siaga (?:--home \S+ )?([a-z]+)", file.read_text("utf-8"))
    assert set(used) <= first_words


def test_every_metric_is_in_the_handbook() -> None:
    told = set(re.findall(r"\bsiaga_[a-z_]+", page("operate.md")))
    missing = [name for name in names.METRICS if not {name.replace(".", "_"), name.replace(".", "_") + "_total"} & told]
    assert missing == []


@dataclass(frozen=True, slots=True)
class Example:
    """A request of a page: its path, its body, and the answer printed below (empty = none)."""

    path: str
    body: str
    content_type: str
    answer: str

    @property
    def door(self) -> Door:
        return {door.path: door for door in doors.DOORS}[self.path.partition("?")[0]]


def examples() -> list[Example]:
    return [example for name in ("front-door.md", "positions.md", "channels.md") for example in examples_of(page(name))]


def examples_of(written: str) -> list[Example]:
    found = []
    blocks = FENCED.findall(written)
    for index, (language, text) in enumerate(blocks):
        # A request without a body asks for something, and tells nothing.
        if language != "sh" or "curl" not in text or " -d " not in text:
            continue
        words = shlex.split(text, comments=True)
        assigned = dict(word.split("=", 1) for word in words if re.match(r"[A-Z]+=", word))
        path = next(word.removeprefix("$URL") for word in words if word.startswith("$URL/"))
        body = words[words.index("-d") + 1]
        body = assigned.get(body.removeprefix("$"), body)
        told = [word.removeprefix("Content-Type: ") for word in words if word.startswith("Content-Type: ")]
        answer = blocks[index + 1][1] if index + 1 < len(blocks) and not blocks[index + 1][0] else ""
        found.append(Example(path, body, told[0] if told else "application/x-www-form-urlencoded", answer))
    return found


EXAMPLES = examples()
# Long after every example, whenever the tests run.
ARRIVED_MS = 4_000_000_000_000


@cache
def local_origin() -> Origin:
    """What a post with the local token and no header comes from."""
    centres = {code: centre(tenant) for code, tenant in load_tenants(ROOT / "tenants").items()}
    return Origin(centres["36.73"], ARRIVED_MS, ARRIVED_MS, b"secret of the test", open_to=centres)


def follower() -> Following:
    """What finds the conversation of a message, with nothing remembered from before."""

    async def keep(_: Sequence[CallEvent]) -> None:
        return

    return Following(MemoryFinder(), b"secret", lambda: local_origin().open_to, keep, lambda: ARRIVED_MS)


def taken(example: Example) -> list[doors.Taken]:
    """What intake's core makes of an example, sent with the local token."""
    origin = local_origin()
    door, beside = example.door, dict(parse_qsl(example.path.partition("?")[2]))
    value = bodies.decode(
        example.body.encode(), example.content_type, fields=door.takes_forms, written=door.written, beside=beside
    )
    payloads = doors.pieces(door, value if isinstance(value, list) else [value])
    said = asyncio.run(follower().resolve(door, [doors.read(door, payload, origin) for payload in payloads], origin))
    return [doors.settle(door, payload, each, origin) for payload, each in zip(payloads, said, strict=True)]


def test_there_is_an_example_for_every_door() -> None:
    assert {example.door.kind for example in EXAMPLES} == {
        *doors.SWITCH_DOORS, "events", "form", "app", "pidf_lo", "aml", "whatsapp", "sms", "lapor",
    }  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.path)
def test_an_example_is_taken_and_answered_as_printed(example: Example) -> None:
    results = taken(example)
    refusals = [each for each in results if isinstance(each, Refusal)]
    if '"status":4' in example.answer:
        assert len(refusals) == len(results)
        assert all(json.dumps(each.field) in example.answer and each.reason in example.answer for each in refusals)
        return
    assert refusals == []
    events = [event for each in results if isinstance(each, Accepted) for event in each.events]
    assert events
    if example.answer:
        # Ids are made from their cause, so the page can print those that every reader will see.
        printed = re.findall(r'"call_id":"([^"]+)"', example.answer)
        assert printed == [each.events[0].call_id for each in results if isinstance(each, Accepted)]
        event_ids = [
            word for found in re.findall(r'"event_ids":\[([^\]]*)\]', example.answer) for word in found.split(",")
        ]
        assert [word.strip('"…') for word in event_ids] == [event.event_id[:8] for event in events]


def test_the_form_of_the_example_is_the_form_of_the_examples_call() -> None:
    calls = {
        event.call_id
        for example in EXAMPLES
        if "1768461330.41" in example.body
        for each in taken(example)
        if isinstance(each, Accepted)
        for event in each.events
    }
    assert len(calls) == 1


def test_json_printed_in_the_pages_parses() -> None:
    for name in ("front-door.md", "grpc.md", "operate.md"):
        for language, text in FENCED.findall(page(name)):
            if not language and text.lstrip().startswith('{"') and "…" not in text:
                for value in re.split(r"\n(?=\{)", text.strip()):
                    json.loads(value.split("\nsiaga_")[0])


def test_python_printed_in_the_pages_compiles() -> None:
    printed = [
        text
        for name in ("grpc.md", "topics.md")
        for language, text in FENCED.findall(page(name))
        if language == "python"
    ]
    assert len(printed) >= 3
    for text in printed:
        compile(text, "handbook", "exec")


def test_limits_told_are_limits_held() -> None:
    told = page("front-door.md")
    for number in (
        bodies.MAX_BODY_BYTES,
        http.MAX_EVENTS,
        spool.MAX_EVENTS,
        rules.MAX_LENGTH["text"],
        rules.MAX_LENGTH["address"],
    ):
        assert f"{number:,}" in told, number
    assert f"Retry-After: {http.RETRY_AFTER_S}" in told
    assert f"{spool.MAX_BYTES // 1_000_000} MB" in told
