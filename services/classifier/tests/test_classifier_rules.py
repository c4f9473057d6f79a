"""The rule pack against labelled texts, and the making of packs."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_classifier.adapters.rule_files import load_pack, national_rules
from siaga_classifier.core.vocabulary import TYPES, Priority
from siaga_classifier.core.words.rule_shape import RuleError
from siaga_classifier.core.words.rulebook import compile_pack
from siaga_classifier.core.words.rules import Reading, most_serious, read
from siaga_classifier.core.words.text import MAX_TEXT_CHARS

PACK = load_pack()
with (Path(__file__).parent / "data" / "rule_cases.tsv").open(encoding="utf-8", newline="") as file:
    CASES = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_labelled_text(case: dict[str, str]) -> None:
    reading = read(case["text"], PACK)
    assert reading.type in case["types"].split(",")
    assert reading.confidential == (case["confidential"] == "yes")
    if case["kind"] == "over":
        assert reading.priority == Priority[case["priority"]]
    elif case["priority"] != "-":
        assert reading.priority <= Priority[case["priority"]]
    if reading.type != "unclear":
        assert reading.reasons


def test_there_are_enough_cases_of_every_kind() -> None:
    kinds = Counter(case["kind"] for case in CASES)
    assert len(CASES) >= 150
    assert {"negated", "over", "past", "drill", "metaphor", "fiction", "calm", "curhat", "hint", "swearing"} <= set(
        kinds
    )


def test_every_type_has_phrases_and_the_pack_is_large_enough() -> None:
    assert set(national_rules()["types"]) == set(TYPES)
    assert len(PACK.phrases) >= 250


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text, PACK)
    assert reading.type in TYPES
    assert 0 <= reading.confidence <= 1


def test_a_paste_is_cut_and_read_by_its_head() -> None:
    assert read("kebakaran rumah " + "x" * MAX_TEXT_CHARS * 3, PACK).type == "fire_building"


def test_the_words_that_fired_are_named() -> None:
    reasons = read("tolong, rumah saya kebakaran", PACK).reasons
    assert any(reason.rule == "type.fire_building" and "rumah saya" in reason.detail for reason in reasons)


def test_a_denied_word_is_named_as_denied() -> None:
    reading = read("bukan ular, selang air", PACK)
    assert (reading.guard, reading.alternatives) == ("denied", ("animal",))
    assert any(reason.rule == "type.animal.denied" for reason in reading.reasons)


@given(st.lists(st.sampled_from([case["text"] for case in CASES]), min_size=1, max_size=4), st.data())
def test_several_texts_count_alike_in_any_order_and_never_lower_one_another(
    texts: list[str], data: st.DataObject
) -> None:
    readings = [read(text, PACK) for text in texts]
    together = most_serious(readings)
    assert together == most_serious(data.draw(st.permutations(readings)))
    for reading in readings:
        assert together.strong or not reading.strong
        assert together.confidential or not reading.confidential
        if reading.strong:
            assert together.priority <= reading.priority


def test_no_text_says_nothing() -> None:
    assert most_serious([]) == Reading()


def test_a_tenant_adds_words_and_changes_priorities() -> None:
    overlay = {
        "slang": {"kebakaran": ["kobar kobaran", "murub"]},
        "types": {"animal": {"priority": "P2", "strong": ["tapir masuk kampung"]}},
    }
    pack = load_pack([overlay])
    assert read("tapir masuk kampung", pack).priority == Priority.P2
    assert read("tapir masuk kampung", PACK).type == "unclear"
    assert read("omah murub", pack).type == "fire_building"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"types": {"kebakaran": {"strong": ["x"]}}}, "types.kebakaran: no such type"),
        ({"types": {"animal": {"priority": "P9"}}}, "types.animal.priority: 'P9' is no priority"),
        ({"types": {"animal": {"strong": ["ular !merah"]}}}, r"types.animal.strong\[0\]: 'merah' is no priority"),
        ({"types": {"animal": {"usual": ["ok", "ular {a|b"]}}}, r"types.animal.usual\[1\]: .* unpaired brace"),
        ({"types": {"animal": {"usual": ["{ular .. besar|kobra}"]}}}, "gap inside braces"),
        ({"types": {"animal": {"usual": ["ular .. "]}}}, "has no word"),
        ({"types": {"animal": {"usual": ["{a|b|c|d|e|f|g|h|i|j} " * 4]}}}, "split it"),
        ({"raisers": [{"name": "x", "any": ["y"]}]}, r"raisers\[0\]: needs name, priority and any"),
        ({"tipes": {"animal": {"strong": ["x"]}}}, "tipes: no such section; did you mean 'types'"),
        ({"types": {"animal": {"stong": ["x"]}}}, "types.animal.stong: no such name; did you mean 'strong'"),
        ({"types": {"animal": {"strong": "ular"}}}, "types.animal.strong: must be a list"),
        ({"types": {"animal": {"strong": ["ular", 112]}}}, r"types.animal.strong\[1\]: must be a text"),
        ({"types": ["animal"]}, "types: must be a mapping"),
        ({"types": {"animal": None}}, "types.animal: must be a mapping"),
        ({"guards": {"ovr": ["x"]}}, "guards.ovr: no such name; did you mean 'over'"),
        ({"negation": {"far": ["x"]}}, "negation.far: no such name"),
        ({"raisers": {"name": "x"}}, "raisers: must be a list"),
        ({"raisers": [{"name": "x", "priority": "P1", "all": ["y"]}]}, r"raisers\[0\].all: no such name"),
        ({"slang": {"buaya": "boaya"}}, "slang.buaya: must be a list"),
        ({"ignore": [{"x": "y"}]}, r"ignore\[0\]: must be a text"),
        ({"slang": {"tidak": ["gak"], "iya": ["gak"]}}, "slang.iya: 'gak' already means 'tidak'"),
    ],
)
def test_a_faulty_pack_is_refused_with_its_place(document: dict[str, Any], told: str) -> None:
    with pytest.raises(RuleError, match=told):
        compile_pack([document])
