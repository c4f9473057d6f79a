"""`model classify` and `model explain`: what goes in, what comes out, and lines that are none."""

import json
from pathlib import Path

import pytest
from siaga_cli.main import build
from siaga_kit.embedded.errors import StackError
from typer.testing import CliRunner, Result

FIRE = {
    "id": "a1",
    "text": "tolong rumah saya kebakaran di Kelurahan Banjarsari Kecamatan Cipocok Jaya",
    "channel": "whatsapp",
}


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(build("model"), ["model", *arguments], input=stdin)


def lines(*values: object) -> str:
    return "".join((value if isinstance(value, str) else json.dumps(value)) + "\n" for value in values)


def results(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_text_is_classified() -> None:
    result = run("classify", "-", "--json", stdin=lines(FIRE))
    (told,) = results(result)
    assert result.exit_code == 0
    assert (told["id"], told["type"], told["priority"], told["advice"]) == ("a1", "fire_building", "P1", "dispatch")
    assert isinstance(told["agencies"], list)
    assert "damkar" in told["agencies"]
    assert told["place"] is None
    assert {"confidence", "reasons", "alternatives", "confidential"} <= told.keys()


def test_a_tenant_places_it() -> None:
    (told,) = results(run("classify", "-", "--json", "--tenant", "36.73", stdin=lines(FIRE)))
    assert isinstance(told["place"], dict)
    assert told["place"]["code"].startswith("36.73")


def test_another_centres_call_is_for_a_person_to_hand_over() -> None:
    line = {"id": "a1", "text": "tolong pak rumah kebakaran di Cilegon, api besar", "channel": "whatsapp"}
    (told,) = results(run("classify", "-", "--json", "--tenant", "36.73", stdin=lines(line)))
    assert isinstance(told["place"], dict)
    assert told["place"]["misdirected_to"] == {"code": "36.72", "name": "Kota Cilegon"}
    assert (told["type"], told["advice"]) == ("fire_building", "review")
    assert isinstance(told["reasons"], list)
    assert {"rule": "place.misdirected_to", "detail": "36.72 Kota Cilegon", "weight": 0.75} in told["reasons"]


def test_bad_lines_are_told_and_nothing_beside_them_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    bad = ("{", '["x"]', {"text": "api"}, {"id": 1}, {"id": True, "text": "x"}, {"id": 2, "text": 3})
    file.write_text(lines(FIRE, *bad, "", {"id": 7, "text": ""}), "utf-8")
    result = run("classify", str(file), "--json")
    assert result.exit_code == 1
    assert [told["id"] for told in results(result)] == ["a1", 7]
    assert results(result)[1]["advice"] == "review"
    for number in range(2, 8):
        assert f"{file}:{number}: " in result.stderr
    assert "6 lines could not be read" in result.stderr


def test_a_long_file_keeps_its_order_and_its_faults() -> None:
    many = [{"id": number, "text": f"rumah nomor {number} kebakaran"} for number in range(1_300)]
    result = run("classify", "-", "--json", stdin=lines(*many[:900], "{", *many[900:]))
    assert [told["id"] for told in results(result)] == list(range(1_300))
    assert result.exit_code == 1
    assert "-:901: no JSON" in result.stderr


def test_people_get_a_table() -> None:
    result = run("classify", "-", stdin=lines(FIRE))
    assert "fire_building" in result.stdout
    assert "dispatch" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["classify", "/no/such/file"], "/no/such/file: No such file"),
        (["classify", "-", "--tenant", "99.99"], "--tenant 99.99: no such tenant; there are"),
    ],
)
def test_what_is_not_there_is_told(arguments: list[str], told: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, StackError)
    assert told in str(result.exception)


def test_a_text_is_explained() -> None:
    said = run("explain", "omahku kobong").stdout
    for part in ("words", "rules", "model", "together", "fire_building", "kobong"):
        assert part in said
