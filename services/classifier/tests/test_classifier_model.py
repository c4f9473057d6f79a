"""The table of weights: the same answers as the estimator it was made from, and made from the texts that are here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from siaga_classifier.adapters.model_files import read_table, shipped_table, write_table
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.core.vocabulary import TYPES
from siaga_classifier.core.words.model import WordModel
from siaga_classifier.core.words.text import words_of
from siaga_classifier.training.corpus import CorpusError, Example, Part, digest_of, part_of, read_corpus, training_files
from siaga_classifier.training.fit import Lesson, Training, train

ROOT = Path(__file__).resolve().parents[3]
PACK = load_pack()


def sample() -> list[Example]:
    """A few texts of each type; what is learnt from them matters less than that it is served as it was learnt."""
    by_type: dict[str, list[Example]] = {}
    for example in read_corpus(ROOT):
        held = by_type.setdefault(example.type, [])
        if len(held) < 6:
            held.append(replace(example, part=Part.CALIBRATE if len(held) == 5 else Part.TRAIN))
    return [example for held in by_type.values() for example in held]


@pytest.fixture(scope="module")
def training() -> Training:
    return train([Lesson(example) for example in sample()], PACK.lexicon, version="test", digest="d")


def chances(raw: Any) -> Any:
    """What an estimator's scores amount to: of two answers and of many."""
    raw = np.stack([np.zeros_like(raw), raw], axis=1) if raw.ndim == 1 else raw
    shares = np.exp(raw - raw.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def test_the_table_answers_as_the_estimators_do(training: Training, tmp_path: Path) -> None:
    path = tmp_path / "words.npz"
    write_table(training.table, path)
    model = WordModel(read_table(path.read_bytes()), PACK.lexicon)
    texts = [example.text for example in sample()]
    matrix = training.vocabulary.matrix(texts, PACK.lexicon)
    for fitted in training.fitted:
        expected = chances(fitted.estimator.decision_function(matrix))
        for text, row in zip(texts, expected, strict=True):
            answers = model.scores(words_of(text, PACK.lexicon)).answers[fitted.head.name]
            right = row[-len(fitted.head.labels) :]
            assert list(answers.values()) == pytest.approx(right.tolist(), abs=1e-3)


def test_the_same_texts_give_the_same_bytes(training: Training, tmp_path: Path) -> None:
    again = train([Lesson(example) for example in sample()], PACK.lexicon, version="test", digest="d")
    for name, each in (("one", training), ("two", again)):
        write_table(each.table, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_shipped_table_is_of_these_texts() -> None:
    assert shipped_table().digest == digest_of(training_files(ROOT)), "run `./siaga model train`"


def test_the_shipped_table_knows_every_type_and_is_small() -> None:
    table = shipped_table()
    assert set(table.heads[0].labels) == set(TYPES)
    assert np.isfinite(table.weights).all()
    assert (ROOT / "services/classifier/src/siaga_classifier/data/words.npz").stat().st_size <= 5_000_000


def test_what_spoke_for_an_answer_is_named() -> None:
    model = WordModel(shipped_table(), PACK.lexicon)
    words = words_of("omahku kobong", PACK.lexicon)
    said = [one.said for one in model.strongest(words, "type", "fire_building", 3)]
    assert "kobong" in said
    everything = model.contributions(words, "type", "fire_building")
    assert {one.said for one in everything} >= set(said)


def test_a_family_is_in_one_part_only() -> None:
    parts: dict[str, set[Part]] = {}
    for example in read_corpus(ROOT):
        parts.setdefault(example.family, set()).add(example.part)
    assert all(len(found) == 1 for found in parts.values())
    assert {part_of(f"family-{number}") for number in range(200)} == {Part.TRAIN, Part.CALIBRATE, Part.TEST}


def test_enough_texts_of_every_type_are_learnt_and_tested() -> None:
    examples = [example for example in read_corpus(ROOT) if example.part is not Part.BLIND]
    assert len(examples) >= 3_000
    for kind in TYPES:
        parts = {example.part for example in examples if example.type == kind}
        assert {Part.TRAIN, Part.TEST} <= parts, kind


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a\tplain\tnote\tid\tkebakaran\t\tP1\tdispatch\tapi", "2: no such type: 'kebakaran'"),
        ("a\tplain\tnote\tid\tanimal\t\tP9\tdispatch\tapi", "2: 'P9'"),
        ("a\tplain\tnote\tid\tanimal", "2: "),
    ],
)
def test_a_wrong_label_is_refused_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    folder = tmp_path / "data/utterances"
    folder.mkdir(parents=True)
    head = "family\tkind\tregister\tregion\ttype\talt\tpriority\tadvice\ttext"
    (folder / "x.tsv").write_text(f"{head}\n{line}\n", "utf-8")
    with pytest.raises(CorpusError, match=told):
        read_corpus(tmp_path)


def test_without_texts_nothing_is_trained(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no labelled texts"):
        read_corpus(tmp_path)
